// Channel: consuming, getting, prefetch.
#include <algorithm>
#include <limits>

#include "amqp/channel.hpp"
#include "amqp/delivery_count.hpp"
#include "amqp/reply_address.hpp"
#include "message/table_view.hpp"

namespace tern::amqp {
namespace {

// Arguments of another type are the broker's to refuse.
std::int32_t consumer_priority(TableEntries arguments) {
  const auto field = TableView(arguments).find("x-priority");
  const auto value = field ? field->integer() : std::nullopt;
  if (!value) return 0;
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(
      *value, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()));
}

std::optional<Millis> consumer_timeout(TableEntries arguments) {
  const auto field = TableView(arguments).find("x-consumer-timeout");
  const auto value = field ? field->integer() : std::nullopt;
  return value && *value > 0 ? std::optional(Millis{*value}) : std::nullopt;
}

// RabbitMQ tells the count only where it limits it; of a message that never came back to basic.get
// alone. What a client wrote there itself is not passed on.
MessageRef shown(const queue::Delivery& delivery, bool is_get) {
  if (!delivery.shows_count) [[likely]]
    return delivery.message;
  if (delivery.delivery_count > 0 || is_get)
    return with_delivery_count(*delivery.message, delivery.delivery_count);
  return without_delivery_count(delivery.message);
}

}  // namespace

void Channel::on(const BasicConsume& method) {
  if (consumers_.find(method.consumer_tag) != consumers_.end())
    throw ConnectionError(
        ReplyCode::not_allowed,
        "attempt to reuse consumer tag '" + std::string(method.consumer_tag) + "'",
        BasicConsume::info.id);
  std::string queue;
  if (method.queue != reply_queue_name) {
    queue = expand_queue(method.queue, BasicConsume::info.id);
    if (context_.must_move_first(context_.broker().home_of(context_.caller, queue))) return;
  }
  std::string tag(method.consumer_tag);
  const auto random = context_.options.random;
  if (tag.empty()) tag = random_name("amq.ctag-", random(), random());
  if (method.queue == reply_queue_name) {
    consume_replies(tag, method);
    return;
  }
  // Decoding the method has validated its table.
  const auto arguments = decode_entries(method.arguments);
  ensure(arguments.has_value(), "arguments not validated");
  Consumer& consumer = context_.consumers.add(*this, tag);
  consumer.auto_ack = method.no_ack;
  consumers_.emplace(std::move(tag), &consumer);

  queue::ConsumerSpec spec;
  spec.id = {context_.caller.session, consumer.number};
  spec.auto_ack = method.no_ack;
  spec.exclusive = method.exclusive;
  spec.priority = consumer_priority(method.arguments);
  spec.timeout = consumer_timeout(method.arguments);
  spec.prefetch = method.no_ack ? 0 : prefetch_;
  spec.gated = limit_.is_set() && !method.no_ack;
  spec.window_bytes = context_.options.consumer_window_bytes;
  const auto operation = begin(OperationKind::consume, BasicConsume::info.id, method.no_wait);
  context_.operations.last().consumer = consumer.number;
  context_.broker().consume(context_.caller, queue, spec, *arguments, operation);
}

void Channel::complete_consume(const Operation& operation, broker::OperationResult&& result) {
  Consumer* const consumer = context_.consumers.find(operation.consumer);
  ensure(consumer != nullptr, "consumer is unknown");
  if (result.failed) {
    forget_consumer(*consumer);
    throw_broker_error(result.error, operation.method);
  }
  consumer->queue = result.queue;
  consumer->is_running = true;
  if (!operation.no_wait) send(BasicConsumeOk{.consumer_tag = consumer->tag});
}

void Channel::consume_replies(std::string_view tag, const BasicConsume& method) {
  if (!method.no_ack)
    throw ChannelError(ReplyCode::precondition_failed, "reply consumer cannot acknowledge",
                       BasicConsume::info.id);
  if (reply_consumer_ != nullptr)
    throw ChannelError(ReplyCode::precondition_failed, "reply consumer already set",
                       BasicConsume::info.id);
  Consumer& consumer = context_.consumers.add(*this, tag);
  consumer.auto_ack = true;
  consumer.is_reply = true;
  consumer.reply_key = context_.options.random();
  consumers_.emplace(tag, &consumer);
  reply_consumer_ = &consumer;
  if (!method.no_wait) send(BasicConsumeOk{.consumer_tag = tag});
}

void Channel::on(const BasicCancel& method) {
  const auto found = consumers_.find(method.consumer_tag);
  if (found == consumers_.end() || found->second->is_reply) {
    if (found != consumers_.end()) forget_consumer(*found->second);
    if (!method.no_wait) send(BasicCancelOk{.consumer_tag = method.consumer_tag});
    return;
  }
  Consumer& consumer = *found->second;
  if (method.no_wait) {
    limit_.forget(consumer.number);
    consumers_.erase(found);
    context_.cancel_in_background(consumer);
    grant_permits();
    return;
  }
  // The consumer stays until the queue has answered: what is on its way to it still arrives.
  const auto operation = begin(OperationKind::cancel, BasicCancel::info.id, false);
  context_.operations.last().consumer = consumer.number;
  context_.operations.last().name = consumer.tag;
  context_.broker().cancel(consumer.queue, {context_.caller.session, consumer.number}, operation);
}

