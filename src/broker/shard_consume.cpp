// Shard as Broker: consuming and settling. Commands go straight to an own queue when nothing older
// waits, and by mail otherwise.
#include "base/log.hpp"
#include "broker/arguments.hpp"
#include "broker/changing.hpp"
#include "broker/shard.hpp"

namespace tern::broker {
namespace {

// A poison message comes back many times a second: say so once in a while.
constexpr Millis limit_log_interval{60'000};

}  // namespace

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
    return settle_own(*owned, consumer, positions, settlement);
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

void Shard::settle_own(OwnedQueue& owned, const ConsumerId& consumer,
                       std::span<const Position> positions, queue::Settlement settlement) {
  const Changing changing(changing_);
  const queue::Counts& counts = owned.machine.counts();
  const std::uint64_t before = counts.over_delivery_limit;
  owned.machine.settle(consumer, positions, settlement, now_);
  const std::uint64_t over = counts.over_delivery_limit - before;
  if (over == 0 || owned.dead_letters != nullptr) [[likely]]
    return;
  totals_.dropped_at_delivery_limit += over;
  if (owned.limit_logged != Time::min() && now_ - owned.limit_logged < limit_log_interval) return;
  owned.limit_logged = now_;
  log_warn(
      "queue",
      "messages came back more often than x-delivery-limit allows and were dropped: give the queue "
      "a dead-letter exchange to keep them queue={} vhost={} dropped={}",
      owned.record->name, replica_.vhost_name(owned.record->vhost), counts.over_delivery_limit);
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
