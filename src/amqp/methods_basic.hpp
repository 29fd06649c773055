// Methods of the classes basic, confirm and tx.
// Part of the table of methods (methods.hpp); the form of an entry is explained in
// method_fields.hpp.
#pragma once

#include "amqp/method_fields.hpp"

namespace tern::amqp {

struct BasicQos {
  std::uint32_t prefetch_size = 0;
  std::uint16_t prefetch_count = 0;
  bool global = false;

  static constexpr MethodInfo info{{60, 10}, "basic.qos"};
  static constexpr auto fields(auto& m) {
    return std::tie(m.prefetch_size, m.prefetch_count, m.global);
  }
};

struct BasicQosOk {
  static constexpr MethodInfo info{{60, 11}, "basic.qos-ok"};
  static constexpr auto fields(auto&) { return std::tie(); }
};

struct BasicConsume {
  std::uint16_t reserved_1 = 0;
  std::string_view queue{};
  std::string_view consumer_tag{};
  bool no_local = false;
  bool no_ack = false;
  bool exclusive = false;
  bool no_wait = false;
  TableEntries arguments{};

  static constexpr MethodInfo info{{60, 20}, "basic.consume"};
  static constexpr auto fields(auto& m) {
    return std::tie(m.reserved_1, m.queue, m.consumer_tag, m.no_local, m.no_ack, m.exclusive,
                    m.no_wait, m.arguments);
  }
};

struct BasicConsumeOk {
  std::string_view consumer_tag{};

  static constexpr MethodInfo info{{60, 21}, "basic.consume-ok"};
  static constexpr auto fields(auto& m) { return std::tie(m.consumer_tag); }
};

struct BasicCancel {
  std::string_view consumer_tag{};
  bool no_wait = false;

  static constexpr MethodInfo info{{60, 30}, "basic.cancel"};
  static constexpr auto fields(auto& m) { return std::tie(m.consumer_tag, m.no_wait); }
};

struct BasicCancelOk {
  std::string_view consumer_tag{};

  static constexpr MethodInfo info{{60, 31}, "basic.cancel-ok"};
  static constexpr auto fields(auto& m) { return std::tie(m.consumer_tag); }
};

struct BasicPublish {
  std::uint16_t reserved_1 = 0;
  std::string_view exchange{};
  std::string_view routing_key{};
  bool mandatory = false;
  bool immediate = false;

  static constexpr MethodInfo info{{60, 40}, "basic.publish", true};
  static constexpr auto fields(auto& m) {
    return std::tie(m.reserved_1, m.exchange, m.routing_key, m.mandatory, m.immediate);
  }
};

struct BasicReturn {
  std::uint16_t reply_code = 0;
  std::string_view reply_text{};
  std::string_view exchange{};
  std::string_view routing_key{};

  static constexpr MethodInfo info{{60, 50}, "basic.return", true};
  static constexpr auto fields(auto& m) {
    return std::tie(m.reply_code, m.reply_text, m.exchange, m.routing_key);
  }
};

struct BasicDeliver {
  std::string_view consumer_tag{};
  std::uint64_t delivery_tag = 0;
  bool redelivered = false;
  std::string_view exchange{};
  std::string_view routing_key{};

  static constexpr MethodInfo info{{60, 60}, "basic.deliver", true};
  static constexpr auto fields(auto& m) {
    return std::tie(m.consumer_tag, m.delivery_tag, m.redelivered, m.exchange, m.routing_key);
  }
};

struct BasicGet {
  std::uint16_t reserved_1 = 0;
  std::string_view queue{};
  bool no_ack = false;

  static constexpr MethodInfo info{{60, 70}, "basic.get"};
  static constexpr auto fields(auto& m) { return std::tie(m.reserved_1, m.queue, m.no_ack); }
};

struct BasicGetOk {
  std::uint64_t delivery_tag = 0;
  bool redelivered = false;
  std::string_view exchange{};
  std::string_view routing_key{};
  std::uint32_t message_count = 0;

  static constexpr MethodInfo info{{60, 71}, "basic.get-ok", true};
  static constexpr auto fields(auto& m) {
    return std::tie(m.delivery_tag, m.redelivered, m.exchange, m.routing_key, m.message_count);
  }
};

struct BasicGetEmpty {
  std::string_view reserved_1{};

  static constexpr MethodInfo info{{60, 72}, "basic.get-empty"};
  static constexpr auto fields(auto& m) { return std::tie(m.reserved_1); }
};

struct BasicAck {
  std::uint64_t delivery_tag = 0;
  bool multiple = false;

  static constexpr MethodInfo info{{60, 80}, "basic.ack"};
  static constexpr auto fields(auto& m) { return std::tie(m.delivery_tag, m.multiple); }
};

struct BasicReject {
  std::uint64_t delivery_tag = 0;
  bool requeue = false;

  static constexpr MethodInfo info{{60, 90}, "basic.reject"};
  static constexpr auto fields(auto& m) { return std::tie(m.delivery_tag, m.requeue); }
};

struct BasicRecoverAsync {
  bool requeue = false;

  static constexpr MethodInfo info{{60, 100}, "basic.recover-async"};
  static constexpr auto fields(auto& m) { return std::tie(m.requeue); }
};

struct BasicRecover {
  bool requeue = false;

  static constexpr MethodInfo info{{60, 110}, "basic.recover"};
  static constexpr auto fields(auto& m) { return std::tie(m.requeue); }
};

struct BasicRecoverOk {
  static constexpr MethodInfo info{{60, 111}, "basic.recover-ok"};
  static constexpr auto fields(auto&) { return std::tie(); }
};

struct BasicNack {
  std::uint64_t delivery_tag = 0;
  bool multiple = false;
  bool requeue = false;

  static constexpr MethodInfo info{{60, 120}, "basic.nack"};
  static constexpr auto fields(auto& m) { return std::tie(m.delivery_tag, m.multiple, m.requeue); }
};

struct ConfirmSelect {
  bool no_wait = false;

  static constexpr MethodInfo info{{85, 10}, "confirm.select"};
  static constexpr auto fields(auto& m) { return std::tie(m.no_wait); }
};

struct ConfirmSelectOk {
  static constexpr MethodInfo info{{85, 11}, "confirm.select-ok"};
  static constexpr auto fields(auto&) { return std::tie(); }
};

struct TxSelect {
  static constexpr MethodInfo info{{90, 10}, "tx.select"};
  static constexpr auto fields(auto&) { return std::tie(); }
};

struct TxSelectOk {
  static constexpr MethodInfo info{{90, 11}, "tx.select-ok"};
  static constexpr auto fields(auto&) { return std::tie(); }
};

struct TxCommit {
  static constexpr MethodInfo info{{90, 20}, "tx.commit"};
  static constexpr auto fields(auto&) { return std::tie(); }
};

struct TxCommitOk {
  static constexpr MethodInfo info{{90, 21}, "tx.commit-ok"};
  static constexpr auto fields(auto&) { return std::tie(); }
};

struct TxRollback {
  static constexpr MethodInfo info{{90, 30}, "tx.rollback"};
  static constexpr auto fields(auto&) { return std::tie(); }
};

struct TxRollbackOk {
  static constexpr MethodInfo info{{90, 31}, "tx.rollback-ok"};
  static constexpr auto fields(auto&) { return std::tie(); }
};

}  // namespace tern::amqp
