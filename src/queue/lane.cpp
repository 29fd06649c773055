#include "queue/lane.hpp"

#include <algorithm>
#include <functional>

#include "base/ensure.hpp"
#include "queue/place.hpp"

namespace tern::queue {

Lane::Lane(const Config& config, Context& context)
    : config_(config),
      context_(context),
      sink_(context.sink),
      counts_(context.counts),
      settled_(config.stream, context.sink) {}

void Lane::restore(const Recovered& recovered) {
  ensure(next_ == 1, "restored a lane in use");
  // The marks are noted for messages that never reached the store too, so they may lie above it.
  next_ = std::max({recovered.next, recovered.low_water_mark, recovered.delivered});
  const bool empty = recovered.count == 0;
  cursor_ = head_end_ = empty ? next_ : recovered.low_water_mark;
  tail_begin_ = paged_end_ = next_;
  slimmed_end_ = cursor_;
  delivered_ = redelivered_below_ = recovered.delivered;
  if (!empty) kept_ = {recovered.count, recovered.bytes, recovered.body_bytes};
  for (const Returned& returned : recovered.returned) {
    if (returned.due == Time{}) {
      earlier().back.emplace(returned.position, returned.delivery_count);
      continue;
    }
    ensure(kept_.count != 0, "more messages came back than there are");
    --kept_.count;
    ++counts_.delayed;
    earlier().waiting.emplace(returned.position, Waiting{returned.delivery_count, returned.due});
    delayed_.push_back({returned.due, returned.position});
  }
  std::make_heap(delayed_.begin(), delayed_.end(), std::greater<>());
  // How large those are that wait is not known until they are read: about as large as the others.
  if (is_any_waiting_from(0)) {
    const std::uint64_t waiting = earlier_->waiting.size();
    kept_.bytes -= kept_.bytes / recovered.count * waiting;
    kept_.body_bytes -= kept_.body_bytes / recovered.count * waiting;
  }
  // Without a middle there is nothing to read ahead; those that wait are read one by one.
  if (kept_.count == 0) {
    kept_ = {};
    cursor_ = head_end_ = slimmed_end_ = next_;
  }
  counts_.ready += kept_.count;
  counts_.ready_bytes += kept_.bytes;
  counts_.ready_body_bytes += kept_.body_bytes;
  had_stored_ = next_ != 1;
  if (recovered.has_due) due_index().restore(true);
  low_water_noted_ = low_water_mark();
  delivered_noted_ = recovered.is_delivered_noted ? delivered_ : 0;
}

std::uint64_t Lane::stage_if_kept(Position position, const MessageRef& message,
                                  const PublisherToken& token) {
  const bool kept = is_kept(*message);
  Time due{};
  if (message->has_ttl()) [[unlikely]] {
    due = Context::own_expiry(*message);
    note_due(*message, position, kept);
  }
  if (!kept) {
    if (token.sequence != 0) sink_.publish_settled(token, PublishOutcome::accepted);
    return 0;
  }
  had_stored_ = true;
  last_stage_ = sink_.stage(config_.stream, position, message, token, due);
  return last_stage_;
}

// A new ready message belongs to the head as long as nothing lies between, and the window has room.
Position Lane::next_position(std::uint32_t bytes) {
  const Position position = next_++;
  const bool fits = head_bytes_ == 0 || head_bytes_ + bytes <= config_.window_head_bytes;
  if (head_end_ == position && fits) {
    head_end_ = tail_begin_ = paged_end_ = next_;
    head_bytes_ += bytes;
    ++head_count_;
  } else {
    tail_bytes_ += bytes;
  }
  return position;
}

void Lane::append(MessageRef&& message, const PublisherToken& token) {
  const std::uint32_t bytes = message->bytes();
  const Position position = next_position(bytes);
  Slot& slot = slots_.occupy(position);
  slot.bytes = bytes;
  slot.body_bytes = static_cast<std::uint32_t>(message->body().size());
  slot.timed = message->has_ttl();
  slot.stage = stage_if_kept(position, message, token);
  slot.message = std::move(message);
  count_ready(slot);
  counts_.resident_bytes += bytes;
}

Position Lane::pass() {
  ensure(head_count_ + tail_bytes_ + kept_.count + spilled_.count == 0,
         "passed by waiting messages");
  const Position position = next_++;
  cursor_ = head_end_ = tail_begin_ = paged_end_ = delivered_ = next_;
  return position;
}

Position Lane::pass_unacked(const MessageRef& message, const PublisherToken& token,
                            std::uint32_t holder) {
  const Position position = pass();
  Slot& slot = slots_.occupy(position);
  slot.bytes = message->bytes();
  slot.body_bytes = static_cast<std::uint32_t>(message->body().size());
  slot.timed = message->has_ttl();
  slot.stage = stage_if_kept(position, message, token);
  slot.message = message;
  slot.holder = holder;
  slot.state = SlotState::unacked;
  ++counts_.unacked;
  counts_.unacked_bytes += slot.bytes;
  counts_.resident_bytes += slot.bytes;
  handed_out_bytes_ += slot.bytes;
  return position;
}

bool Lane::is_stored(const Slot& slot) const noexcept {
  return slot.loaded || (slot.stage != 0 && slot.stage <= sink_.committed_stage());
}

void Lane::count_ready(const Slot& slot) noexcept {
  ++counts_.ready;
  counts_.ready_bytes += slot.bytes;
  counts_.ready_body_bytes += slot.body_bytes;
}

void Lane::uncount_ready(const Slot& slot) noexcept {
  --counts_.ready;
  counts_.ready_bytes -= slot.bytes;
  counts_.ready_body_bytes -= slot.body_bytes;
}

void Lane::uncount_unacked(const Slot& slot) noexcept {
  --counts_.unacked;
  counts_.unacked_bytes -= slot.bytes;
}

Slot* Lane::first_ready(Position& position) {
  if (!returned_.empty()) {
    if (Slot* const slot = first_returned(position); slot != nullptr) return slot;
  }
  if (head_count_ == 0) absorb();
  if (head_count_ == 0) return nullptr;
  position = cursor_;
  Slot* const slot = slots_.at_or_after(position);
  ensure(slot != nullptr && position < head_end_, "head without its messages");
  cursor_ = position;
  return slot;
}

// The lowest requeued message; those that left meanwhile are taken off the heap on the way.
Slot* Lane::first_returned(Position& position) {
  while (!returned_.empty()) {
    position = returned_.front();
    Slot* const slot = slots_.find(position);
    if (slot != nullptr && slot->state == SlotState::ready) return slot;
    ensure(returned_stale_ != 0, "requeued message without a slot");
    --returned_stale_;
    pop_returned();
  }
  return nullptr;
}

void Lane::push_returned(Position position) {
  returned_.push_back(position);
  std::push_heap(returned_.begin(), returned_.end(), std::greater<>());
}

void Lane::pop_returned() {
  std::pop_heap(returned_.begin(), returned_.end(), std::greater<>());
  returned_.pop_back();
}

// The front message stops being ready; its memory counts as handed out from here on.
void Lane::leave_ready(Position position, Slot& slot) {
  uncount_ready(slot);
  // Not only at the cursor: a message that was parked may be the highest one handed out.
  delivered_ = std::max(delivered_, position + 1);
  if (position < cursor_) {
    pop_returned();
    return;
  }
  cursor_ = position + 1;
  --head_count_;
  head_bytes_ -= slot.bytes;
  handed_out_bytes_ += slot.bytes;
}

// A message anywhere in memory stops being ready; its memory counts as handed out from here on.
void Lane::remove_ready(Position position, Slot& slot) {
  ensure(slot.state == SlotState::ready, "removed a message that is not ready");
  uncount_ready(slot);
  if (position < cursor_) {
    if (returned_.front() == position)
      pop_returned();
    else
      ++returned_stale_;
    return;
  }
  handed_out_bytes_ += slot.bytes;
  if (position < head_end_) {
    --head_count_;
    if (!slot.message) --slim_head_;
    head_bytes_ -= slot.bytes;
    return;
  }
  ensure(position >= tail_begin_, "a slot in the middle");
  if (is_on_its_way(slot)) leaving().holes.insert(position);
  if (position < paged_end_) tail_leaving_bytes_ -= slot.bytes;
  tail_bytes_ -= slot.bytes;
  if (tail_bytes_ == 0) absorb();
}

void Lane::fill_delivery(Position position, const Slot& slot, Delivery& delivery) const {
  delivery.queue = context_.settings.id;
  delivery.position = place_in_level(config_.level, position);
  delivery.delivery_count = slot.delivery_count;
  delivery.redelivered = slot.redelivered || position < redelivered_below_;
  delivery.shows_count = context_.rules->shows_delivery_count;
}

void Lane::check_out(Position position, Slot& slot, std::uint32_t holder, Delivery& delivery) {
  leave_ready(position, slot);
  fill_delivery(position, slot, delivery);
  slot.state = SlotState::unacked;
  slot.holder = holder;
  ++counts_.unacked;
  counts_.unacked_bytes += slot.bytes;
  delivery.message = slot.message;
  if (handed_out_bytes_ > config_.window_head_bytes && is_stored(slot)) lose_resident(slot);
}

void Lane::take(Position position, Slot& slot, Delivery& delivery) {
  leave_ready(position, slot);
  fill_delivery(position, slot, delivery);
  handed_out_bytes_ -= slot.bytes;
  counts_.resident_bytes -= slot.bytes;
  delivery.message = std::move(slot.message);
  slot.state = SlotState::unacked;
  forget(position, slot);
}

// Drops the message of a slot below the cursor from memory.
void Lane::lose_resident(Slot& slot) {
  if (!slot.message) return;
  slot.message.reset();
  handed_out_bytes_ -= slot.bytes;
  counts_.resident_bytes -= slot.bytes;
}

// A message below the cursor is done with: gone from memory, and from the store if it is there.
void Lane::forget(Position position, Slot& slot) {
  lose_resident(slot);
  const bool stored = is_stored(slot) || (slot.stage != 0 && !sink_.unstage(slot.stage));
  if (stored) settled_.add(position, slot.bytes, slot.body_bytes, slot.spilled);
  release_slot(position, slot);
}

void Lane::release_slot(Position position, Slot& slot) {
  const std::uint32_t group = slot.group;
  const SlotState state = slot.state;
  slots_.release(position);
  if (group != 0) leave_group(position, group, state);
}

Slot* Lane::unacked(Position position) noexcept {
  Slot* const slot = slots_.find(position);
  return slot != nullptr && slot->state == SlotState::unacked ? slot : nullptr;
}

void Lane::settle(Position position, Slot& slot) {
  uncount_unacked(slot);
  forget(position, slot);
}

std::uint64_t Lane::purge() {
  const std::uint64_t before = counts_.ready;
  std::sort(returned_.begin(), returned_.end());
  for (const Position position : returned_) {
    Slot* const slot = slots_.find(position);
    if (slot == nullptr || slot->state != SlotState::ready) continue;
    uncount_ready(*slot);
    forget(position, *slot);
  }
  returned_.clear();
  returned_stale_ = 0;
  handed_out_bytes_ += head_bytes_ + tail_bytes_;
  for (;;) {
    Slot* const slot = slots_.at_or_after(cursor_);
    if (slot == nullptr) break;
    uncount_ready(*slot);
    forget(cursor_, *slot);
  }
  if (middle_count() != 0) purge_middle();
  if (leaving_ != nullptr)
    std::erase_if(leaving_->wishes, [](const auto& entry) { return !entry.second.is_out; });
  cursor_ = next_;
  if (middle_count() == 0) head_end_ = next_;
  tail_begin_ = paged_end_ = next_;
  head_bytes_ = head_count_ = slim_head_ = tail_bytes_ = tail_leaving_bytes_ = 0;
  return before - counts_.ready;
}

// One range a stream, whatever the middle's length; unless some of it stays: then it is read, and
// settled bit by bit.
void Lane::purge_middle() {
  counts_.ready -= middle_ready();
  if (draining() != 0 || is_any_waiting_from(head_end_)) {
    leaving().condemned = middle_count() - leaving().doomed;
    return;
  }
  const auto settle = [this](Stored& stored, bool spilled) {
    counts_.ready_bytes -= stored.bytes;
    counts_.ready_body_bytes -= stored.body_bytes;
    if (stored.count == 0) return;
    sink_.settle_stored(config_.stream, {.first = head_end_,
                                         .last = tail_begin_,
                                         .count = stored.count,
                                         .bytes = stored.bytes,
                                         .body_bytes = stored.body_bytes,
                                         .spilled = spilled});
    stored = {};
  };
  settle(kept_, false);
  settle(spilled_, true);
}

Position Lane::low_water_mark() const noexcept {
  const Position in_memory = slots_.first();
  Position lowest = in_memory == 0 ? next_ : in_memory;
  if (is_any_waiting_from(0)) lowest = std::min(lowest, earlier_->waiting.begin()->first);
  if (has_wishes()) lowest = std::min(lowest, leaving_->wishes.begin()->first);
  return middle_count() == 0 ? lowest : std::min(lowest, head_end_);
}

StreamMark Lane::take_marks() noexcept {
  low_water_noted_ = low_water_mark();
  delivered_noted_ = delivered_;
  return {.stream = config_.stream, .low_water = low_water_noted_, .delivered = delivered_noted_};
}

}  // namespace tern::queue
