// Lane: the messages of one queue (of one priority level, once there are several) in order of
// position, ready and unacked, in memory and on disk. Owned by a queue's machine, used on its
// shard's thread; it knows no consumers.
//
//     unacked, requeued | head: ready, in memory | middle: store only | tail: ready, in memory
//    1 ......... cursor | ............. head_end | ....... tail_begin | ..................next
//
// A message is handed out at the cursor, except that requeued ones (`returned_`, all below the
// cursor) go first: so order of delivery is order of position. As long as the head's window is not
// full everything is head; then new messages form the tail, and what the tail's window cannot hold
// moves to the store, from the tail's front on (lane_paging.cpp).
//
// Invariants: middle empty => head_end == tail_begin; positions in the middle have no slots; slots
// at or above the cursor are ready and have their message; a slot without message is stored.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "queue/queue.hpp"
#include "queue/settled_ranges.hpp"
#include "queue/slots.hpp"

namespace tern::queue {

class Lane {
 public:
  struct Config {
    QueueId queue{};
    QueueId stream{};
    bool durable = false;
    std::uint64_t window_head_bytes = 0;
    std::uint64_t window_tail_bytes = 0;
  };

  Lane(const Config& config, Sink& sink, Counts& counts);

  /// Takes over what the store holds; before anything else.
  void restore(const Recovered& recovered);

  /// Adds a ready message at the end, staged for the store if `token` comes with a persistent one.
  void append(MessageRef&& message, const PublisherToken& token);
  /// Uses up a position for a message that is delivered and settled at once; nothing may be ready.
  [[nodiscard]] Position pass();
  /// The same for one that is delivered at once and stays unacked.
  [[nodiscard]] Position pass_unacked(const MessageRef& message, const PublisherToken& token,
                                      std::uint32_t holder);
  /// True if a message is kept in the store once it waits here.
  [[nodiscard]] bool is_kept(const Message& message) const noexcept {
    return config_.durable && message.is_persistent();
  }

  /// The next message in order, which is in memory; null if there is none or it must be read first.
  [[nodiscard]] Slot* front(Position& position);
  /// Hands out the front message, to be settled later by `holder`.
  void check_out(Position position, Slot& slot, std::uint32_t holder, Delivery& delivery);
  /// Hands out the front message for good.
  void take(Position position, Slot& slot, Delivery& delivery);

  /// The slot of an unacked message, null if the position is not checked out.
  [[nodiscard]] Slot* unacked(Position position) noexcept;
  /// Ends an unacked message.
  void settle(Position position, Slot& slot);
  /// Puts an unacked message back to its place.
  void requeue(Position position, Slot& slot);
  /// Drops everything that is ready; returns how many.
  std::uint64_t purge();

  /// The answer to Sink::read.
  void loaded(Position from, Position next, std::span<Loaded> messages);
  /// Keeps the windows, at the end of every command: pages out, drops what is stored, and reads on
  /// if somebody wants to take messages.
  void balance(bool wanted);
  /// Sink::committed_stage() has grown (or something else may have revived a failed read).
  void revive() noexcept {
    wake_asked_ = false;
    read_failed_ = false;
  }
  void revive_reads() noexcept { read_failed_ = false; }
  /// Reports what the command settled.
  void flush() { settled_.flush(); }

  /// The store is behind: the tail holds more than twice its window.
  [[nodiscard]] bool is_overfull() const noexcept {
    return tail_bytes_ > 2 * config_.window_tail_bytes;
  }
  /// The tail fits its window.
  [[nodiscard]] bool is_relaxed() const noexcept {
    return tail_bytes_ <= config_.window_tail_bytes;
  }
  [[nodiscard]] Position low_water_mark() const noexcept;
  [[nodiscard]] Position delivered_mark() const noexcept { return delivered_; }
  /// True once the queue had anything stored that survives a restart.
  [[nodiscard]] bool had_stored() const noexcept { return had_stored_; }

 private:
  struct Stored {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
  };

  [[nodiscard]] Position next_position(std::uint32_t bytes);
  [[nodiscard]] std::uint64_t stage_if_kept(Position position, const MessageRef& message,
                                            const PublisherToken& token);
  [[nodiscard]] bool is_stored(const Slot& slot) const noexcept;
  [[nodiscard]] std::uint64_t middle_count() const noexcept { return kept_.count + spilled_.count; }
  void leave_ready(Position position, Slot& slot);
  void fill_delivery(Position position, const Slot& slot, Delivery& delivery);
  void forget(Position position, Slot& slot);
  void lose_resident(Slot& slot);
  void purge_middle();

  // lane_paging.cpp
  void absorb();
  void page_out();
  void evict();
  void slim_handed_out();
  void want_commit();
  void read_ahead();
  [[nodiscard]] Position end_of_returned_run(Position first);
  void load_returned(Slot& slot, Loaded& loaded);
  void load_middle(Loaded& loaded);
  void drop_vanished(Position from, Position next);
  void advance_head(Position next);

  const Config config_;
  Sink& sink_;
  Counts& counts_;
  Slots slots_;
  SettledRanges settled_;
  std::vector<Position> returned_;  ///< min-heap of requeued positions

  Position next_ = 1;    ///< of the next message published
  Position cursor_ = 1;  ///< nothing at or above was ever handed out
  Position head_end_ = 1;
  Position tail_begin_ = 1;
  Position paged_end_ = 1;          ///< the tail below is in the store or on its way
  Position slimmed_end_ = 1;        ///< unacked ones below are slim (slim_handed_out)
  Position delivered_ = 1;          ///< above the highest position handed out
  Position redelivered_below_ = 0;  ///< handed out before the restart

  Stored kept_;     ///< the middle: persistent messages
  Stored spilled_;  ///< the middle: paged out transient messages

  std::uint64_t head_bytes_ = 0;
  std::uint64_t head_count_ = 0;
  std::uint64_t tail_bytes_ = 0;
  std::uint64_t tail_leaving_bytes_ = 0;  ///< of the tail below paged_end_
  std::uint64_t handed_out_bytes_ = 0;    ///< in memory below the cursor: unacked and requeued
  std::uint64_t last_stage_ = 0;

  Position read_from_ = 0;  ///< what the read in flight asked for; 0: none in flight
  Position read_to_ = 0;
  bool read_failed_ = false;
  bool wake_asked_ = false;
  bool had_stored_ = false;
};

}  // namespace tern::queue
