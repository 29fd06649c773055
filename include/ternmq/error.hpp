// Errors of the client: an error_code with a category, and what the broker said in its own words.
//
// Every operation completes with an error_code. Codes above 300 are AMQP reply codes, sent by the
// broker; those below are the client's own. The text that the broker sent along is in an
// error_info, which any operation fills if asked to (operation_options::info).
#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>
#include <cstdint>
#include <string>

namespace ternmq {

using boost::system::error_code;

enum class errc {
  timed_out = 1,           ///< the operation's time was up; what was asked may still happen
  connection_lost,         ///< the connection broke, and recovery is off or has given up
  connection_closed,       ///< closed by this side, or never opened
  nacked,                  ///< the broker refused the message (basic.nack)
  returned,                ///< a mandatory message that no queue took (basic.return)
  outcome_unknown,         ///< published, but the connection broke before the broker answered
  consumer_cancelled,      ///< by cancel() or drain(), or by the broker: its queue is gone
  already_settled,         ///< this delivery has been acknowledged or rejected before
  delivery_expired,        ///< its connection is gone; the broker delivers the message again
  protocol_violation,      ///< the broker sent what AMQP 0-9-1 does not allow
  heartbeat_missed,        ///< nothing came from the broker for two heartbeat intervals
  authentication_refused,  ///< user, password or mechanism
  invalid_url,             ///< not an amqp:// or amqps:// URL
  invalid_argument,        ///< a name over 255 octets, a table that cannot be encoded
  no_reply,                ///< a call that nobody serves: the request was returned

  content_too_large = 311,
  no_route = 312,
  no_consumers = 313,
  connection_forced = 320,
  invalid_path = 402,
  access_refused = 403,
  not_found = 404,
  resource_locked = 405,
  precondition_failed = 406,
  frame_error = 501,
  syntax_error = 502,
  command_invalid = 503,
  channel_error = 504,
  unexpected_frame = 505,
  resource_error = 506,
  not_allowed = 530,
  not_implemented = 540,
  internal_error = 541,
};

/// The category of errc, named "ternmq".
[[nodiscard]] const boost::system::error_category& error_category() noexcept;
[[nodiscard]] error_code make_error_code(errc code) noexcept;

/// An error with the broker's words.
struct error_info {
  error_code code;              ///< what went wrong, or nothing
  std::string text{};           ///< "NOT_FOUND - no queue 'x' in vhost '/'"; may be empty
  std::uint16_t class_id = 0;   ///< of the method that the broker complains about, or 0
  std::uint16_t method_id = 0;  ///< with class_id

  /// Whether there is an error.
  explicit operator bool() const noexcept { return code.failed(); }
  /// The broker's words, or the category's if it sent none.
  [[nodiscard]] std::string message() const;
};

/// What the blocking facade throws: what() has the broker's words.
class failure : public boost::system::system_error {
 public:
  /// With the broker's words, if there are any.
  explicit failure(const error_info& info) : system_error(info.code, info.text), text_(info.text) {}
  /// What the broker said; may be empty.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

}  // namespace ternmq

/// @cond the library's own
template <>
struct boost::system::is_error_code_enum<ternmq::errc> : std::true_type {};
/// @endcond
