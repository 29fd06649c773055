// The part of Machine for messages that do not become ready when they are published: duplicates,
// and those that wait for their time.

#include "message/delivery_time.hpp"
#include "queue/machine.hpp"

namespace tern::queue {

void Queue::Machine::restore_key(std::string_view key, Time seen) {
  if (dedup_ == nullptr) dedup_ = std::make_unique<DedupWindow>(context_.settings.id, sink_);
  dedup_->restore(key, seen);
}

// A duplicate is confirmed and dropped; not before the message that it repeats is safe.
bool Queue::Machine::is_duplicate(const Message& message, const PublisherToken& token) {
  if (dedup_ == nullptr || !dedup_->is_enabled()) return false;
  const auto key = dedup_->key_of(message);
  if (!key || !dedup_->is_known(*key, context_.now)) return false;
  ++counts_.duplicates;
  if (context_.settings.durable)
    sink_.publish_settled_later(token);
  else if (token.sequence != 0)
    sink_.publish_settled(token, PublishOutcome::accepted);
  return true;
}

// The message is accepted: from now on its key is known. Message and key are staged in one turn, so
// they are in one commit.
void Queue::Machine::remember(const Message& message, bool is_forwarded) {
  if (dedup_ == nullptr || !dedup_->is_enabled()) return;
  if (const auto key = dedup_->key_of(message)) dedup_->remember(*key, context_.now, is_forwarded);
}

// Takes a message that is not to be ready now: it waits for its time, or passes the gate. A message
// that names a time of its own is not subject to the queue's delay.
bool Queue::Machine::delays(MessageRef& message, const PublisherToken& token) {
  const Rules& rules = *context_.rules;
  std::optional<Time> due;
  if (context_.settings.is_gate) {
    if (message->is_timed()) due = exchange_delay(*message, context_.now);
  } else {
    if (message->is_timed()) due = delivery_time(*message, context_.now);
    if (!due && rules.delivery_delay.count() > 0)
      due = Context::later(context_.now, rules.delivery_delay);
    if (!due) return false;
  }
  // The key goes where the message goes: it may have to wait with a forward.
  const MessageRef kept = message;
  if (due) {
    plain_ = false;
    delayed().add(std::move(message), token, *due);
  } else {
    context_.forward(
        {.message = std::move(message), .reason = LeaveReason::released, .token = token});
  }
  remember(*kept, !due.has_value());
  finish();
  if (delayed_ != nullptr && delayed_->is_overfull()) hold(token.session);
  return true;
}

DelayedSet& Queue::Machine::delayed() {
  if (delayed_ == nullptr) {
    delayed_ = std::make_unique<DelayedSet>(
        context_, [this](MessageRef&& message, const StoredRange& stored) {
          release(std::move(message), stored);
        });
    plain_ = false;
  }
  return *delayed_;
}

// A message's time has come: it is as if it had been published now. It was accepted when it came,
// so no limit refuses it any more; the oldest ready ones may have to go for it.
void Queue::Machine::release(MessageRef&& message, const StoredRange& stored) {
  MessageRef renewed = MessageRef::renewed(*message, context_.now);
  if (context_.settings.is_gate) {
    return context_.forward({.message = std::move(renewed),
                             .reason = LeaveReason::released,
                             .stream = delayed().stream(),
                             .stored = stored});
  }
  Lane* lane = &lane_;
  if (levels_ != nullptr) {
    const std::uint8_t level = levels_->level_for(renewed->priority());
    lane = &levels_->at(level);
    levels_->note_ready(level);
  }
  lane->append(std::move(renewed), {});
}

}  // namespace tern::queue
