// What a publisher sends: where to, properties, body.
//
//   ternmq::message order("orders", "order.placed", json);
//   order.properties.content_type = "application/json";
//   order.properties.message_id = id;
//
// These types have constructors on purpose, although plain aggregates would do: g++ 12 destroys
// aggregates twice that are written in braces inside a co_await expression.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "ternmq/table.hpp"

namespace ternmq {

/// The properties of AMQP 0-9-1. An empty string is a property that is not there; strings have at
/// most 255 octets.
struct message_properties {
  message_properties() noexcept {}

  std::string content_type;
  std::string content_encoding;
  table headers;
  bool persistent = true;  ///< delivery mode 2: a durable queue keeps it on disk
  std::optional<std::uint8_t> priority;
  std::string correlation_id;
  std::string reply_to;
  std::optional<std::chrono::milliseconds> expiration;
  std::string message_id;
  std::optional<std::chrono::sys_seconds> timestamp;
  std::string type;
  std::string user_id;  ///< the broker refuses any but the connection's own
  std::string app_id;

  friend bool operator==(const message_properties&, const message_properties&) = default;
};

struct message {
  message() noexcept {}
  /// For the default exchange, which routes to the queue that is named like the routing key.
  message(std::string to_queue, std::string content)
      : routing_key(std::move(to_queue)), body(std::move(content)) {}
  message(std::string to_exchange, std::string key, std::string content,
          message_properties with = {})
      : exchange(std::move(to_exchange)),
        routing_key(std::move(key)),
        body(std::move(content)),
        properties(std::move(with)) {}

  std::string exchange;
  std::string routing_key;
  std::string body;
  message_properties properties;
};

}  // namespace ternmq
