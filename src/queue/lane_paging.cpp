// The half of Lane that moves messages from memory to the store.
//
//   balance(), after every command:
//     absorb      middle empty and the head low: the tail's front becomes head
//     page_out    tail above its window: spill transient ones; all below paged_end_ is on its way
//     evict       the tail's front is stored: it becomes middle
//     slim        handed-out messages above their budget: stored ones leave memory
//     read_on     what is needed is not in memory: ask for it (lane_reading.cpp)

#include <algorithm>
#include <functional>

#include "base/ensure.hpp"
#include "queue/lane.hpp"

namespace tern::queue {

namespace {
/// What is paged out in one go, at most: enough for large writes, little against the window.
constexpr std::uint64_t page_out_bytes_max = 1ULL << 20;
}  // namespace

void Lane::balance(bool wanted) {
  if (tail_bytes_ != 0) {
    absorb();
    if (tail_bytes_ - tail_leaving_bytes_ > config_.window_tail_bytes) page_out();
    if (tail_begin_ < paged_end_) evict();
  }
  if (handed_out_bytes_ > config_.window_head_bytes) slim_handed_out();
  if (wanted || leaving_ != nullptr) read_on(wanted);
  if (due_ != nullptr) keep_due();
}

// With nothing between them the tail's front belongs to the head as soon as that has room.
void Lane::absorb() {
  if (middle_count() != 0) return;
  if (head_count_ != 0 && head_bytes_ >= config_.window_head_bytes / 2) return;
  while (tail_bytes_ != 0) {
    Position position = tail_begin_;
    const Slot* const slot = slots_.at_or_after(position);
    ensure(slot != nullptr, "tail without its messages");
    const bool fits = head_bytes_ + slot->bytes <= config_.window_head_bytes;
    if (head_count_ != 0 && !fits) break;
    if (position < paged_end_) tail_leaving_bytes_ -= slot->bytes;
    tail_bytes_ -= slot->bytes;
    head_bytes_ += slot->bytes;
    ++head_count_;
    head_end_ = tail_begin_ = position + 1;
    paged_end_ = std::max(paged_end_, tail_begin_);
  }
  if (tail_bytes_ == 0) head_end_ = tail_begin_ = paged_end_ = next_;
}

// Sends the front of the tail on its way to the store, a run at a time: persistent messages are on
// their way already, transient ones are spilled.
void Lane::page_out() {
  const std::uint64_t run = std::min(page_out_bytes_max, config_.window_tail_bytes / 2);
  const std::uint64_t keep = config_.window_tail_bytes - run;
  while (tail_bytes_ - tail_leaving_bytes_ > keep) {
    Slot* const slot = slots_.at_or_after(paged_end_);
    ensure(slot != nullptr, "tail without its messages");
    if (slot->stage == 0 && !slot->loaded) {
      const bool timed = slot->message->has_ttl();
      const Time due = timed ? Context::own_expiry(*slot->message) : Time{};
      if (timed) due_index().note_stored();
      slot->stage = sink_.spill(config_.stream, paged_end_, slot->message, due);
      slot->spilled = true;
      last_stage_ = slot->stage;
    }
    tail_leaving_bytes_ += slot->bytes;
    ++paged_end_;
  }
}

// Drops the front of the tail from memory as far as the store has it. Not while purged messages are
// being read: nothing ready may come to lie behind them.
void Lane::evict() {
  if (leaving_ != nullptr && leaving_->condemned != 0) return;
  while (tail_begin_ < paged_end_) {
    Position position = tail_begin_;
    Slot* const slot = slots_.at_or_after(position);
    if (slot == nullptr || position >= paged_end_) break;
    if (!is_stored(*slot)) {
      want_commit();
      return;
    }
    Stored& stored = slot->spilled ? spilled_ : kept_;
    ++stored.count;
    stored.bytes += slot->bytes;
    stored.body_bytes += slot->body_bytes;
    tail_bytes_ -= slot->bytes;
    tail_leaving_bytes_ -= slot->bytes;
    counts_.resident_bytes -= slot->bytes;
    slots_.release(position);
    tail_begin_ = position + 1;
  }
  // Those that left before they were stored leave nothing behind.
  tail_begin_ = paged_end_;
  if (middle_count() == 0) head_end_ = tail_begin_;
}

// Drops handed-out messages from memory, lowest first, until they fit their budget. It stops at the
// first one whose commit is still to come and goes on there, so each is looked at once.
void Lane::slim_handed_out() {
  while (handed_out_bytes_ > config_.window_head_bytes) {
    Slot* const slot = slots_.at_or_after(slimmed_end_);
    if (slot == nullptr || slimmed_end_ >= cursor_) {
      slimmed_end_ = std::min(slimmed_end_, cursor_);
      return;
    }
    if (is_stored(*slot)) {
      if (slot->state != SlotState::ready) lose_resident(*slot);
    } else if (slot->stage != 0) {
      want_commit();
      return;
    }
    ++slimmed_end_;
  }
}

void Lane::want_commit() {
  if (last_stage_ > sink_.committed_stage()) context_.wake_on_commit();
}

}  // namespace tern::queue
