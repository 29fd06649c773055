// The half of Lane for operators: it shows messages without changing anything, and lets them
// intervene. What is not in memory is read for the page alone.

#include <algorithm>
#include <utility>

#include "base/ensure.hpp"
#include "queue/lane.hpp"
#include "queue/place.hpp"

namespace tern::queue {

bool Lane::look(MessageState state, Position& from, BrowsePage& page) {
  while (!page.is_full()) {
    Position position = std::max<Position>(from, 1);
    Slot* const slot = slots_.at_or_after(position);
    const bool has_middle =
        state == MessageState::ready && middle_count() != 0 && from < tail_begin_;
    if (has_middle && (slot == nullptr || position >= head_end_)) {
      if (!look_into_middle(from, page)) return false;
      continue;
    }
    if (state == MessageState::delayed && earlier_ != nullptr) {
      const auto waiting = earlier_->waiting.lower_bound(std::max<Position>(from, 1));
      if (waiting != earlier_->waiting.end() && (slot == nullptr || waiting->first < position)) {
        if (!look_at_waiting(waiting, page)) return false;
        from = waiting->first + 1;
        continue;
      }
    }
    if (slot == nullptr) {
      from = 0;
      return true;
    }
    if (is_shown(*slot, state) && !look_at(position, *slot, page)) return false;
    from = position + 1;
  }
  return true;
}

bool Lane::is_shown(const Slot& slot, MessageState state) const noexcept {
  if (state == MessageState::unacked) return slot.state == SlotState::unacked;
  if (state == MessageState::delayed) return slot.state == SlotState::delayed;
  return slot.state == SlotState::ready || slot.state == SlotState::parked;
}

bool Lane::look_at(Position position, const Slot& slot, BrowsePage& page) {
  Found found;
  found.message = slot.message;
  if (!found.message) {
    auto looked = looked_up(position, position + 1, page);
    if (!looked) return false;
    if (looked->messages.empty()) return true;
    found.message = std::move(looked->messages.front().message);
  }
  found.position = place_in_level(config_.level, position);
  found.state = slot.state == SlotState::unacked   ? MessageState::unacked
                : slot.state == SlotState::delayed ? MessageState::delayed
                                                   : MessageState::ready;
  found.redelivered = slot.redelivered || position < redelivered_below_;
  found.delivery_count = slot.delivery_count;
  if (slot.state == SlotState::delayed) {
    for (const DuePoint& point : delayed_)
      if (point.position == position) found.due = point.due;
  }
  page.add(std::move(found));
  return true;
}

// One that has waited since before the restart is only in the store.
bool Lane::look_at_waiting(const WaitingPlace& waiting, BrowsePage& page) {
  const auto& [position, what] = *waiting;
  auto looked = looked_up(position, position + 1, page);
  if (!looked) return false;
  if (looked->messages.empty()) return true;
  page.add({.position = place_in_level(config_.level, position),
            .state = MessageState::delayed,
            .redelivered = true,
            .delivery_count = what.delivery_count,
            .due = what.due,
            .holder = {},
            .message = std::move(looked->messages.front().message)});
  return true;
}

// Those that are on their way out of the middle are not shown; where nobody knows yet which ones
// these are, the page waits.
bool Lane::look_into_middle(Position& from, BrowsePage& page) {
  if (draining() != 0) return false;
  auto looked = looked_up(std::max(from, head_end_), tail_begin_, page);
  if (!looked) return false;
  for (Loaded& loaded : looked->messages) {
    if (page.is_full()) return true;
    const Position position = loaded.position;
    from = position + 1;
    const bool is_there = is_in_middle(position) && !is_hole(position) &&
                          !is_wished_away(position) && !is_waiting(position);
    if (!is_there) continue;
    Found found;
    found.position = place_in_level(config_.level, position);
    found.delivery_count = loaded.delivery_count;
    found.redelivered = position < redelivered_below_;
    if (const auto count = returns_before(position)) {
      found.delivery_count = *count;
      found.redelivered = true;
    }
    found.message = std::move(loaded.message);
    page.add(std::move(found));
  }
  // A read that failed ends the middle, not the queue.
  from = looked->next > looked->from ? looked->next : tail_begin_;
  return true;
}

// The answer to a read of this range, if it is there; otherwise asks for it as soon as possible.
std::optional<Lane::Looked> Lane::looked_up(Position from, Position to, const BrowsePage& page) {
  const std::unique_ptr<Looked> looked = std::exchange(looked_, nullptr);
  if (looked != nullptr && looked->from == from) return std::move(*looked);
  const std::uint64_t bytes_max = std::min(page.bytes_max, config_.window_head_bytes / 2);
  if (reading_ == Reading::nothing)
    read(Reading::looking, from, to, std::max<std::uint64_t>(bytes_max, 1));
  return std::nullopt;
}

bool Lane::intervene(Position position, Intervention intervention, const MessageRef& message,
                     std::uint64_t operation) {
  Slot* const slot = slots_.find(position);
  if (slot == nullptr) return intervene_in_middle(position, intervention, message, operation);
  const bool is_ready = slot->state == SlotState::ready || slot->state == SlotState::parked;
  if (slot->state == SlotState::delayed) {
    if (intervention == Intervention::redrive) return false;
    --counts_.delayed;
    if (intervention == Intervention::release)
      make_ready(position, *slot);
    else
      forget(position, *slot);
    return true;
  }
  if (!is_ready || intervention == Intervention::release) return false;
  if (intervention == Intervention::redrive && !slot->message && !message) return false;
  if (slot->state == SlotState::parked)
    remove_parked(*slot);
  else
    remove_ready(position, *slot);
  if (intervention == Intervention::remove) {
    forget(position, *slot);
    return true;
  }
  if (!slot->message) {
    slot->message = message;
    handed_out_bytes_ += slot->bytes;
    counts_.resident_bytes += slot->bytes;
  }
  leave(position, *slot, LeaveReason::redriven, operation);
  return true;
}

bool Lane::intervene_in_middle(Position position, Intervention intervention,
                               const MessageRef& message, std::uint64_t operation) {
  if (is_waiting(position))
    return intervene_in_waiting(earlier_->waiting.find(position), intervention, message);
  const bool is_there = is_in_middle(position) && !is_hole(position) && !is_wished_away(position);
  if (intervention == Intervention::release || !is_there || !message || draining() != 0)
    return false;
  --counts_.ready;
  const Wish wish{.reason = LeaveReason::redriven, .operation = operation};
  Loaded loaded{.position = position, .message = message};
  leave_middle(loaded, intervention == Intervention::redrive ? &wish : nullptr);
  return true;
}

bool Lane::intervene_in_waiting(const WaitingPlace& waiting, Intervention intervention,
                                const MessageRef& message) {
  const Position position = waiting->first;
  if (intervention == Intervention::release) {
    release_waiting(position);
    return !is_waiting(position);
  }
  if (intervention == Intervention::redrive || !message) return false;
  const std::uint32_t group = waiting->second.group;
  stop_waiting(waiting);
  if (is_in_middle(position)) leaving().holes.insert(position);
  settled_.add(position, message->bytes(), message->body().size(), false);
  if (group != Groups::none) leave_group(position, group, SlotState::delayed);
  return true;
}

}  // namespace tern::queue
