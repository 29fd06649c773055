// The half of Machine for queues that are not plain: priorities, expiry, limits, the next moment.

#include <algorithm>

#include "base/ensure.hpp"
#include "queue/machine.hpp"

namespace tern::queue {

bool Queue::Machine::is_plain() const noexcept {
  const Rules& rules = *context_.rules;
  return levels_ == nullptr && delayed_ == nullptr && !context_.settings.is_gate &&
         rules.delivery_delay.count() <= 0 && !rules.deduplication.enabled && rules.group.empty() &&
         !consumers_.next_deadline() && !rules.message_ttl && !rules.length_max &&
         !rules.length_bytes_max && !lane_.is_timed() && !lane_.is_draining();
}

void Queue::Machine::publish_ruled(MessageRef&& message, const PublisherToken& token) {
  if (message->has_ttl()) plain_ = false;
  budget_ = budget_max;
  if (is_duplicate(*message, token)) return finish();
  if (delays(message, token)) return;
  Lane* lane = &lane_;
  if (levels_ != nullptr) {
    const std::uint8_t level = levels_->level_for(message->priority());
    lane = &levels_->at(level);
    levels_->note_ready(level);
  }
  fire_due();
  if (overflows(*message)) {
    refuse(std::move(message), token);
    return finish();
  }
  const Time expiry = context_.expiry(*message);
  if (context_.grouping == nullptr && counts_.ready == 0 && lane->is_idle() &&
      (expiry > context_.now || expiry <= message->received())) {
    if (const auto consumer = consumers_.able_now(); consumer != Consumers::none) {
      remember(*message);
      deliver_new(*lane, std::move(message), token, consumer);
      return finish();
    }
  }
  if (expiry <= context_.now) {
    // The key goes where the message goes: it may have to wait with a forward.
    const MessageRef kept = message;
    expire_new(std::move(message), token);
    remember(*kept, context_.forwards(LeaveReason::expired));
    return finish();
  }
  remember(*message);
  lane->append(std::move(message), token);
  finish();
  hold_back(*lane, token);
}

// As in RabbitMQ the new message counts even if somebody could take it at once.
bool Queue::Machine::overflows(const Message& message) const noexcept {
  const Rules& rules = *context_.rules;
  if (rules.overflow == Overflow::drop_head) return false;
  return (rules.length_max && counts_.ready + 1 > *rules.length_max) ||
         (rules.length_bytes_max &&
          counts_.ready_body_bytes + message.body().size() > *rules.length_bytes_max);
}

void Queue::Machine::refuse(MessageRef&& message, const PublisherToken& token) {
  ++counts_.refused;
  if (context_.rules->overflow == Overflow::reject_publish_dlx) {
    context_.count(LeaveReason::maxlen);
    if (context_.forwards(LeaveReason::maxlen))
      context_.forward({.message = std::move(message), .reason = LeaveReason::maxlen});
  }
  if (token.sequence != 0) sink_.publish_settled(token, PublishOutcome::refused);
}

// A message that nobody can take at once, and that may not wait.
void Queue::Machine::expire_new(MessageRef&& message, const PublisherToken& token) {
  context_.count(LeaveReason::expired);
  if (context_.forwards(LeaveReason::expired))
    context_.forward(
        {.message = std::move(message), .reason = LeaveReason::expired, .token = token});
  else if (token.sequence != 0)
    sink_.publish_settled(token, PublishOutcome::accepted);
}

// What has expired goes first, so that it is neither delivered nor counted. Limits come after the
// deliveries: a message that somebody takes at once is within them.
void Queue::Machine::run_rules() {
  budget_ = budget_max;
  time_out_consumers();
  fire_due();
  if (delayed_ != nullptr) delayed_->fire(budget_);
  if (limits_pending_) keep_limits();
  dispatch();
  keep_limits();
}

void Queue::Machine::fire_due() {
  if (levels_ == nullptr)
    lane_.fire_due(budget_);
  else
    levels_->each_touched([this](Lane& lane) {
      lane.fire_due(budget_);
      levels_->note_ready(lane.level());
    });
}

// The next message to deliver, after those that have expired were let go.
Slot* Queue::Machine::next_ruled(Lane*& lane, Position& position) {
  for (;;) {
    if (levels_ != nullptr) lane = levels_->next();
    Slot* const slot = lane == nullptr ? nullptr : lane->front(position);
    if (slot == nullptr) return nullptr;
    if (!context_.is_expired(*slot->message)) {
      const Way way = claim(*lane, position, *slot);
      if (way == Way::free) return slot;
      if (way == Way::blocked) return nullptr;
      continue;
    }
    if (budget_ == 0) return nullptr;
    --budget_;
    lane->expire_front(position, *slot);
  }
}

// Drops the oldest of the lowest level until the limits are kept. The bytes of messages that are
// doomed and not read yet are unknown: until they are, no more is dropped for the sake of bytes.
void Queue::Machine::keep_limits() {
  limits_pending_ = false;
  const Rules& rules = *context_.rules;
  if (rules.overflow != Overflow::drop_head) return;
  for (;;) {
    const bool is_long = rules.length_max && counts_.ready > *rules.length_max;
    const bool is_big =
        rules.length_bytes_max && counts_.ready_body_bytes > *rules.length_bytes_max;
    if (!is_long && !is_big) return;
    const bool is_unknown = !is_long && is_any_draining();
    Lane* const lane = levels_ == nullptr ? &lane_ : levels_->lowest();
    const std::uint64_t excess = is_long ? counts_.ready - *rules.length_max : 1;
    if (budget_ == 0 || is_unknown || lane == nullptr || lane->drop_oldest(excess) == 0) {
      limits_pending_ = true;
      return;
    }
    --budget_;
  }
}

bool Queue::Machine::is_any_draining() {
  if (levels_ == nullptr) return lane_.is_draining();
  bool found = false;
  levels_->each([&found](const Lane& lane) { found = found || lane.is_draining(); });
  return found;
}

void Queue::Machine::ask_for_next() {
  if (budget_ == 0) ask(context_.now);
  const auto look_at = [this](Lane& lane) {
    if (const auto next = lane.next_due()) ask(*next);
  };
  if (levels_ == nullptr)
    look_at(lane_);
  else
    levels_->each_touched(look_at);
  if (delayed_ != nullptr)
    if (const auto next = delayed_->next_due()) ask(*next);
  if (const auto deadline = consumers_.next_deadline()) ask(*deadline);
}

void Queue::Machine::ask(Time at) {
  if (at >= asked_) return;
  asked_ = at;
  sink_.wake_at(context_.settings.id, at);
}

void Queue::Machine::tick() {
  asked_ = Context::never;
  if (levels_ != nullptr) levels_->touch_all();
  lane_.revive_reads();
  finish();
  plain_ = is_plain();
  watch_lease();
}

void Queue::Machine::configure(const Rules& rules) {
  configure_groups(rules);
  context_.rules.set(rules);
  configure_consumers(rules);
  if (rules.deduplication.enabled && dedup_ == nullptr)
    dedup_ = std::make_unique<DedupWindow>(context_.settings.id, sink_);
  if (dedup_ != nullptr) dedup_->configure(rules.deduplication, context_.now);
  if (levels_ != nullptr) levels_->set_weights(rules.priority_weights);
  plain_ = is_plain();
  if (levels_ != nullptr) levels_->touch_all();
  if (!lease_from_) lease_from_ = context_.now;
  finish();
  watch_lease();
}

void Queue::Machine::touch() {
  renew_lease();
}

void Queue::Machine::renew_lease() {
  lease_from_ = context_.now;
  watch_lease();
}

// The lease runs while nobody consumes.
void Queue::Machine::watch_lease() {
  if (!context_.rules->expires || lease_ended_ || consumers_.active() != 0 || !lease_from_) return;
  const Time end = Context::later(*lease_from_, *context_.rules->expires);
  if (end > context_.now) return ask(end);
  lease_ended_ = true;
  sink_.lease_ended(context_.settings.id);
}

}  // namespace tern::queue
