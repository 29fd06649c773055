#include "queue/machine.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace tern::queue {

Queue::Machine::Machine(const Settings& settings, Sink& sink)
    : settings_(settings),
      sink_(sink),
      lane_({.queue = settings.id,
             .stream = settings.id,
             .durable = settings.durable,
             .window_head_bytes = settings.window_head_bytes,
             .window_tail_bytes = settings.window_tail_bytes},
            sink, counts_),
      consumers_(sink) {}

void Queue::Machine::configure(const Rules& rules, Time) {
  rules_ = rules;
}

void Queue::Machine::restore(QueueId stream, const Recovered& recovered) {
  ensure(stream == settings_.id, "restored a stream of another queue");
  lane_.restore(recovered);
  low_water_noted_ = lane_.low_water_mark();
  delivered_noted_ = lane_.delivered_mark();
}

void Queue::Machine::publish(MessageRef&& message, const PublisherToken& token) {
  ensure(!closed_, "publish to a closed queue");
  if (counts_.ready == 0) {
    if (const auto consumer = consumers_.able_now(); consumer != Consumers::none) {
      deliver_new(std::move(message), token, consumer);
      note_marks();
      return;
    }
  }
  lane_.append(std::move(message), token);
  finish();
  if (lane_.is_overfull()) hold(token.session);
}

// Nothing waits and somebody can take: the message goes out at once. If it is settled by that, it
// needs neither a slot nor the store, and its publisher hears so at once.
void Queue::Machine::deliver_new(MessageRef&& message, const PublisherToken& token,
                                 Consumers::Index consumer) {
  const auto& record = consumers_.at(consumer);
  const ConsumerId id = record.id;
  const std::uint32_t bytes = message->bytes();
  Delivery delivery;
  delivery.queue = settings_.id;
  delivery.consumer = id.number;
  delivery.auto_ack = record.auto_ack;
  if (record.auto_ack) {
    delivery.position = lane_.pass();
    if (token.sequence != 0) sink_.publish_settled(token, PublishOutcome::accepted);
  } else {
    delivery.position = lane_.pass_unacked(message, token, consumer);
    lane_.balance(false);
  }
  delivery.message = std::move(message);
  consumers_.served(consumer, bytes);
  sink_.deliver(id, std::move(delivery));
}

ConsumeError Queue::Machine::consume(const ConsumerSpec& spec) {
  const ConsumeError error = consumers_.add(spec);
  if (error != ConsumeError::none) return error;
  lane_.revive_reads();
  finish();
  return error;
}

void Queue::Machine::cancel(const ConsumerId& consumer) {
  if (!consumers_.remove(consumer)) return;
  finish();
  if (settings_.auto_delete && consumers_.active() == 0) sink_.abandoned(settings_.id);
}

void Queue::Machine::get(const GetToken& token, bool auto_ack) {
  gets_.push_back({token, auto_ack});
  lane_.revive_reads();
  finish();
}

void Queue::Machine::settle(const ConsumerId& consumer, std::span<const Position> positions,
                            Settlement settlement) {
  const auto holder = consumers_.find(consumer);
  if (holder == Consumers::none) return;
  std::uint32_t count = 0;
  for (const Position position : positions) {
    Slot* const slot = lane_.unacked(position);
    if (slot == nullptr || slot->holder != holder) continue;
    ++count;
    if (settlement != Settlement::acked && settlement != Settlement::dropped)
      lane_.requeue(position, *slot);
    else
      lane_.settle(position, *slot);
  }
  if (count == 0) return;
  consumers_.settled(holder, count);
  finish();
}

void Queue::Machine::loaded(QueueId stream, Position from, Position next,
                            std::span<Loaded> messages) {
  ensure(stream == settings_.id, "loaded a stream of another queue");
  lane_.loaded(from, next, messages);
  finish();
}

void Queue::Machine::commit_advanced() {
  lane_.revive();
  finish();
}

