#include "ternmq/error.hpp"

#include "amqp/reply_codes.hpp"

namespace ternmq {
namespace {

const char* text_of(errc code) noexcept {
  switch (code) {
    case errc::timed_out:
      return "the operation timed out";
    case errc::connection_lost:
      return "the connection was lost";
    case errc::connection_closed:
      return "the connection is closed";
    case errc::nacked:
      return "the broker refused the message";
    case errc::returned:
      return "no queue took the message";
    case errc::outcome_unknown:
      return "the connection broke before the message was confirmed";
    case errc::consumer_cancelled:
      return "the consumer has ended";
    case errc::already_settled:
      return "the delivery has been settled before";
    case errc::delivery_expired:
      return "the delivery's connection is gone";
    case errc::protocol_violation:
      return "the broker broke the protocol";
    case errc::heartbeat_missed:
      return "no heartbeat from the broker";
    case errc::authentication_refused:
      return "the broker refused the login";
    case errc::invalid_url:
      return "not an AMQP URL";
    case errc::invalid_argument:
      return "AMQP cannot carry this value";
    case errc::no_reply:
      return "nobody serves this call";
    default:
      return nullptr;
  }
}

// Boost's base class has no virtual destructor on purpose: it stays a literal type.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class Category final : public boost::system::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "ternmq"; }
  [[nodiscard]] std::string message(int value) const override {
    if (const char* text = text_of(static_cast<errc>(value))) return text;
    for (const auto& info : tern::amqp::reply_codes)
      if (static_cast<int>(info.code) == value) return std::string(info.name);
    return "reply code " + std::to_string(value);
  }
};
#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& error_category() noexcept {
  static const Category category;
  return category;
}

error_code make_error_code(errc code) noexcept {
  return {static_cast<int>(code), error_category()};
}

std::string error_info::message() const {
  return text.empty() ? code.message() : text;
}

}  // namespace ternmq
