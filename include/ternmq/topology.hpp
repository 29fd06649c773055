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

struct exchange {
  explicit exchange(std::string with_name, std::string of_type = "direct", table with = {})
      : name(std::move(with_name)), type(std::move(of_type)), arguments(std::move(with)) {}

  std::string name;
  std::string type;
  bool durable = true;
  bool auto_delete = false;
  bool internal = false;
  bool passive = false;  ///< only check that it is there
  table arguments;
};

struct queue {
  /// Without a name, the broker makes one, another one after each recovery; consumers of the old
  /// name follow. declare() tells the name.
  explicit queue(std::string with_name = {}, table with = {})
      : name(std::move(with_name)), arguments(std::move(with)) {}

  std::string name;
  bool durable = true;
  bool exclusive = false;
  bool auto_delete = false;
  bool passive = false;  ///< only check that it is there
  table arguments;
};

/// From an exchange to a queue.
struct binding {
  binding(std::string from, std::string to, std::string key, table with = {})
      : exchange(std::move(from)),
        queue(std::move(to)),
        routing_key(std::move(key)),
        arguments(std::move(with)) {}

  std::string exchange;
  std::string queue;  ///< empty: the queue of the same topology that has no name
  std::string routing_key;
  table arguments;
};

/// From an exchange to another.
struct exchange_binding {
  exchange_binding(std::string from, std::string to, std::string key, table with = {})
      : source(std::move(from)),
        destination(std::move(to)),
        routing_key(std::move(key)),
        arguments(std::move(with)) {}

  std::string source;
  std::string destination;
  std::string routing_key;
  table arguments;
};

struct topology {
  topology() noexcept {}

  topology& add(ternmq::exchange what) {
    exchanges.push_back(std::move(what));
    return *this;
  }
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
  topology& bind(std::string from, std::string to_queue, std::string key, table arguments = {}) {
    bindings.emplace_back(std::move(from), std::move(to_queue), std::move(key),
                          std::move(arguments));
    return *this;
  }
  topology& bind_exchange(std::string from, std::string to_exchange, std::string key,
                          table arguments = {}) {
    exchange_bindings.emplace_back(std::move(from), std::move(to_exchange), std::move(key),
                                   std::move(arguments));
    return *this;
  }

  std::vector<ternmq::exchange> exchanges;
  std::vector<ternmq::queue> queues;
  std::vector<ternmq::binding> bindings;
  std::vector<ternmq::exchange_binding> exchange_bindings;
};

/// What the broker says of a queue.
struct queue_status {
  std::string name;
  std::uint32_t messages = 0;  ///< ready ones, when it was asked
  std::uint32_t consumers = 0;
};

}  // namespace ternmq
