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
  /// Persistent, and nothing else.
  message_properties() noexcept {}

  std::string content_type;      ///< such as "application/json"; brokers do not look at it
  std::string content_encoding;  ///< such as "gzip"
  table headers;                 ///< the application's own; brokers look at some that begin with x-
  bool persistent = true;        ///< delivery mode 2: a durable queue keeps it on disk
  std::optional<std::uint8_t> priority;                 ///< for queues with x-max-priority
  std::string correlation_id;                           ///< of a reply: which request it answers
  std::string reply_to;                                 ///< of a request: the queue for replies
  std::optional<std::chrono::milliseconds> expiration;  ///< how long it may wait in a queue
  std::string message_id;  ///< the publisher's name for it; deduplication goes by it
  std::optional<std::chrono::sys_seconds> timestamp;  ///< when it was made, says the publisher
  std::string type;     ///< what kind of message it is, such as "OrderPlaced"
  std::string user_id;  ///< the broker refuses any but the connection's own
  std::string app_id;   ///< the program that made it

  /// Whether all are equal.
  friend bool operator==(const message_properties&, const message_properties&) = default;
};

/// What is published: where to, properties, body.
struct message {
  /// Empty, for the default exchange.
  message() noexcept {}
  /// For the default exchange, which routes to the queue that is named like the routing key.
  message(std::string to_queue, std::string content)
      : routing_key(std::move(to_queue)), body(std::move(content)) {}
  /// For any exchange, with a routing key.
  message(std::string to_exchange, std::string key, std::string content,
          message_properties with = {})
      : exchange(std::move(to_exchange)),
        routing_key(std::move(key)),
        body(std::move(content)),
        properties(std::move(with)) {}

  std::string exchange;           ///< empty: the default exchange
  std::string routing_key;        ///< for the default exchange the name of the queue
  std::string body;               ///< any bytes
  message_properties properties;  ///< persistent unless said otherwise
};

}  // namespace ternmq
