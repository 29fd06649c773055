// Methods of the classes exchange and queue.
// Part of the table of methods (methods.hpp); the form of an entry is explained in
// method_fields.hpp.
#pragma once

#include "amqp/method_fields.hpp"

namespace tern::amqp {

struct ExchangeDeclare {
  std::uint16_t reserved_1 = 0;
  std::string_view exchange{};
  std::string_view type{};
  bool passive = false;
  bool durable = false;
  bool auto_delete = false;
  bool internal = false;
  bool no_wait = false;
  TableEntries arguments{};

  static constexpr MethodInfo info{{40, 10}, "exchange.declare"};
  static constexpr auto fields(auto& m) {
    return std::tie(m.reserved_1, m.exchange, m.type, m.passive, m.durable, m.auto_delete,
                    m.internal, m.no_wait, m.arguments);
  }
};

struct ExchangeDeclareOk {
  static constexpr MethodInfo info{{40, 11}, "exchange.declare-ok"};
  static constexpr auto fields(auto&) { return std::tie(); }
};

struct ExchangeDelete {
  std::uint16_t reserved_1 = 0;
  std::string_view exchange{};
  bool if_unused = false;
  bool no_wait = false;

  static constexpr MethodInfo info{{40, 20}, "exchange.delete"};
  static constexpr auto fields(auto& m) {
    return std::tie(m.reserved_1, m.exchange, m.if_unused, m.no_wait);
  }
};

struct ExchangeDeleteOk {
  static constexpr MethodInfo info{{40, 21}, "exchange.delete-ok"};
  static constexpr auto fields(auto&) { return std::tie(); }
};

struct ExchangeBind {
  std::uint16_t reserved_1 = 0;
  std::string_view destination{};
  std::string_view source{};
  std::string_view routing_key{};
  bool no_wait = false;
  TableEntries arguments{};

  static constexpr MethodInfo info{{40, 30}, "exchange.bind"};
  static constexpr auto fields(auto& m) {
    return std::tie(m.reserved_1, m.destination, m.source, m.routing_key, m.no_wait, m.arguments);
  }
};

struct ExchangeBindOk {
  static constexpr MethodInfo info{{40, 31}, "exchange.bind-ok"};
  static constexpr auto fields(auto&) { return std::tie(); }
};

struct ExchangeUnbind {
  std::uint16_t reserved_1 = 0;
  std::string_view destination{};
  std::string_view source{};
  std::string_view routing_key{};
  bool no_wait = false;
  TableEntries arguments{};

  static constexpr MethodInfo info{{40, 40}, "exchange.unbind"};
  static constexpr auto fields(auto& m) {
    return std::tie(m.reserved_1, m.destination, m.source, m.routing_key, m.no_wait, m.arguments);
  }
};

struct ExchangeUnbindOk {
  static constexpr MethodInfo info{{40, 51}, "exchange.unbind-ok"};
  static constexpr auto fields(auto&) { return std::tie(); }
};

struct QueueDeclare {
  std::uint16_t reserved_1 = 0;
  std::string_view queue{};
  bool passive = false;
  bool durable = false;
  bool exclusive = false;
  bool auto_delete = false;
  bool no_wait = false;
  TableEntries arguments{};

  static constexpr MethodInfo info{{50, 10}, "queue.declare"};
  static constexpr auto fields(auto& m) {
    return std::tie(m.reserved_1, m.queue, m.passive, m.durable, m.exclusive, m.auto_delete,
                    m.no_wait, m.arguments);
  }
};

struct QueueDeclareOk {
  std::string_view queue{};
  std::uint32_t message_count = 0;
  std::uint32_t consumer_count = 0;

  static constexpr MethodInfo info{{50, 11}, "queue.declare-ok"};
  static constexpr auto fields(auto& m) {
    return std::tie(m.queue, m.message_count, m.consumer_count);
  }
};

struct QueueBind {
  std::uint16_t reserved_1 = 0;
  std::string_view queue{};
  std::string_view exchange{};
  std::string_view routing_key{};
  bool no_wait = false;
  TableEntries arguments{};

  static constexpr MethodInfo info{{50, 20}, "queue.bind"};
  static constexpr auto fields(auto& m) {
    return std::tie(m.reserved_1, m.queue, m.exchange, m.routing_key, m.no_wait, m.arguments);
  }
};

struct QueueBindOk {
  static constexpr MethodInfo info{{50, 21}, "queue.bind-ok"};
  static constexpr auto fields(auto&) { return std::tie(); }
};

struct QueuePurge {
  std::uint16_t reserved_1 = 0;
  std::string_view queue{};
  bool no_wait = false;

  static constexpr MethodInfo info{{50, 30}, "queue.purge"};
  static constexpr auto fields(auto& m) { return std::tie(m.reserved_1, m.queue, m.no_wait); }
};

struct QueuePurgeOk {
  std::uint32_t message_count = 0;

  static constexpr MethodInfo info{{50, 31}, "queue.purge-ok"};
  static constexpr auto fields(auto& m) { return std::tie(m.message_count); }
};

struct QueueDelete {
  std::uint16_t reserved_1 = 0;
  std::string_view queue{};
  bool if_unused = false;
  bool if_empty = false;
  bool no_wait = false;

  static constexpr MethodInfo info{{50, 40}, "queue.delete"};
  static constexpr auto fields(auto& m) {
    return std::tie(m.reserved_1, m.queue, m.if_unused, m.if_empty, m.no_wait);
  }
};

struct QueueDeleteOk {
  std::uint32_t message_count = 0;

  static constexpr MethodInfo info{{50, 41}, "queue.delete-ok"};
  static constexpr auto fields(auto& m) { return std::tie(m.message_count); }
};

struct QueueUnbind {
  std::uint16_t reserved_1 = 0;
  std::string_view queue{};
  std::string_view exchange{};
  std::string_view routing_key{};
  TableEntries arguments{};

  static constexpr MethodInfo info{{50, 50}, "queue.unbind"};
  static constexpr auto fields(auto& m) {
    return std::tie(m.reserved_1, m.queue, m.exchange, m.routing_key, m.arguments);
  }
};

struct QueueUnbindOk {
  static constexpr MethodInfo info{{50, 51}, "queue.unbind-ok"};
  static constexpr auto fields(auto&) { return std::tie(); }
};

}  // namespace tern::amqp
