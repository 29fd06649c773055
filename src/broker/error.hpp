// BrokerError: why the broker refused something, in RabbitMQ's words and independent of protocol.
// A front-end maps the kind to its own code (AMQP: reply_codes.hpp, HTTP: a status).
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "base/result.hpp"

namespace tern::broker {

enum class ErrorKind : std::uint8_t {
  not_found,            // 404
  access_refused,       // 403
  resource_locked,      // 405
  precondition_failed,  // 406
  command_invalid,      // 503
  not_allowed,          // 530
  not_implemented,      // 540
  internal_error,       // 541
};

/// `text` is RabbitMQ's text without the prefix (`NOT_FOUND - `): clients match on it.
struct BrokerError {
  ErrorKind kind = ErrorKind::internal_error;
  std::string text;
};

/// What was asked for can never be right: precondition-failed.
[[nodiscard]] inline BrokerError invalid(std::string text) {
  return {ErrorKind::precondition_failed, std::move(text)};
}

template <class T>
using Outcome = Result<T, BrokerError>;

[[noreturn]] inline void throw_exception_from_error(const BrokerError& error,
                                                    const boost::source_location&) {
  throw std::runtime_error(error.text);
}

}  // namespace tern::broker
