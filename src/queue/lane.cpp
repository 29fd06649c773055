#include "queue/lane.hpp"

#include <algorithm>
#include <functional>

#include "base/ensure.hpp"

namespace tern::queue {

Lane::Lane(const Config& config, Sink& sink, Counts& counts)
    : config_(config), sink_(sink), counts_(counts), settled_(config.stream, sink) {}

void Lane::restore(const Recovered& recovered) {
  ensure(next_ == 1, "restored a lane in use");
  // The marks are noted for messages that never reached the store too, so they may lie above it.
  next_ = std::max({recovered.next, recovered.low_water_mark, recovered.delivered});
  const bool empty = recovered.count == 0;
  cursor_ = head_end_ = empty ? next_ : recovered.low_water_mark;
  tail_begin_ = paged_end_ = next_;
  slimmed_end_ = cursor_;
  delivered_ = redelivered_below_ = recovered.delivered;
  kept_ = {.count = recovered.count, .bytes = empty ? 0 : recovered.bytes};
  counts_.ready += kept_.count;
  counts_.ready_bytes += kept_.bytes;
  had_stored_ = next_ != 1;
}

std::uint64_t Lane::stage_if_kept(Position position, const MessageRef& message,
                                  const PublisherToken& token) {
  if (!is_kept(*message)) {
    if (token.sequence != 0) sink_.publish_settled(token, PublishOutcome::accepted);
    return 0;
  }
  had_stored_ = true;
  last_stage_ = sink_.stage(config_.stream, position, message, token, Time{});
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
  slot.stage = stage_if_kept(position, message, token);
  slot.bytes = bytes;
  slot.message = std::move(message);
  ++counts_.ready;
  counts_.ready_bytes += bytes;
  counts_.resident_bytes += bytes;
}

Position Lane::pass() {
  ensure(counts_.ready == 0, "passed by waiting messages");
  const Position position = next_++;
  cursor_ = head_end_ = tail_begin_ = paged_end_ = delivered_ = next_;
  return position;
}

Position Lane::pass_unacked(const MessageRef& message, const PublisherToken& token,
                            std::uint32_t holder) {
  const Position position = pass();
  Slot& slot = slots_.occupy(position);
  slot.stage = stage_if_kept(position, message, token);
  slot.bytes = message->bytes();
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

Slot* Lane::front(Position& position) {
  if (!returned_.empty()) {
    position = returned_.front();
    Slot* const slot = slots_.find(position);
    ensure(slot != nullptr && slot->state == SlotState::ready, "requeued message without a slot");
    return slot->message ? slot : nullptr;
  }
  if (head_count_ == 0) absorb();
  if (head_count_ == 0) return nullptr;
  position = cursor_;
  Slot* const slot = slots_.at_or_after(position);
  ensure(slot != nullptr && position < head_end_, "head without its messages");
  cursor_ = position;
  return slot;
}

// The front message stops being ready; its memory counts as handed out from here on.
void Lane::leave_ready(Position position, Slot& slot) {
  --counts_.ready;
  counts_.ready_bytes -= slot.bytes;
  if (position < cursor_) {
    std::pop_heap(returned_.begin(), returned_.end(), std::greater<>());
    returned_.pop_back();
    return;
  }
  cursor_ = position + 1;
  --head_count_;
  head_bytes_ -= slot.bytes;
  handed_out_bytes_ += slot.bytes;
  delivered_ = std::max(delivered_, cursor_);
}

void Lane::fill_delivery(Position position, const Slot& slot, Delivery& delivery) {
  delivery.queue = config_.queue;
  delivery.position = position;
  delivery.delivery_count = slot.delivery_count;
  delivery.redelivered = slot.redelivered || position < redelivered_below_;
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
  if (stored) settled_.add(position, slot.bytes, slot.spilled);
  slots_.release(position);
}

Slot* Lane::unacked(Position position) noexcept {
  Slot* const slot = slots_.find(position);
  return slot != nullptr && slot->state == SlotState::unacked ? slot : nullptr;
}

void Lane::settle(Position position, Slot& slot) {
  --counts_.unacked;
  counts_.unacked_bytes -= slot.bytes;
  forget(position, slot);
}

void Lane::requeue(Position position, Slot& slot) {
  --counts_.unacked;
  counts_.unacked_bytes -= slot.bytes;
  ++counts_.ready;
  counts_.ready_bytes += slot.bytes;
  slot.state = SlotState::ready;
  slot.redelivered = true;
  ++slot.delivery_count;
  returned_.push_back(position);
  std::push_heap(returned_.begin(), returned_.end(), std::greater<>());
}

std::uint64_t Lane::purge() {
  const std::uint64_t count = counts_.ready;
  std::sort(returned_.begin(), returned_.end());
  for (const Position position : returned_) forget(position, *slots_.find(position));
  returned_.clear();
  handed_out_bytes_ += head_bytes_ + tail_bytes_;
  for (;;) {
    Slot* const slot = slots_.at_or_after(cursor_);
    if (slot == nullptr) break;
    forget(cursor_, *slot);
  }
  if (middle_count() != 0) purge_middle();
  cursor_ = head_end_ = tail_begin_ = paged_end_ = next_;
  head_bytes_ = head_count_ = tail_bytes_ = tail_leaving_bytes_ = 0;
  counts_.ready = 0;
  counts_.ready_bytes = 0;
  return count;
}

// One range a stream, whatever the middle's length.
void Lane::purge_middle() {
  const auto settle = [this](Stored& stored, bool spilled) {
    if (stored.count == 0) return;
    sink_.settle_stored(config_.stream, {.first = head_end_,
                                         .last = tail_begin_,
                                         .count = stored.count,
                                         .bytes = stored.bytes,
                                         .spilled = spilled});
    stored = {};
  };
  settle(kept_, false);
  settle(spilled_, true);
}

Position Lane::low_water_mark() const noexcept {
  const Position in_memory = slots_.first();
  const Position lowest = in_memory == 0 ? next_ : in_memory;
  return middle_count() == 0 ? lowest : std::min(lowest, head_end_);
}

}  // namespace tern::queue
