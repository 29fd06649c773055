// Shard: messages that leave a queue for another place: dead letters, what a delayed exchange
// releases, redrives. The removal is staged in the turn in which the copies are, so both are
// written together: own queues' in one batch, other shards' as one transaction.
#include "base/ensure.hpp"
#include "broker/changing.hpp"
#include "broker/shard.hpp"
#include "dlq/dead_letter.hpp"
#include "message/properties.hpp"

namespace tern::broker {

// While a transfer is in flight all wait, and with them what must not be written before they are.
void Shard::forward(QueueId queue, queue::Forward&& forward) {
  OwnedQueue* owned = find_owned(queue);
  ensure(owned != nullptr, "an unknown queue forwards");
  // What a transaction's share brings about belongs to the share, so it cannot wait.
  if (is_in_transaction_) {
    prompt_forwards_.push_back({owned->record, std::move(forward)});
    return;
  }
  forwards_bytes_ += forward.message->bytes();
  if (transfers_in_flight_ != 0) defer(*owned);
  forwards_.push_back({owned->record, std::move(forward)});
}

// A duplicate may repeat a message that waits to be forwarded. A transaction cannot wait for that,
// so what waits is written with it.
void Shard::publish_settled_later(const PublisherToken& token) {
  if (is_in_transaction_) {
    forwards_cannot_wait_ = true;
    return;
  }
  if (forwards_.empty()) return staging_.add_confirm(token);
  PendingForward confirm;
  confirm.forward.token = token;
  forwards_.push_back(std::move(confirm));
}

void Shard::defer(OwnedQueue& owned) {
  if (owned.deferred) return;
  owned.deferred = std::make_unique<Deferred>();
  deferring_.push_back(owned.record->id);
}

void Shard::carry_out_forwards() {
  while (!prompt_forwards_.empty()) {
    PendingForward pending = std::move(prompt_forwards_.front());
    prompt_forwards_.pop_front();
    is_in_transaction_ = true;  // So is what this brings about in turn.
    carry_out(pending);
    is_in_transaction_ = false;
  }
  if (transfers_in_flight_ != 0 && !std::exchange(forwards_cannot_wait_, false)) return;
  while (!forwards_.empty()) {
    PendingForward pending = std::move(forwards_.front());
    forwards_.pop_front();
    if (pending.source == nullptr) {
      staging_.add_confirm(pending.forward.token);
      continue;
    }
    forwards_bytes_ -= pending.forward.message->bytes();
    carry_out(pending);
  }
  if (!deferring_.empty()) stage_deferred();
}

void Shard::stage_deferred() {
  for (const QueueId id : std::exchange(deferring_, {})) {
    OwnedQueue* owned = find_owned(id);
    if (owned == nullptr) continue;  // The store forgets the queue as a whole.
    const auto deferred = std::move(owned->deferred);
    for (const storage::DueTrim& trim : deferred->trims) staging_.trim_due(trim);
    for (storage::Record& record : deferred->records) staging_.write(std::move(record));
  }
}

void Shard::carry_out(PendingForward& pending) {
  if (pending.forward.stored.count != 0)
    staging_.settle(pending.forward.stream, pending.forward.stored);
  if (pending.forward.reason == queue::LeaveReason::released)
    release(*pending.source, pending.forward);
  else if (pending.forward.reason == queue::LeaveReason::redriven)
    redrive(*pending.source, pending.forward);
  else
    dead_letter(*pending.source, pending.forward);
}

void Shard::count_dead_letter(queue::LeaveReason reason) noexcept {
  switch (reason) {
    case queue::LeaveReason::rejected:
      ++totals_.dead_lettered_rejected;
      return;
    case queue::LeaveReason::expired:
      ++totals_.dead_lettered_expired;
      return;
    case queue::LeaveReason::maxlen:
      ++totals_.dead_lettered_maxlen;
      return;
    case queue::LeaveReason::delivery_limit:
      ++totals_.dead_lettered_delivery_limit;
      return;
    case queue::LeaveReason::released:
    case queue::LeaveReason::redriven:
      return;
  }
}

void Shard::dead_letter(const QueueRecord& source, queue::Forward& forward) {
  count_dead_letter(forward.reason);
  // The queue may have gone, or lost its exchange, since it let the message go.
  const OwnedQueue* owned = find_owned(source.id);
  if (owned == nullptr || owned->dead_letters == nullptr)
    return staging_.add_confirm(forward.token);
  const DeadLetterTarget& to = *owned->dead_letters;
  const RoutedExchange* exchange = nullptr;
  if (!to.exchange.empty()) {
    exchange = replica_.find_exchange(source.vhost, to.exchange);
    // As RabbitMQ: an exchange that is not there takes nothing.
    if (exchange == nullptr) {
      ++totals_.dead_letters_unroutable;
      return staging_.add_confirm(forward.token);
    }
  }
  const dlq::Republish letter = dlq::dead_letter(
      *forward.message, forward.reason,
      {source.name, to.exchange, to.routing_key.value_or(""), to.routing_key.has_value()}, now_);
  router_.route(source.vhost, exchange, *letter.message,
                PropertiesView::of(*letter.message).headers(), forward_route_);
  if (forward_route_.targets.empty()) ++totals_.dead_letters_unroutable;
  totals_.dead_letter_cycles +=
      std::erase_if(forward_route_.targets, [&](const QueueAddress& target) {
        const QueuePointer queue = replica_.find_queue(target.id);
        // Gates have no name: what is behind them is looked at when they let it pass.
        return queue != nullptr && dlq::closes_cycle(*letter.message, forward.reason, queue->name);
      });
  transfer(forward_route_.targets, letter.message, forward.token);
}

// A gate lets a message pass: it is routed now, by the bindings of now.
void Shard::release(const QueueRecord& gate, queue::Forward& forward) {
  const RoutedExchange* exchange = replica_.find_exchange(gate.vhost, gate.name);
  if (exchange == nullptr || exchange->record->gate != gate.id)
    return staging_.add_confirm(forward.token);
  const Bytes headers = PropertiesView::of(*forward.message).headers();
  router_.route(gate.vhost, exchange, *forward.message, headers, forward_route_, true);
  transfer(forward_route_.targets, forward.message, forward.token);
  OwnedQueue* owned = find_owned(gate.id);
  if (owned != nullptr && owned->history) owned->history->remember(forward.message);
}

// A queue or exchange that is bound late gets what an x-recent-history exchange remembers.
void Shard::replay_history(const BindingChanged& binding) {
  const RoutedExchange* source = replica_.find_exchange(binding.source);
  if (source == nullptr || !source->record->has_gate()) return;
  const OwnedQueue* owned = find_owned(source->record->gate);
  if (owned == nullptr || !owned->history) return;
  const exchange::Target& target = binding.binding.target;
  for (const MessageRef& message : owned->history->messages()) {
    if (target.kind == exchange::Target::Kind::queue) {
      const QueueAddress queue = address_of(QueueId{target.id}, ports_.shards);
      send(queue.shard, EnqueueMail{queue.id, message, {}}, message->bytes());
    } else if (const RoutedExchange* next = replica_.find_exchange(target.id)) {
      router_.route(next->record->vhost, next, *message, PropertiesView::of(*message).headers(),
                    forward_route_);
      for (const QueueAddress& queue : forward_route_.targets)
        send(queue.shard, EnqueueMail{queue.id, message, {}}, message->bytes());
    }
  }
}

void Shard::transfer(std::span<const QueueAddress> targets, const MessageRef& message,
                     const PublisherToken& token) {
  for (const QueueAddress& target : targets) {
    if (target.shard == ports_.id) {
      EnqueueMail own{target.id, message, {}};
      handle(own);
    } else if (!message->is_persistent() && !transfers_.contains(target.shard)) {
      send(target.shard, EnqueueMail{target.id, message, {}}, message->bytes());
    } else {
      auto& share = transfers_[target.shard];
      if (!share) share = std::make_unique<TransactionShare>();
      auto& publishes = share->work.publishes;
      if (publishes.empty() || publishes.back().message.get() != message.get())
        publishes.push_back({{}, message});
      publishes.back().targets.push_back(target);
    }
  }
  staging_.add_confirm(token);
}

// One transaction a turn joins this shard's batch with those that take its messages.
void Shard::send_transfers() {
  if (transfers_.empty()) return;
  const std::uint64_t id = static_cast<std::uint64_t>(raw(ports_.id)) << 48 | next_transaction_++;
  const storage::TransactionPart part{id, static_cast<std::uint32_t>(transfers_.size()) + 1};
  // Told to nobody but this shard, which then goes on.
  staging_.add_barrier(part, {.session = {}, .channel = 0, .sequence = 1});
  ++transfers_in_flight_;
  for (auto& [shard, share] : transfers_) {
    share->part = part;
    std::uint64_t bytes = 0;
    for (const Transaction::Publish& publish : share->work.publishes)
      bytes += publish.message->bytes();
    send(shard, TransactionMail{std::move(share)}, bytes);
  }
  transfers_.clear();
}

}  // namespace tern::broker
