// Expiration: the property `expiration`, milliseconds as decimal digits. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"

namespace tern::amqp {

struct Expiration {
  std::uint64_t ttl_ms = 0;
  std::string fault;  ///< in RabbitMQ's words for a channel error 406; empty: none
};

/// 0 to ten years, as RabbitMQ; a plus sign in front will do.
[[nodiscard]] Expiration parse_expiration(Bytes text);

}  // namespace tern::amqp
