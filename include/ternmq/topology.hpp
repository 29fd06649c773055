// What a program needs of the broker, in one object: exchanges, queues and bindings. It is declared
// at once (connection::declare) and declared again whenever the connection recovers.
//
//   ternmq::topology orders;
//   orders.add_exchange("orders", "topic")
//       .add_queue("invoices", {{"x-queue-type", "quorum"}})
//       .bind("orders", "invoices", "order.*");
//   co_await connection.declare(orders);
//
// Do not write the braces inside the co_await expression: g++ 12 does not compile that.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ternmq/table.hpp"

namespace ternmq {

/// An exchange to be declared.
struct exchange {
  /// Durable, and direct unless it says otherwise.
  explicit exchange(std::string with_name, std::string of_type = "direct", table with = {})
      : name(std::move(with_name)), type(std::move(of_type)), arguments(std::move(with)) {}

  std::string name;          ///< up to 255 octets
  std::string type;          ///< direct, fanout, topic, headers, or one that the broker adds
  bool durable = true;       ///< it survives a restart of the broker
  bool auto_delete = false;  ///< it ends with the last one that uses it
  bool internal = false;     ///< no client may publish to it
  bool passive = false;      ///< only check that it is there
  table arguments;           ///< further properties, such as x-message-ttl
};

/// A queue to be declared.
struct queue {
  /// Without a name, the broker makes one, another one after each recovery; consumers of the old
  /// name follow. declare() tells the name.
  explicit queue(std::string with_name = {}, table with = {})
      : name(std::move(with_name)), arguments(std::move(with)) {}

  std::string name;          ///< up to 255 octets
  bool durable = true;       ///< it survives a restart of the broker
  bool exclusive = false;    ///< for this connection only, and gone with it
  bool auto_delete = false;  ///< it ends with the last one that uses it
  bool passive = false;      ///< only check that it is there
  table arguments;           ///< further properties, such as x-message-ttl
};

/// From an exchange to a queue.
struct binding {
  /// Messages with that key, or a key that matches the pattern, go there.
  binding(std::string from, std::string to, std::string key, table with = {})
      : exchange(std::move(from)),
        queue(std::move(to)),
        routing_key(std::move(key)),
        arguments(std::move(with)) {}

  std::string exchange;     ///< where messages come from
  std::string queue;        ///< empty: the queue of the same topology that has no name
  std::string routing_key;  ///< or a pattern, as the type of the exchange has it
  table arguments;          ///< further properties, such as x-message-ttl
};

/// From an exchange to another.
struct exchange_binding {
  /// As of queues.
  exchange_binding(std::string from, std::string to, std::string key, table with = {})
      : source(std::move(from)),
        destination(std::move(to)),
        routing_key(std::move(key)),
        arguments(std::move(with)) {}

  std::string source;       ///< where messages come from
  std::string destination;  ///< where they go to
  std::string routing_key;  ///< or a pattern, as the type of the exchange has it
  table arguments;          ///< further properties, such as x-message-ttl
};

/// Exchanges, queues and bindings, declared together and in this order.
struct topology {
  /// Empty.
  topology() noexcept {}

  /// Any exchange.
  topology& add(ternmq::exchange what) {
    exchanges.push_back(std::move(what));
    return *this;
  }
  /// Any queue.
  topology& add(ternmq::queue what) {
    queues.push_back(std::move(what));
    return *this;
  }
  /// A durable exchange.
  topology& add_exchange(std::string name, std::string type, table arguments = {}) {
    return add(ternmq::exchange(std::move(name), std::move(type), std::move(arguments)));
  }
  /// A durable queue.
  topology& add_queue(std::string name, table arguments = {}) {
    return add(ternmq::queue(std::move(name), std::move(arguments)));
  }
  /// A queue for this connection alone, gone with it; the broker makes its name.
  topology& add_temporary_queue(table arguments = {}) {
    ternmq::queue own({}, std::move(arguments));
    own.durable = false;
    own.exclusive = true;
    return add(std::move(own));
  }
  /// From an exchange to a queue; an empty name is the queue of this topology without a name.
  topology& bind(std::string from, std::string to_queue, std::string key, table arguments = {}) {
    bindings.emplace_back(std::move(from), std::move(to_queue), std::move(key),
                          std::move(arguments));
    return *this;
  }
  /// From an exchange to another.
  topology& bind_exchange(std::string from, std::string to_exchange, std::string key,
                          table arguments = {}) {
    exchange_bindings.emplace_back(std::move(from), std::move(to_exchange), std::move(key),
                                   std::move(arguments));
    return *this;
  }

  std::vector<ternmq::exchange> exchanges;                  ///< declared first
  std::vector<ternmq::queue> queues;                        ///< declared next
  std::vector<ternmq::binding> bindings;                    ///< made when all of these are there
  std::vector<ternmq::exchange_binding> exchange_bindings;  ///< the same
};

/// What the broker says of a queue.
struct queue_status {
  std::string name;             ///< up to 255 octets
  std::uint32_t messages = 0;   ///< ready ones, when it was asked
  std::uint32_t consumers = 0;  ///< when it was asked
};

}  // namespace ternmq
