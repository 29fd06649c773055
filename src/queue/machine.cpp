#include "queue/machine.hpp"

#include <algorithm>

#include "base/ensure.hpp"
#include "queue/place.hpp"

namespace tern::queue {

Queue::Machine::Machine(const Settings& settings, Sink& sink)
    : context_{.settings = settings, .sink = sink},
      sink_(sink),
      counts_(context_.counts),
      lane_(Levels::share_of(settings, 0), context_),
      pacing_(settings.window_tail_bytes),
      consumers_(sink, this) {
  plain_ = !settings.is_gate;
  if (settings.priority_max == 0) return;
  levels_ = std::make_unique<Levels>(context_, lane_);
  plain_ = false;
}

Lane& Queue::Machine::lane_of(QueueId stream) {
  if (levels_ != nullptr) return levels_->of_stream(stream);
  ensure(stream == context_.settings.id, "a stream of another queue");
  return lane_;
}

void Queue::Machine::restore(QueueId stream, const Recovered& recovered) {
  if (stream == delayed_stream(context_.settings.id)) {
    delayed().restore(recovered);
    return;
  }
  Lane& lane = lane_of(stream);
  lane.restore(recovered);
  if (levels_ != nullptr) levels_->note_ready(lane.level());
  plain_ = is_plain();
}

void Queue::Machine::publish(MessageRef&& message, const PublisherToken& token) {
  ensure(!closed_, "publish to a closed queue");
  ++counts_.published;
  if (!plain_ || message->has_ttl() || message->is_timed()) [[unlikely]]
    return publish_ruled(std::move(message), token);
  if (counts_.ready == 0) {
    if (const auto consumer = consumers_.able_now(); consumer != Consumers::none) {
      deliver_new(lane_, std::move(message), token, consumer);
      // Delivered under a timeout, it has made the queue one that needs to be woken.
      if (!plain_) return finish();
      note_marks();
      return;
    }
  }
  lane_.append(std::move(message), token);
  finish();
  hold_back(lane_, token);
}

// Nothing waits and somebody can take: the message goes out at once. If it is settled by that, it
// needs neither a slot nor the store, and its publisher hears so at once.
void Queue::Machine::deliver_new(Lane& lane, MessageRef&& message, const PublisherToken& token,
                                 Consumers::Index consumer) {
  const auto& record = consumers_.at(consumer);
  const ConsumerId id = record.id;
  const std::uint32_t bytes = message->bytes();
  Delivery delivery;
  delivery.queue = context_.settings.id;
  delivery.consumer = id.number;
  delivery.auto_ack = record.auto_ack;
  delivery.shows_count = context_.rules->shows_delivery_count;
  if (record.auto_ack) {
    delivery.position = lane.pass();
    if (token.sequence != 0) sink_.publish_settled(token, PublishOutcome::accepted);
  } else {
    delivery.position = lane.pass_unacked(message, token, consumer);
    lane.balance(false);
  }
  delivery.position = place_in_level(lane.level(), delivery.position);
  delivery.message = std::move(message);
  if (!delivery.auto_ack) note_held(consumer, delivery.position);
  consumers_.served(consumer, bytes);
  sink_.deliver(id, std::move(delivery));
}

ConsumeError Queue::Machine::consume(const ConsumerSpec& spec) {
  const ConsumeError error = consumers_.add(spec);
  if (error != ConsumeError::none) return error;
  wake_lanes();
  renew_lease();
  finish();
  return error;
}

void Queue::Machine::cancel(const ConsumerId& consumer) {
  if (!consumers_.remove(consumer)) return;
  finish();
  if (consumers_.active() == 0) renew_lease();
  if (context_.settings.auto_delete && consumers_.active() == 0)
    sink_.abandoned(context_.settings.id);
}

void Queue::Machine::get(const GetToken& token, bool auto_ack) {
  gets_.push_back({token, auto_ack});
  wake_lanes();
  renew_lease();
  finish();
}

void Queue::Machine::settle(const ConsumerId& consumer, std::span<const Position> positions,
                            Settlement settlement) {
  const auto holder = consumers_.find(consumer);
  if (holder == Consumers::none) return;
  std::uint32_t count = 0;
  for (const Position place : positions) {
    Lane* lane = nullptr;
    Slot* const slot = unacked_at(place, lane);
    if (slot == nullptr || slot->holder != holder) continue;
    ++count;
    if (settlement == Settlement::acked)
      lane->settle(position_of_place(place), *slot);
    else
      settle_one(*lane, position_of_place(place), *slot, settlement);
  }
  if (count == 0) return;
  consumers_.settled(holder, count);
  finish();
}

Slot* Queue::Machine::unacked_at(Position place, Lane*& lane) {
  if (levels_ == nullptr) {
    lane = &lane_;
    return lane_.unacked(place);
  }
  lane = levels_->find(level_of_place(place));
  return lane == nullptr ? nullptr : lane->unacked(position_of_place(place));
}

bool Queue::Machine::holds(Consumers::Index holder, Position place) {
  Lane* lane = nullptr;
  const Slot* const slot = unacked_at(place, lane);
  return slot != nullptr && slot->holder == holder;
}

// A holder has a message from now on; under a timeout that matters.
void Queue::Machine::note_held(Consumers::Index holder, Position place) {
  if (!consumers_.has_timeout(holder)) return;
  consumers_.held(holder, place, context_.now);
  plain_ = false;
}

// Anything but an acknowledgement.
void Queue::Machine::settle_one(Lane& lane, Position position, Slot& slot, Settlement settlement) {
  if (settlement == Settlement::dropped) return lane.reject(position, slot);
  consumers_.returned(slot.holder, place_in_level(lane.level(), position));
  lane.give_back(position, slot, settlement);
  if (levels_ != nullptr) levels_->note_ready(lane.level());
  if (lane.is_timed()) plain_ = false;
}

void Queue::Machine::loaded(QueueId stream, Position from, Position next,
                            std::span<Loaded> messages) {
  if (delayed_ != nullptr && stream == delayed_->stream()) {
    delayed_->loaded(from, next, messages);
    return finish();
  }
  Lane& lane = lane_of(stream);
  lane.loaded(from, next, messages);
  if (lane.is_timed()) plain_ = false;
  finish();
}

void Queue::Machine::due_loaded(QueueId stream, std::span<const DuePoint> entries, bool is_last) {
  if (delayed_ != nullptr && stream == delayed_->stream())
    delayed_->due_loaded(entries, is_last);
  else
    lane_of(stream).due_loaded(entries, is_last);
  finish();
}

void Queue::Machine::commit_advanced() {
  context_.wake_asked = false;
  wake_lanes();
  finish();
}

// Something happened that concerns all lanes, and may revive failed reads.
void Queue::Machine::wake_lanes() {
  if (levels_ == nullptr) return lane_.revive_reads();
  levels_->touch_all();
  levels_->each([](Lane& lane) { lane.revive_reads(); });
}

std::uint64_t Queue::Machine::purge() {
  std::uint64_t count = purge_parked();
  if (levels_ == nullptr) {
    count += lane_.purge();
  } else {
    levels_->touch_all();
    levels_->each([&count](Lane& lane) { count += lane.purge(); });
  }
  finish();
  return count;
}

void Queue::Machine::close() {
  ensure(!closed_, "queue closed twice");
  closed_ = true;
  consumers_.cancel_all();
  counts_.consumers = 0;
  for (const Get& get : gets_) answer_empty(get);
  gets_.clear();
  for (const SessionId& session : held_) sink_.release_publisher(context_.settings.id, session);
  held_.clear();
}

void Queue::Machine::finish() {
  if (plain_) [[likely]]
    dispatch();
  else
    run_rules();
  counts_.consumers = consumers_.active();
  finish_lanes();
  note_marks();
  if (plain_) [[likely]]
    return;
  ask_for_next();
  if (levels_ != nullptr) levels_->touch_none();
}

// Keeps the windows and reports what was settled. Publishers go on once the tails fit again.
void Queue::Machine::finish_lanes() {
  const bool wanted =
      counts_.consumers != 0 || !gets_.empty() || context_.rules->message_ttl.has_value();
  bool relaxed = true;
  if (browsing_ != nullptr) gather();
  const auto end = [&](Lane& lane) {
    lane.balance(wanted);
    lane.flush();
  };
  if (levels_ == nullptr)
    end(lane_);
  else
    levels_->each_touched(end);
  if (delayed_ != nullptr) delayed_->balance();
  const bool is_paced =
      !pacing_.releases(counts_.ready_bytes, counts_.consumers != 0, context_.now);
  if (is_paced) ask(pacing_.next_due());
  if (is_paced || held_.empty()) return;
  if (levels_ == nullptr)
    relaxed = lane_.is_relaxed();
  else
    levels_->each([&relaxed](const Lane& lane) { relaxed = relaxed && lane.is_relaxed(); });
  if (!relaxed || (delayed_ != nullptr && !delayed_->is_relaxed())) return;
  for (const SessionId& session : held_) sink_.release_publisher(context_.settings.id, session);
  held_.clear();
}

void Queue::Machine::dispatch() {
  if (!gets_.empty()) serve_gets();
  Lane* lane = nullptr;
  Position position = 0;
  while (consumers_.any_able()) {
    Slot* const slot = next_ready(lane, position);
    if (slot == nullptr) break;
    const auto index = consumers_.pick(counts_.ready - parked());
    if (index == Consumers::none) {
      unclaim(*lane, position, *slot);
      break;
    }
    const auto& record = consumers_.at(index);
    const ConsumerId id = record.id;
    const std::uint32_t bytes = slot->bytes;
    Delivery delivery;
    delivery.consumer = id.number;
    delivery.auto_ack = record.auto_ack;
    if (record.auto_ack)
      lane->take(position, *slot, delivery);
    else
      lane->check_out(position, *slot, index, delivery);
    if (levels_ != nullptr) levels_->served(lane->level());
    if (!delivery.auto_ack) note_held(index, delivery.position);
    consumers_.served(index, bytes);
    sink_.deliver(id, std::move(delivery));
  }
  if (counts_.ready == parked()) consumers_.return_permits();
}

// Gets are answered in order, and before consumers; one whose message must be read first waits.
void Queue::Machine::serve_gets() {
  std::size_t served = 0;
  for (; served != gets_.size(); ++served) {
    Lane* lane = nullptr;
    Position position = 0;
    Slot* const slot = counts_.ready == 0 ? nullptr : next_ready(lane, position);
    if (slot == nullptr && counts_.ready != parked()) break;
    if (slot == nullptr)
      answer_empty(gets_[served]);
    else
      answer_get(gets_[served], *lane, position, *slot);
  }
  gets_.erase(gets_.begin(), gets_.begin() + static_cast<std::ptrdiff_t>(served));
}

void Queue::Machine::answer_get(const Get& get, Lane& lane, Position position, Slot& slot) {
  Delivery delivery;
  delivery.auto_ack = get.auto_ack;
  if (get.auto_ack) {
    lane.take(position, slot, delivery);
  } else {
    const auto holder = consumers_.holder({.session = get.token.session, .number = 0});
    consumers_.checked_out(holder);
    lane.check_out(position, slot, holder, delivery);
  }
  if (levels_ != nullptr) levels_->served(lane.level());
  sink_.got(get.token, std::move(delivery), counts_.ready);
}

void Queue::Machine::answer_empty(const Get& get) {
  Delivery nothing;
  nothing.queue = context_.settings.id;
  sink_.got(get.token, std::move(nothing), 0);
}

// After a publish that left a message waiting.
void Queue::Machine::hold_back(const Lane& lane, const PublisherToken& token) {
  const bool is_paced = pacing_.holds(counts_.ready_bytes, counts_.consumers != 0, context_.now);
  if (is_paced) ask(pacing_.next_due());
  if (is_paced || lane.is_overfull()) hold(token.session);
}

void Queue::Machine::hold(const SessionId& publisher) {
  if (!publisher || std::find(held_.begin(), held_.end(), publisher) != held_.end()) return;
  held_.push_back(publisher);
  sink_.hold_publisher(context_.settings.id, publisher);
}

void Queue::Machine::note_marks() {
  if (marks_due_) return;
  bool changed = false;
  if (levels_ == nullptr)
    changed = lane_.has_marks();
  else
    levels_->each_touched([&changed](const Lane& lane) { changed = changed || lane.has_marks(); });
  changed = changed || (delayed_ != nullptr && delayed_->has_marks());
  if (!changed) return;
  marks_due_ = true;
  sink_.marks_changed(context_.settings.id);
}

void Queue::Machine::take_marks(std::vector<StreamMark>& to) {
  marks_due_ = false;
  const auto take = [&to](Lane& lane) {
    if (lane.has_marks()) to.push_back(lane.take_marks());
  };
  if (levels_ == nullptr)
    take(lane_);
  else
    levels_->each(take);
  if (delayed_ != nullptr && delayed_->has_marks()) to.push_back(delayed_->take_marks());
}

}  // namespace tern::queue
