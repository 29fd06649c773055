// The half of Lane that deals with messages that come back or leave unconsumed: expiry, limits,
// rejection, retries.

#include <algorithm>
#include <functional>

#include "base/ensure.hpp"
#include "queue/lane.hpp"
#include "queue/place.hpp"
#include "queue/retry.hpp"

namespace tern::queue {

namespace {
/// When to look again at a message that cannot become ready because others are being read.
constexpr Millis look_again{10};
}  // namespace

// A message that is counted nowhere any more leaves. One that goes on to another place must be in
// memory, and its copy in the store is settled, never withdrawn: so its new copy and that are
// written together.
void Lane::leave(Position position, Slot& slot, LeaveReason reason, std::uint64_t operation) {
  context_.count(reason);
  if (!context_.forwards(reason)) {
    forget(position, slot);
    return;
  }
  if (!slot.message) {
    leaving().wishes.insert_or_assign(
        position, Wish{.reason = reason, .operation = operation, .is_out = true});
    release_slot(position, slot);
    return;
  }
  Forward forward;
  forward.message = slot.message;
  forward.reason = reason;
  forward.operation = operation;
  lose_resident(slot);
  if (is_on_its_way(slot)) {
    forward.stream = config_.stream;
    forward.stored = {position, position + 1, 1, slot.bytes, slot.body_bytes, slot.spilled};
  }
  release_slot(position, slot);
  context_.forward(std::move(forward));
}

void Lane::reject(Position position, Slot& slot) {
  uncount_unacked(slot);
  leave(position, slot, LeaveReason::rejected);
}

void Lane::give_back(Position position, Slot& slot, Settlement settlement) {
  uncount_unacked(slot);
  const Rules& rules = *context_.rules;
  Time due{};
  // Even one that nobody saw may come after later ones now: the flag says so, as RabbitMQ's does.
  slot.redelivered = true;
  if (settlement != Settlement::undelivered) {
    ++slot.delivery_count;
    if (rules.delivery_limit && slot.delivery_count > *rules.delivery_limit)
      return leave(position, slot, LeaveReason::delivery_limit);
    if (is_retried_later(rules.retry, settlement)) {
      const Position place = place_in_level(config_.level, position);
      const Millis delay =
          retry_delay(rules.retry, slot.delivery_count,
                      retry_random(context_.settings.seed, place, slot.delivery_count));
      if (delay.count() > 0) due = Context::later(context_.now, delay);
    }
    const bool is_noted = rules.delivery_limit || rules.retry.type != Retry::Type::disabled;
    if (is_noted && is_on_its_way(slot) && !slot.spilled)
      sink_.note_return(config_.stream, position, slot.delivery_count, due);
  }
  if (due == Time{})
    make_ready(position, slot);
  else
    delay(position, slot, due);
}

// A message below the cursor is ready from here on, unless it has expired.
void Lane::make_ready(Position position, Slot& slot) {
  if (slot.overdue || (slot.message && context_.is_expired(*slot.message)))
    return leave(position, slot, LeaveReason::expired);
  slot.state = SlotState::ready;
  count_ready(slot);
  push_returned(position);
  came_back(position, slot);
}

void Lane::delay(Position position, Slot& slot, Time due) {
  slot.state = SlotState::delayed;
  ++counts_.delayed;
  delayed_.push_back({due, position});
  std::push_heap(delayed_.begin(), delayed_.end(), std::greater<>());
  if (is_stored(slot)) lose_resident(slot);
}

void Lane::end_delay(Position position) {
  Slot* const slot = slots_.find(position);
  if (slot == nullptr) return release_waiting(position);
  if (slot->state != SlotState::delayed) return;
  --counts_.delayed;
  make_ready(position, *slot);
}

// A message that has waited since before the restart joins the middle, or gets its slot.
void Lane::release_waiting(Position position) {
  if (!is_waiting(position)) return;
  const auto found = earlier_->waiting.find(position);
  if (is_in_middle(position) && draining() != 0) {
    delayed_.push_back({context_.now + look_again, position});
    std::push_heap(delayed_.begin(), delayed_.end(), std::greater<>());
    return;
  }
  const Waiting waiting = found->second;
  stop_waiting(found);
  if (is_in_middle(position)) {
    ++kept_.count;
    ++counts_.ready;
    earlier_->back.insert_or_assign(position, waiting.delivery_count);
    if (waiting.overdue) leaving().wishes.emplace(position, Wish{.reason = LeaveReason::expired});
    // In order, but no member until it is first: those before it go first.
    if (waiting.group != Groups::none) leave_group(position, waiting.group, SlotState::delayed);
    return;
  }
  Slot& slot = slots_.occupy(position);
  slot.loaded = slot.redelivered = true;
  slot.delivery_count = waiting.delivery_count;
  slot.group = waiting.group;
  if (waiting.overdue) leaving().wishes.emplace(position, Wish{.reason = LeaveReason::expired});
  if (position < cursor_) return make_ready(position, slot);
  count_ready(slot);
  ++head_count_;
  ++slim_head_;
  came_back(position, slot);
}

// An active message of a group is in order again.
void Lane::came_back(Position position, const Slot& slot) {
  if (slot.group == Groups::none || context_.grouping == nullptr) return;
  const Position place = place_in_level(config_.level, position);
  if (const auto offered = context_.grouping->groups.came_back(slot.group, place))
    context_.grouping->offer(*offered);
}

// An expiration of a message's own has come, wherever the message stands.
void Lane::fire(const DuePoint& point) {
  const Position position = point.position;
  Slot* const slot = slots_.find(position);
  // After a restart positions that nothing was stored under are used again: the entry may be of a
  // message that has gone. What is not in memory is looked at first.
  if (slot != nullptr && slot->message && Context::own_expiry(*slot->message) > context_.now)
    return;
  if (slot != nullptr && !slot->message) {
    leaving().wishes.emplace(position, Wish{.reason = LeaveReason::expired});
  } else if (slot != nullptr && slot->state == SlotState::ready) {
    remove_ready(position, *slot);
    leave(position, *slot, LeaveReason::expired);
    if (!is_wished_away(position)) return;
  } else if (slot != nullptr && slot->state == SlotState::parked) {
    remove_parked(*slot);
    leave(position, *slot, LeaveReason::expired);
    if (!is_wished_away(position)) return;
  } else if (slot != nullptr) {
    slot->overdue = true;
  } else if (is_waiting(position)) {
    earlier_->waiting.find(position)->second.overdue = true;
  } else if (is_in_middle(position) && !is_hole(position)) {
    leaving().wishes.emplace(position, Wish{.reason = LeaveReason::expired});
  } else {
    return;
  }
  unfinished_.push_back(point);
  std::push_heap(unfinished_.begin(), unfinished_.end(), std::greater<>());
}

void Lane::fire_due(std::uint32_t& budget) {
  for (; due_ != nullptr && budget != 0; --budget) {
    const auto point = due_->pop_due(context_.now);
    if (!point) break;
    fire(*point);
  }
  for (; !delayed_.empty() && delayed_.front().due <= context_.now && budget != 0; --budget) {
    const Position position = delayed_.front().position;
    std::pop_heap(delayed_.begin(), delayed_.end(), std::greater<>());
    delayed_.pop_back();
    end_delay(position);
  }
  if (parked_ != nullptr) expire_parked(budget);
  if (!context_.rules->message_ttl && due_ == nullptr) return;
  for (; budget != 0; --budget) {
    Position position = 0;
    Slot* const slot = front(position);
    if (slot == nullptr || !context_.is_expired(*slot->message)) return;
    expire_front(position, *slot);
  }
}

void Lane::expire_front(Position position, Slot& slot) {
  remove_ready(position, slot);
  leave(position, slot, LeaveReason::expired);
}

std::uint64_t Lane::drop_oldest(std::uint64_t most) {
  Position position = 0;
  Slot* slot = first_ready(position);
  if (slot == nullptr && middle_ready() == 0) {
    position = tail_begin_;
    slot = slots_.at_or_after(position);
  }
  if (has_parked()) {
    Position parked = 0;
    Slot* const first = first_parked(parked);
    if (slot == nullptr || parked < position) {
      remove_parked(*first);
      leave(parked, *first, LeaveReason::maxlen);
      return 1;
    }
  }
  if (slot != nullptr) {
    remove_ready(position, *slot);
    leave(position, *slot, LeaveReason::maxlen);
    return 1;
  }
  // The doomed ones must be the first of the middle; what is purged there has to go before.
  if (leaving_ != nullptr && leaving_->condemned != 0) return 0;
  const std::uint64_t count = std::min(most, middle_ready());
  if (count == 0) return 0;
  leaving().doomed += count;
  counts_.ready -= count;
  context_.count(LeaveReason::maxlen, count);
  return count;
}

std::optional<Time> Lane::next_due() {
  std::optional<Time> next;
  const auto consider = [&next](Time time) {
    if (time != Context::never && (!next || time < *next)) next = time;
  };
  if (due_ != nullptr) {
    if (const auto due = due_->next()) consider(*due);
  }
  if (!delayed_.empty()) consider(delayed_.front().due);
  if (parked_ != nullptr && !parked_->due.empty()) consider(parked_->due.front().due);
  if (context_.rules->message_ttl) {
    Position position = 0;
    if (const Slot* const slot = front(position); slot != nullptr)
      consider(context_.expiry(*slot->message));
  }
  return next;
}

DueIndex& Lane::due_index() {
  if (due_ == nullptr) {
    due_ = std::make_unique<DueIndex>(config_.stream, sink_,
                                      [this](Position position) { return keeping_of(position); });
  }
  return *due_;
}

DueIndex::Keeping Lane::keeping_of(Position position) {
  if (const Slot* const slot = slots_.find(position); slot != nullptr)
    return is_stored(*slot) ? DueIndex::Keeping::stored : DueIndex::Keeping::memory;
  if (is_in_middle(position)) {
    return is_hole(position) ? DueIndex::Keeping::gone : DueIndex::Keeping::stored;
  }
  return is_waiting(position) ? DueIndex::Keeping::stored : DueIndex::Keeping::gone;
}

void Lane::note_due(const Message& message, Position position, bool is_stored) {
  due_index().add({Context::own_expiry(message), position}, is_stored);
}

bool Lane::is_here(Position position) noexcept {
  return slots_.find(position) != nullptr || is_wished_away(position) || is_waiting(position);
}

void Lane::due_loaded(std::span<const DuePoint> entries, bool is_last) {
  due_index().loaded(entries, is_last);
}

// Reads on in the index of due times, and lets the store forget what has fired and is dealt with.
void Lane::keep_due() {
  due_->read_on();
  while (!unfinished_.empty() && !is_here(unfinished_.front().position)) {
    std::pop_heap(unfinished_.begin(), unfinished_.end(), std::greater<>());
    unfinished_.pop_back();
  }
  if (unfinished_.empty())
    due_->trim();
  else
    due_->trim(unfinished_.front());
}

}  // namespace tern::queue
