// The half of Lane that moves messages between memory and store.
//
//   balance(), after every command:
//     absorb      middle empty and the head low: the tail's front becomes head
//     page_out    tail above its window: spill transient ones; all below paged_end_ is on its way
//     evict       the tail's front is stored: it becomes middle
//     slim        handed-out messages above their budget: stored ones leave memory
//     read_ahead  the head low: ask for the middle's front (the answer is loaded())

#include <algorithm>
#include <functional>

#include "base/ensure.hpp"
#include "queue/lane.hpp"

namespace tern::queue {

namespace {
/// What is paged out in one go, at most: enough for large writes, little against the window.
constexpr std::uint64_t page_out_bytes_max = 1ULL << 20;
/// Requeued messages asked for in one read, at most.
constexpr std::uint32_t returned_run_max = 4096;
}  // namespace

void Lane::balance(bool wanted) {
  if (tail_bytes_ != 0) {
    absorb();
    if (tail_bytes_ - tail_leaving_bytes_ > config_.window_tail_bytes) page_out();
    if (tail_begin_ < paged_end_) evict();
  }
  if (handed_out_bytes_ > config_.window_head_bytes) slim_handed_out();
  if (wanted) read_ahead();
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
      slot->stage = sink_.spill(config_.stream, paged_end_, slot->message, Time{});
      slot->spilled = true;
      last_stage_ = slot->stage;
    }
    tail_leaving_bytes_ += slot->bytes;
    ++paged_end_;
  }
}

// Drops the front of the tail from memory as far as the store has it.
void Lane::evict() {
  while (tail_begin_ < paged_end_) {
    Position position = tail_begin_;
    Slot* const slot = slots_.at_or_after(position);
    ensure(slot != nullptr && position < paged_end_, "tail without its messages");
    if (!is_stored(*slot)) {
      want_commit();
      return;
    }
    Stored& stored = slot->spilled ? spilled_ : kept_;
    ++stored.count;
    stored.bytes += slot->bytes;
    tail_bytes_ -= slot->bytes;
    tail_leaving_bytes_ -= slot->bytes;
    counts_.resident_bytes -= slot->bytes;
    slots_.release(position);
    tail_begin_ = position + 1;
  }
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
      if (slot->state == SlotState::unacked) lose_resident(*slot);
    } else if (slot->stage != 0) {
      want_commit();
      return;
    }
    ++slimmed_end_;
  }
}

void Lane::want_commit() {
  if (wake_asked_ || last_stage_ <= sink_.committed_stage()) return;
  wake_asked_ = true;
  sink_.wake_on_commit(config_.queue);
}

void Lane::read_ahead() {
  if (read_from_ != 0 || read_failed_) return;
  const std::uint64_t bytes = std::max<std::uint64_t>(config_.window_head_bytes / 2, 1);
  if (!returned_.empty() && !slots_.find(returned_.front())->message) {
    read_from_ = returned_.front();
    read_to_ = end_of_returned_run(read_from_);
    sink_.read(config_.stream, read_from_, read_to_, bytes);
  } else if (middle_count() != 0 && head_bytes_ <= config_.window_head_bytes / 2) {
    read_from_ = head_end_;
    read_to_ = tail_begin_;
    sink_.read(config_.stream, read_from_, read_to_, bytes);
  }
}

// Up to where all messages are requeued and not in memory, so that one read brings them all.
Position Lane::end_of_returned_run(Position first) {
  std::uint64_t bytes = 0;
  Position end = first;
  for (std::uint32_t count = 0; count != returned_run_max; ++count) {
    Position position = end;
    const Slot* const slot = slots_.at_or_after(position);
    if (slot == nullptr || position >= cursor_ || slot->message) break;
    if (slot->state != SlotState::ready) break;
    bytes += slot->bytes;
    end = position + 1;
    if (bytes >= config_.window_head_bytes / 2) break;
  }
  return end;
}

// Whatever happened while the read was under way, an answer counts for just two kinds of position:
// requeued ones without message, and the middle as it is now. Settled and purged ones are neither.
void Lane::loaded(Position from, Position next, std::span<Loaded> messages) {
  ensure(read_from_ != 0 && from == read_from_, "loaded what was not asked for");
  read_from_ = 0;
  if (!messages.empty()) next = std::max(next, messages.back().position + 1);
  next = std::min(next, read_to_);
  read_failed_ = next <= from;
  for (Loaded& message : messages) {
    ensure(static_cast<bool>(message.message), "loaded nothing");
    if (Slot* const slot = slots_.find(message.position); slot != nullptr)
      load_returned(*slot, message);
    else if (message.position >= head_end_ && message.position < tail_begin_)
      load_middle(message);
  }
  drop_vanished(from, next);
  advance_head(next);
}

void Lane::load_returned(Slot& slot, Loaded& loaded) {
  if (slot.message || slot.state != SlotState::ready) return;
  slot.message = std::move(loaded.message);
  handed_out_bytes_ += slot.bytes;
  counts_.resident_bytes += slot.bytes;
}

void Lane::load_middle(Loaded& loaded) {
  const bool spilled = !is_kept(*loaded.message);
  Stored& stored = spilled ? spilled_ : kept_;
  if (stored.count == 0) return;
  Slot& slot = slots_.occupy(loaded.position);
  slot.bytes = loaded.message->bytes();
  slot.message = std::move(loaded.message);
  slot.delivery_count = loaded.delivery_count;
  slot.spilled = spilled;
  slot.loaded = true;
  // What the store counts as a message's bytes after a restart may differ from what it takes here.
  const std::uint64_t counted =
      stored.count == 1 ? stored.bytes : std::min<std::uint64_t>(slot.bytes, stored.bytes);
  --stored.count;
  stored.bytes -= counted;
  counts_.ready_bytes += slot.bytes - counted;
  counts_.resident_bytes += slot.bytes;
  head_bytes_ += slot.bytes;
  ++head_count_;
}

// A requeued message that the store was asked for and no longer has must not block those behind it.
void Lane::drop_vanished(Position from, Position next) {
  while (!returned_.empty() && returned_.front() >= from && returned_.front() < next) {
    const Position position = returned_.front();
    Slot& slot = *slots_.find(position);
    if (slot.message) return;
    leave_ready(position, slot);
    slots_.release(position);
  }
}

// The middle below `next` is loaded. What is counted for it beyond that does not exist.
void Lane::advance_head(Position next) {
  if (middle_count() != 0 && next > head_end_) {
    head_end_ = std::min(next, tail_begin_);
    if (head_end_ == tail_begin_) {
      counts_.ready -= middle_count();
      counts_.ready_bytes -= kept_.bytes + spilled_.bytes;
      kept_ = spilled_ = {};
    }
  }
  if (middle_count() == 0) head_end_ = tail_begin_;
}

}  // namespace tern::queue