std::uint64_t Queue::Machine::purge() {
  const std::uint64_t count = lane_.purge();
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
  for (const SessionId& session : held_) sink_.release_publisher(settings_.id, session);
  held_.clear();
}

void Queue::Machine::browse(const BrowseRequest& request) {
  sink_.browsed(settings_.id, request.operation, {}, 0);
}

void Queue::Machine::finish() {
  dispatch();
  counts_.consumers = consumers_.active();
  lane_.balance(counts_.consumers != 0 || !gets_.empty());
  lane_.flush();
  if (!held_.empty() && lane_.is_relaxed()) {
    for (const SessionId& session : held_) sink_.release_publisher(settings_.id, session);
    held_.clear();
  }
  note_marks();
}

void Queue::Machine::dispatch() {
  if (!gets_.empty()) serve_gets();
  Position position = 0;
  while (consumers_.any_able()) {
    Slot* const slot = lane_.front(position);
    if (slot == nullptr) break;
    const auto index = consumers_.pick(counts_.ready);
    if (index == Consumers::none) break;
    const auto& record = consumers_.at(index);
    const ConsumerId id = record.id;
    const std::uint32_t bytes = slot->bytes;
    Delivery delivery;
    delivery.consumer = id.number;
    delivery.auto_ack = record.auto_ack;
    if (record.auto_ack)
      lane_.take(position, *slot, delivery);
    else
      lane_.check_out(position, *slot, index, delivery);
    consumers_.served(index, bytes);
    sink_.deliver(id, std::move(delivery));
  }
  if (counts_.ready == 0) consumers_.return_permits();
}

// Gets are answered in order, and before consumers; one whose message must be read first waits.
void Queue::Machine::serve_gets() {
  std::size_t served = 0;
  for (; served != gets_.size(); ++served) {
    Position position = 0;
    Slot* const slot = counts_.ready == 0 ? nullptr : lane_.front(position);
    if (slot == nullptr && counts_.ready != 0) break;
    if (slot == nullptr)
      answer_empty(gets_[served]);
    else
      answer_get(gets_[served], position, *slot);
  }
  gets_.erase(gets_.begin(), gets_.begin() + static_cast<std::ptrdiff_t>(served));
}

void Queue::Machine::answer_get(const Get& get, Position position, Slot& slot) {
  Delivery delivery;
  delivery.auto_ack = get.auto_ack;
  if (get.auto_ack) {
    lane_.take(position, slot, delivery);
  } else {
    const auto holder = consumers_.holder({.session = get.token.session, .number = 0});
    consumers_.checked_out(holder);
    lane_.check_out(position, slot, holder, delivery);
  }
  sink_.got(get.token, std::move(delivery), counts_.ready);
}

void Queue::Machine::answer_empty(const Get& get) {
  Delivery nothing;
  nothing.queue = settings_.id;
  sink_.got(get.token, std::move(nothing), 0);
}

void Queue::Machine::hold(const SessionId& publisher) {
  if (!publisher || std::find(held_.begin(), held_.end(), publisher) != held_.end()) return;
  held_.push_back(publisher);
  sink_.hold_publisher(settings_.id, publisher);
}

void Queue::Machine::note_marks() {
  if (marks_due_ || !lane_.had_stored()) return;
  if (lane_.low_water_mark() == low_water_noted_ && lane_.delivered_mark() == delivered_noted_)
    return;
  marks_due_ = true;
  sink_.marks_changed(settings_.id);
}

void Queue::Machine::take_marks(std::vector<StreamMark>& to) {
  marks_due_ = false;
  if (!lane_.had_stored()) return;
  low_water_noted_ = lane_.low_water_mark();
  delivered_noted_ = lane_.delivered_mark();
  to.push_back(
      {.stream = settings_.id, .low_water = low_water_noted_, .delivered = delivered_noted_});
}

}  // namespace tern::queue
