// Protocol errors: thrown by command handlers, caught in exactly one place per session, which sends
// channel.close or connection.close. Decoders return Results instead.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "amqp/reply_codes.hpp"
#include "base/ensure.hpp"

namespace tern::amqp {

/// Which method an error is about; 0, 0 when about none.
struct MethodId {
  std::uint16_t class_id = 0;
  std::uint16_t method_id = 0;

  friend bool operator==(const MethodId&, const MethodId&) = default;
  /// Both in one number, for switches and maps.
  [[nodiscard]] constexpr std::uint32_t key() const noexcept {
    return static_cast<std::uint32_t>(class_id) << 16 | method_id;
  }
};

/// "NOT_FOUND - no queue 'x' in vhost '/'", cut to what a short string holds as RabbitMQ cuts it:
/// 252 octets and "...".
[[nodiscard]] inline std::string reply_text(ReplyCode code, std::string_view explanation) {
  std::string text(info_of(code).name);
  text += " - ";
  text += explanation;
  if (text.size() > 255) {
    text.resize(252);
    text += "...";
  }
  return text;
}

class ProtocolError : public std::runtime_error {
 public:
  /// `explanation` is the text after "NAME - ".
  ProtocolError(ReplyCode reply_code, std::string_view explanation, MethodId about)
      : std::runtime_error(reply_text(reply_code, explanation)), code(reply_code), method(about) {}

  /// The whole reply text, at most 255 octets.
  [[nodiscard]] std::string_view text() const noexcept { return what(); }

  ReplyCode code;
  MethodId method;
};

/// Ends the channel. The code must be one of channel scope.
class ChannelError : public ProtocolError {
 public:
  ChannelError(ReplyCode reply_code, std::string_view explanation, MethodId about)
      : ProtocolError(reply_code, explanation, about) {
    ensure(info_of(reply_code).scope == ErrorScope::channel, "code ends the whole connection");
  }
};

/// Ends the connection. Any code: a login is refused with 403, too.
class ConnectionError : public ProtocolError {
 public:
  ConnectionError(ReplyCode reply_code, std::string_view explanation, MethodId about = {})
      : ProtocolError(reply_code, explanation, about) {}
};

}  // namespace tern::amqp