void Channel::complete_cancel(const Operation& operation) {
  if (Consumer* const consumer = context_.consumers.find(operation.consumer))
    forget_consumer(*consumer);
  send(BasicCancelOk{.consumer_tag = operation.name});
}

void Channel::forget_consumer(Consumer& consumer) {
  if (reply_consumer_ == &consumer) reply_consumer_ = nullptr;
  limit_.forget(consumer.number);
  consumers_.erase(consumer.tag);
  context_.consumers.remove(consumer.number);
  grant_permits();
}

void Channel::consumer_cancelled(Consumer& consumer) {
  const auto& operations = context_.operations;
  const bool client_cancels = !operations.empty() &&
                              operations.next().kind == OperationKind::cancel &&
                              operations.next().consumer == consumer.number;
  if (client_cancels) return;  // cancel-ok is on its way and says it all
  if (context_.client.consumer_cancel_notify)
    send(BasicCancel{.consumer_tag = consumer.tag, .no_wait = true});
  forget_consumer(consumer);
}

void Channel::deliver(Consumer& consumer, queue::Delivery&& delivery) {
  const std::uint64_t tag = ++last_delivery_tag_;
  if (!delivery.auto_ack && !consumer.is_reply) {
    unacked_.add({.tag = tag,
                  .position = delivery.position,
                  .queue = consumer.queue,
                  .consumer = consumer.number});
    limit_.delivered(consumer.number);
  }
  const Delivery head{.channel = number_,
                      .delivery_tag = tag,
                      .redelivered = delivery.redelivered,
                      .consumer_tag = consumer.tag};
  if (!delivery.shows_count) [[likely]]  // a reference less to count
    context_.send_delivery(head, delivery.message);
  else
    context_.send_delivery(head, shown(delivery, false));
  context_.note_delivered(consumer, delivery.message->bytes());
}

void Channel::on(const BasicGet& method) {
  const std::string queue = expand_queue(method.queue, BasicGet::info.id);
  const auto operation = begin(OperationKind::get, BasicGet::info.id, false);
  context_.operations.last().auto_ack = method.no_ack;
  context_.broker().get(context_.caller, queue, method.no_ack, operation);
}

void Channel::complete_get(const Operation& operation, broker::OperationResult&& result) {
  const queue::Delivery& delivery = result.delivery;
  if (!delivery.message) {
    send(BasicGetEmpty{});
    return;
  }
  const std::uint64_t tag = ++last_delivery_tag_;
  if (!operation.auto_ack)
    unacked_.add({.tag = tag, .position = delivery.position, .queue = result.queue});
  context_.send(number_,
                BasicGetOk{.delivery_tag = tag,
                           .redelivered = delivery.redelivered,
                           .exchange = delivery.message->exchange(),
                           .routing_key = delivery.message->routing_key(),
                           .message_count = static_cast<std::uint32_t>(
                               std::min<std::uint64_t>(result.count, UINT32_MAX))},
                shown(delivery, true));
}

void Channel::on(const BasicQos& method) {
  if (method.prefetch_size != 0)
    throw ConnectionError(ReplyCode::not_implemented,
                          "prefetch_size!=0 (" + std::to_string(method.prefetch_size) + ")",
                          BasicQos::info.id);
  // The answer first: a higher limit may let deliveries go at once.
  send(BasicQosOk{});
  if (method.global)
    set_channel_limit(method.prefetch_count);
  else
    prefetch_ = method.prefetch_count;
}

void Channel::set_channel_limit(std::uint32_t limit) {
  const bool was_set = limit_.is_set();
  limit_.set(limit);
  if (was_set != limit_.is_set()) {
    context_.settles.flush();
    for (const auto& [tag, consumer] : consumers_)
      if (consumer->is_running && !consumer->auto_ack)
        context_.broker().set_gated(consumer->queue, {context_.caller.session, consumer->number},
                                    limit_.is_set());
  }
  grant_permits();
}

void Channel::permits_wanted(ConsumerNumber consumer, std::uint32_t count) {
  limit_.ask(consumer, count);
  grant_permits();
}

void Channel::permits_returned(ConsumerNumber consumer, std::uint32_t count) {
  limit_.give_back(consumer, count);
  grant_permits();
}

void Channel::grant_permits() {
  while (const auto grant = limit_.next_grant()) {
    const Consumer* const consumer = context_.consumers.find(grant->consumer);
    if (consumer == nullptr) {
      limit_.forget(grant->consumer);
      continue;
    }
    context_.settles.flush();
    context_.broker().permit(consumer->queue, {context_.caller.session, grant->consumer},
                             grant->count);
  }
}

}  // namespace tern::amqp
