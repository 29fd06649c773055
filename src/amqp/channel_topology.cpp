// Channel: declaring, binding, purging and deleting. Each method becomes one operation of the
// broker, and its completion the method's -ok.
#include <algorithm>

#include "amqp/channel.hpp"
#include "amqp/reply_address.hpp"

namespace tern::amqp {
namespace {

// Decoding a method has validated its tables.
FieldTable to_table(TableEntries entries) {
  auto table = decode_entries(entries);
  ensure(table.has_value(), "arguments not validated");
  return std::move(*table);
}

// RabbitMQ drops line ends from names in declarations.
std::string without_line_ends(std::string_view name) {
  std::string stripped(name);
  std::erase_if(stripped, [](char letter) { return letter == '\r' || letter == '\n'; });
  return stripped;
}

template <class Method>  // ExchangeBind or ExchangeUnbind
broker::BindingSpec exchange_binding(const Method& method) {
  return {.source = std::string(method.source),
          .destination = std::string(method.destination),
          .to_exchange = true,
          .routing_key = std::string(method.routing_key),
          .arguments = to_table(method.arguments)};
}

// Of the queue that the method means, which may be the one declared last; then an empty routing key
// is the queue's name.
template <class Method>  // QueueBind or QueueUnbind
broker::BindingSpec queue_binding(const Method& method, std::string queue) {
  const bool key_is_queue = method.queue.empty() && method.routing_key.empty();
  broker::BindingSpec binding{.source = std::string(method.exchange),
                              .routing_key = std::string(method.routing_key),
                              .arguments = to_table(method.arguments)};
  if (key_is_queue) binding.routing_key = queue;
  binding.destination = std::move(queue);
  return binding;
}

std::uint32_t to_count(std::uint64_t count) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(count, UINT32_MAX));
}

}  // namespace

std::string Channel::expand_queue(std::string_view name, MethodId method) const {
  if (!name.empty()) return std::string(name);
  if (last_queue_.empty())
    throw ChannelError(ReplyCode::not_found, "no previously declared queue", method);
  return last_queue_;
}

void Channel::on(const ExchangeDeclare& method) {
  const std::string name = without_line_ends(method.exchange);
  const auto operation =
      begin(OperationKind::exchange_declare, ExchangeDeclare::info.id, method.no_wait);
  if (method.passive) {
    context_.broker().find_exchange(context_.caller, name, operation);
    return;
  }
  context_.broker().declare_exchange(context_.caller,
                                     {.name = name,
                                      .type = std::string(method.type),
                                      .durable = method.durable,
                                      .auto_delete = method.auto_delete,
                                      .internal = method.internal,
                                      .arguments = to_table(method.arguments)},
                                     operation);
}

void Channel::on(const ExchangeDelete& method) {
  const auto operation =
      begin(OperationKind::exchange_delete, ExchangeDelete::info.id, method.no_wait);
  context_.broker().delete_exchange(context_.caller, method.exchange, method.if_unused, operation);
}

void Channel::on(const ExchangeBind& method) {
  const auto operation = begin(OperationKind::exchange_bind, ExchangeBind::info.id, method.no_wait);
  context_.operations.last().outlook =
      context_.broker().bind(context_.caller, exchange_binding(method), operation);
}

void Channel::on(const ExchangeUnbind& method) {
  const auto operation =
      begin(OperationKind::exchange_unbind, ExchangeUnbind::info.id, method.no_wait);
  context_.broker().unbind(context_.caller, exchange_binding(method), operation);
}

void Channel::on(const QueueDeclare& method) {
  const std::string name = without_line_ends(method.queue);
  const MethodId id = QueueDeclare::info.id;
  if (name == reply_queue_name) {
    complete_declare({name, 0, 1}, method.no_wait);
    return;
  }
  if (const auto address = decode_reply_address(name); address && method.passive) {
    const auto operation = begin(OperationKind::find_reply, id, method.no_wait);
    context_.operations.last().name = name;
    context_.broker().find_reply(*address, operation, context_.caller.session);
    return;
  }
  const auto operation = begin(OperationKind::queue_declare, id, method.no_wait);
  if (method.passive) {
    context_.operations.last().name = name;
    context_.broker().find_queue(context_.caller, name, operation);
    return;
  }
  context_.operations.last().outlook =
      context_.broker().declare_queue(context_.caller,
                                      {.name = name,
                                       .durable = method.durable,
                                       .exclusive = method.exclusive,
                                       .auto_delete = method.auto_delete,
                                       .arguments = to_table(method.arguments)},
                                      operation);
}

void Channel::on(const QueueBind& method) {
  std::string queue = expand_queue(method.queue, QueueBind::info.id);
  const auto operation = begin(OperationKind::queue_bind, QueueBind::info.id, method.no_wait);
  context_.operations.last().outlook =
      context_.broker().bind(context_.caller, queue_binding(method, std::move(queue)), operation);
}

void Channel::on(const QueueUnbind& method) {
  std::string queue = expand_queue(method.queue, QueueUnbind::info.id);
  const auto operation = begin(OperationKind::queue_unbind, QueueUnbind::info.id, false);
  context_.broker().unbind(context_.caller, queue_binding(method, std::move(queue)), operation);
}

void Channel::on(const QueuePurge& method) {
  const std::string queue = expand_queue(method.queue, QueuePurge::info.id);
  const auto operation = begin(OperationKind::queue_purge, QueuePurge::info.id, method.no_wait);
  context_.broker().purge(context_.caller, queue, operation);
}

void Channel::on(const QueueDelete& method) {
  const std::string queue = expand_queue(method.queue, QueueDelete::info.id);
  const auto operation = begin(OperationKind::queue_delete, QueueDelete::info.id, method.no_wait);
  context_.broker().delete_queue(context_.caller, queue, method.if_unused, method.if_empty,
                                 operation);
}

void Channel::complete_declare(Declared declared, bool no_wait) {
  last_queue_ = std::move(declared.name);
  if (no_wait) return;
  send(QueueDeclareOk{.queue = last_queue_,
                      .message_count = to_count(declared.ready),
                      .consumer_count = to_count(declared.consumers)});
}

void Channel::complete_topology(const Operation& operation, broker::OperationResult&& result) {
  if (operation.kind == OperationKind::queue_declare) {
    if (result.name.empty()) result.name = operation.name;
    complete_declare({std::move(result.name), result.count, result.consumers}, operation.no_wait);
    return;
  }
  if (operation.kind == OperationKind::find_reply) {
    if (!result.found)
      throw ChannelError(ReplyCode::not_found,
                         "no queue '" + operation.name + "' in vhost '" + context_.vhost + "'",
                         operation.method);
    complete_declare({operation.name, 0, 1}, operation.no_wait);
    return;
  }
  if (operation.no_wait) return;
  switch (operation.kind) {
    case OperationKind::exchange_declare:
      return send(ExchangeDeclareOk{});
    case OperationKind::exchange_delete:
      return send(ExchangeDeleteOk{});
    case OperationKind::exchange_bind:
      return send(ExchangeBindOk{});
    case OperationKind::exchange_unbind:
      return send(ExchangeUnbindOk{});
    case OperationKind::queue_bind:
      return send(QueueBindOk{});
    case OperationKind::queue_unbind:
      return send(QueueUnbindOk{});
    case OperationKind::queue_purge:
      return send(QueuePurgeOk{.message_count = to_count(result.count)});
    case OperationKind::queue_delete:
      return send(QueueDeleteOk{.message_count = to_count(result.count)});
    default:
      ensure(false, "not an operation of the topology");
  }
}

}  // namespace tern::amqp
