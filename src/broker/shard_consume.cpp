// Shard as Broker: consuming and settling. Commands go straight to an own queue when nothing older
// waits, and by mail otherwise.
#include "broker/arguments.hpp"
#include "broker/changing.hpp"
#include "broker/shard.hpp"

namespace tern::broker {

void Shard::consume(const Caller& caller, std::string_view name, const queue::ConsumerSpec& spec,
                    const FieldTable& arguments, OperationNumber operation) {
  const auto queue = usable_queue(caller, name, Permission::read);
  if (!queue) return refuse(caller.session, operation, queue.error());
  if (auto error = check_consumer_arguments(arguments, replica_.vhost_name(caller.vhost), name,
                                            queue_type((*queue)->arguments)))
    return refuse(caller.session, operation, std::move(*error));
  QueueQuestion question;
  question.kind = QueueQuestion::Kind::consume;
  question.operation = operation;
  question.consumer = spec;
  ask(caller, **queue, std::move(question));
}

void Shard::cancel(const QueueAddress& address, const ConsumerId& consumer,
                   OperationNumber operation) {
  auto question = std::make_unique<QueueQuestion>();
  question->kind = QueueQuestion::Kind::cancel;
  question->queue = address;
  question->asker = consumer.session;
  question->operation = operation;
  question->consumer.id = consumer;
  send(address.shard, QuestionMail{std::move(question)});
}

void Shard::get(const Caller& caller, std::string_view name, bool auto_ack,
                OperationNumber operation) {
  const auto queue = usable_queue(caller, name, Permission::read);
  if (!queue) return refuse(caller.session, operation, queue.error());
  QueueQuestion question;
  question.kind = QueueQuestion::Kind::get;
  question.operation = operation;
  question.auto_ack = auto_ack;
  ask(caller, **queue, std::move(question));
}

void Shard::purge(const Caller& caller, std::string_view name, OperationNumber operation) {
  const auto queue = usable_queue(caller, name, Permission::read);
  if (!queue) return refuse(caller.session, operation, queue.error());
  QueueQuestion question;
  question.kind = QueueQuestion::Kind::purge;
  question.operation = operation;
  ask(caller, **queue, std::move(question));
}

void Shard::settle(const QueueAddress& address, const ConsumerId& consumer,
                   std::span<const Position> positions, queue::Settlement settlement) {
  if (address.shard == ports_.id && can_call_queue()) {
    OwnedQueue* owned = find_owned(address.id);
    if (owned == nullptr) return;
    const Changing changing(changing_);
    owned->machine.settle(consumer, positions, settlement, now_);
    return;
  }
  if (address.shard != ports_.id && !outboxes_[raw(address.shard)].empty()) {
    // Single acks of one consumer come in runs: one letter takes them all.
    auto* last = std::get_if<SettleMail>(&outboxes_[raw(address.shard)].back());
    if (last != nullptr && last->queue == address.id && last->consumer == consumer &&
        last->settlement == settlement) {
      last->positions.insert(last->positions.end(), positions.begin(), positions.end());
      return;
    }
  }
  send(address.shard,
       SettleMail{address.id, settlement, consumer, {positions.begin(), positions.end()}});
}

void Shard::drained(const QueueAddress& address, const ConsumerId& consumer, std::uint64_t bytes) {
  DrainedMail mail{address.id, consumer, bytes};
  if (address.shard == ports_.id && can_call_queue()) return handle(mail);
  send(address.shard, std::move(mail));
}

void Shard::permit(const QueueAddress& address, const ConsumerId& consumer, std::uint32_t count) {
  PermitMail mail{address.id, count, consumer};
  if (address.shard == ports_.id && can_call_queue()) return handle(mail);
  send(address.shard, std::move(mail));
}

void Shard::set_gated(const QueueAddress& address, const ConsumerId& consumer, bool gated) {
  GateMail mail{address.id, gated, consumer};
  if (address.shard == ports_.id && can_call_queue()) return handle(mail);
  send(address.shard, std::move(mail));
}

}  // namespace tern::broker
