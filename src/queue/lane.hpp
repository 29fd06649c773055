// Lane: the messages of one queue, of one priority level if there are several, in order of
// position: ready, unacked and coming back, in memory and on disk. Owned by a queue's machine, used
// on its shard's thread; it knows no consumers.
//
//     unacked, requeued | head: ready, in memory | middle: store only | tail: ready, in memory
//    1 ......... cursor | ............. head_end | ....... tail_begin | ..................next
//
// A message is handed out at the cursor, except that requeued ones (`returned_`, below the cursor)
// go first: so order of delivery is order of position. As long as the head's window is not full
// everything is head; then new messages form the tail, and what the tail's window cannot hold moves
// to the store, from the tail's front on (lane_paging.cpp).
//
// Messages leave unconsumed when they expire, overflow or come back too often (lane_leaving.cpp).
// One that is only in the store is read first if it goes on to another place: until then it is in
// `leaving_`, or one of the first of the middle that are doomed.
//
// Invariants: middle empty => head_end == tail_begin; positions in the middle have no slots; slots
// at or above the cursor are ready; a slot without message is stored; those of the head have theirs
// but for `slim_head_`, which waited for a retry over a restart.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "queue/browse_page.hpp"
#include "queue/context.hpp"
#include "queue/due_index.hpp"
#include "queue/position_set.hpp"
#include "queue/settled_ranges.hpp"
#include "queue/slots.hpp"

namespace tern::queue {

class Lane {
 public:
  struct Config {
    QueueId stream{};
    std::uint8_t level = 0;  ///< of priority
    std::uint64_t window_head_bytes = 0;
    std::uint64_t window_tail_bytes = 0;
  };

  Lane(const Config& config, Context& context);
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  /// Takes over what the store holds; before anything else.
  void restore(const Recovered& recovered);

  /// Adds a ready message at the end, staged for the store if `token` comes with a persistent one.
  void append(MessageRef&& message, const PublisherToken& token);
  /// Uses up a position for a message that is delivered and settled at once; is_idle() only.
  [[nodiscard]] Position pass();
  /// The same for one that is delivered at once and stays unacked.
  [[nodiscard]] Position pass_unacked(const MessageRef& message, const PublisherToken& token,
                                      std::uint32_t holder);
  /// True if a message is kept in the store once it waits here.
  [[nodiscard]] bool is_kept(const Message& message) const noexcept {
    return context_.settings.durable && message.is_persistent();
  }

  /// True if there is a ready message, in memory or not.
  [[nodiscard]] bool has_ready() const noexcept {
    return head_count_ != 0 || returned_live() != 0 || tail_bytes_ != 0 || middle_ready() != 0;
  }
  /// True if nothing stands between the cursor and the end.
  [[nodiscard]] bool is_idle() const noexcept {
    return head_count_ == 0 && returned_live() == 0 && tail_bytes_ == 0 && middle_count() == 0;
  }
  /// The next message in order, which is in memory; null if there is none or it must be read first.
  [[nodiscard]] Slot* front(Position& position) {
    Slot* const slot = first_ready(position);
    return slot != nullptr && slot->message ? slot : nullptr;
  }
  /// Hands out the front message, to be settled later by `holder`.
  void check_out(Position position, Slot& slot, std::uint32_t holder, Delivery& delivery);
  /// Hands out the front message for good.
  void take(Position position, Slot& slot, Delivery& delivery);
  /// Fills in what a consumer is told of a message beside the message.
  void fill_delivery(Position position, const Slot& slot, Delivery& delivery) const;

  /// The slot of an unacked message, null if the position is not checked out.
  [[nodiscard]] Slot* unacked(Position position) noexcept;
  /// Calls `visit(position, slot)` for every unacked message; looks at all that are in memory.
  template <typename Visit>
  void each_unacked(Visit&& visit) {
    Position position = 1;
    while (Slot* const slot = slots_.at_or_after(position)) {
      if (position >= cursor_) return;
      if (slot->state == SlotState::unacked) visit(position, *slot);
      ++position;
    }
  }
  /// Ends an unacked message.
  void settle(Position position, Slot& slot);
  /// An unacked message is refused: it leaves.
  void reject(Position position, Slot& slot);
  /// An unacked message comes back: to its place, at once or later, or it leaves.
  void give_back(Position position, Slot& slot, Settlement settlement);
  /// Drops everything that is ready; returns how many. Nothing may be parked in any lane.
  std::uint64_t purge();

  // lane_browse.cpp
  /// Shows messages in a state, from a position on, which is moved to where to go on: 0 at the end.
  /// False: something must be read first; to be called again then.
  [[nodiscard]] bool look(MessageState state, Position& from, BrowsePage& page);
  /// What an operator does with one message. `message` is what he was shown, if that is known; a
  /// message that is in the store alone can be dealt with only then. False if it was not there.
  [[nodiscard]] bool intervene(Position position, Intervention intervention,
                               const MessageRef& message, std::uint64_t operation);

  // lane_groups.cpp
  /// The front message has to wait for its group: it leaves the order, and stays ready.
  void park(Position position, Slot& slot);
  /// A parked message is back at its place in order.
  void offer(Position position);
  /// Drops everything that is parked; returns how many.
  std::uint64_t purge_parked();
  /// Messages' groups mean nothing any more. Nothing may be parked.
  void forget_groups();
  /// Messages that have waited since before the restart hold their groups, as soon as these are
  /// known: they are read when somebody wants a message.
  void claim_groups();
  [[nodiscard]] bool has_parked() const noexcept {
    return parked_ != nullptr && parked_->count != 0;
  }

  /// Lets go what is due, at most `budget` messages, which is lowered by so many: what has expired
  /// leaves, and what has waited long enough is ready again.
  void fire_due(std::uint32_t& budget);
  /// Lets the front message go because it has expired.
  void expire_front(Position position, Slot& slot);
  /// Drops the oldest ready messages, at least one and at most `most`; returns how many.
  std::uint64_t drop_oldest(std::uint64_t most);
  /// When something will be due; nothing if that is never, or if it must be read first.
  [[nodiscard]] std::optional<Time> next_due();

  /// The answer to Sink::read.
  void loaded(Position from, Position next, std::span<Loaded> messages);
  /// The answer to Sink::read_due.
  void due_loaded(std::span<const DuePoint> entries, bool is_last);
  /// Keeps the windows, at the end of every command: pages out, drops what is stored, and reads on
  /// if somebody wants to take or to see messages, or if some leave.
  void balance(bool wanted);
  /// A read that brought nothing may be tried again.
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
  /// True if messages have times of their own or wait: then the lane needs fire_due() and
  /// next_due().
  [[nodiscard]] bool is_timed() const noexcept { return due_ != nullptr || !delayed_.empty(); }
  /// True if the first of the middle leave when they are read: what is counted of bytes is too much
  /// until then, and the lane may be neither ready nor idle.
  [[nodiscard]] bool is_draining() const noexcept { return draining() != 0; }
  /// True if the marks have moved since they were noted, and the lane had anything stored.
  [[nodiscard]] bool has_marks() const noexcept {
    return had_stored_ && (low_water_mark() != low_water_noted_ || delivered_ != delivered_noted_);
  }
  /// The marks; they count as noted.
  [[nodiscard]] StreamMark take_marks() noexcept;
  [[nodiscard]] std::uint8_t level() const noexcept { return config_.level; }

 private:
  struct Stored {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
    std::uint64_t body_bytes = 0;
  };
  struct Wish {
    LeaveReason reason{};
    std::uint64_t operation = 0;
    bool is_out = false;  ///< counted as gone already; otherwise it is in the middle
  };
  struct Waiting {
    std::uint32_t delivery_count = 0;
    Time due{};
    bool overdue = false;     ///< has expired meanwhile
    std::uint32_t group = 0;  ///< which it holds
  };
  using WaitingPlace = std::map<Position, Waiting>::iterator;

  // What only few lanes have is made when it is needed: an idle queue is to be small.

  /// What is left from before the restart.
  struct Earlier {
    std::map<Position, Waiting> waiting;     ///< for a retry, without slots
    Position claiming = 0;                   ///< of them, those from here on claim their groups
    std::map<Position, std::uint32_t> back;  ///< delivery counts of those that had come back
  };
  /// What leaves, or has left, without being in memory.
  struct Leaving {
    std::map<Position, Wish> wishes;  ///< must be read to leave
    PositionSet holes;                ///< of the middle: gone, though a read may bring them
    std::uint64_t doomed = 0;         ///< the first of the middle: they overflow when they are read
    std::uint64_t condemned = 0;      ///< and those after them: purged

    [[nodiscard]] bool is_empty() const noexcept {
      return wishes.empty() && holes.empty() && doomed + condemned == 0;
    }
  };
  /// What waits for others of its group.
  struct Parked {
    std::vector<Position> places;  ///< min-heap; some in vain
    std::uint64_t count = 0;
    std::vector<DuePoint> due;  ///< min-heap: when they expire by the queue's rule
  };
  enum class Reading : std::uint8_t { nothing, returned, ahead, leaving, looking, claiming };
  struct Looked {
    Position from = 0;
    Position next = 0;
    std::vector<Loaded> messages;
  };

  [[nodiscard]] Position next_position(std::uint32_t bytes);
  [[nodiscard]] std::uint64_t stage_if_kept(Position position, const MessageRef& message,
                                            const PublisherToken& token);
  [[nodiscard]] bool is_stored(const Slot& slot) const noexcept;
  [[nodiscard]] bool is_on_its_way(const Slot& slot) const noexcept {
    return slot.loaded || slot.stage != 0;
  }
  [[nodiscard]] std::uint64_t middle_count() const noexcept { return kept_.count + spilled_.count; }
  /// The first of the middle that leave when they are read.
  [[nodiscard]] std::uint64_t draining() const noexcept {
    return leaving_ == nullptr ? 0 : leaving_->doomed + leaving_->condemned;
  }
  [[nodiscard]] std::uint64_t middle_ready() const noexcept { return middle_count() - draining(); }
  [[nodiscard]] bool is_in_middle(Position position) const noexcept {
    return position >= head_end_ && position < tail_begin_;
  }
  [[nodiscard]] std::uint64_t returned_live() const noexcept {
    return returned_.size() - returned_stale_;
  }
  [[nodiscard]] Earlier& earlier() {
    if (earlier_ == nullptr) earlier_ = std::make_unique<Earlier>();
    return *earlier_;
  }
  [[nodiscard]] bool is_waiting(Position position) const noexcept {
    return earlier_ != nullptr && earlier_->waiting.contains(position);
  }
  [[nodiscard]] bool is_any_waiting_from(Position position) const noexcept {
    return earlier_ != nullptr &&
           earlier_->waiting.lower_bound(position) != earlier_->waiting.end();
  }
  /// How often a message of the middle had come back before the restart; nothing if never.
  [[nodiscard]] std::optional<std::uint32_t> returns_before(Position position) const {
    if (earlier_ == nullptr) return std::nullopt;
    const auto found = earlier_->back.find(position);
    if (found == earlier_->back.end()) return std::nullopt;
    return found->second;
  }
  [[nodiscard]] bool is_claiming() const noexcept {
    return earlier_ != nullptr && earlier_->claiming != 0;
  }
  [[nodiscard]] Leaving& leaving() {
    if (leaving_ == nullptr) leaving_ = std::make_unique<Leaving>();
    return *leaving_;
  }
  [[nodiscard]] bool has_wishes() const noexcept {
    return leaving_ != nullptr && !leaving_->wishes.empty();
  }
  [[nodiscard]] bool is_wished_away(Position position) const noexcept {
    return leaving_ != nullptr && leaving_->wishes.contains(position);
  }
  [[nodiscard]] bool is_hole(Position position) const noexcept {
    return leaving_ != nullptr && leaving_->holes.contains(position);
  }
  [[nodiscard]] Slot* first_ready(Position& position);
  [[nodiscard]] Slot* first_returned(Position& position);
  void count_ready(const Slot& slot) noexcept;
  void uncount_ready(const Slot& slot) noexcept;
  void uncount_unacked(const Slot& slot) noexcept;
  void leave_ready(Position position, Slot& slot);
  void remove_ready(Position position, Slot& slot);
  void push_returned(Position position);
  void pop_returned();
  void forget(Position position, Slot& slot);
  void release_slot(Position position, Slot& slot);
  void lose_resident(Slot& slot);
  void purge_middle();
  [[nodiscard]] Position low_water_mark() const noexcept;

  // lane_leaving.cpp
  void leave(Position position, Slot& slot, LeaveReason reason, std::uint64_t operation = 0);
  void make_ready(Position position, Slot& slot);
  void came_back(Position position, const Slot& slot);
  void delay(Position position, Slot& slot, Time due);
  void end_delay(Position position);
  void release_waiting(Position position);
  void fire(const DuePoint& point);
  [[nodiscard]] DueIndex& due_index();
  [[nodiscard]] DueIndex::Keeping keeping_of(Position position);
  void note_due(const Message& message, Position position, bool is_stored);
  [[nodiscard]] bool is_here(Position position) noexcept;
  void keep_due();

  // lane_browse.cpp
  [[nodiscard]] bool is_shown(const Slot& slot, MessageState state) const noexcept;
  [[nodiscard]] bool look_at(Position position, const Slot& slot, BrowsePage& page);
  [[nodiscard]] bool look_at_waiting(const WaitingPlace& waiting, BrowsePage& page);
  [[nodiscard]] bool look_into_middle(Position& from, BrowsePage& page);
  [[nodiscard]] std::optional<Looked> looked_up(Position from, Position to, const BrowsePage& page);
  [[nodiscard]] bool intervene_in_middle(Position position, Intervention intervention,
                                         const MessageRef& message, std::uint64_t operation);
  [[nodiscard]] bool intervene_in_waiting(const WaitingPlace& waiting, Intervention intervention,
                                          const MessageRef& message);

  // lane_groups.cpp
  void leave_group(Position position, std::uint32_t group, SlotState state);
  [[nodiscard]] Slot* first_parked(Position& position);
  void remove_parked(const Slot& slot) noexcept;
  void expire_parked(std::uint32_t& budget);
  void read_claiming();
  void groups_read(Position next, std::span<const Loaded> messages);
  void end_claiming();
  void stop_waiting(WaitingPlace waiting);

  // lane_paging.cpp
  void absorb();
  void page_out();
  void evict();
  void slim_handed_out();
  void want_commit();

  // lane_reading.cpp
  void read_on(bool wanted);
  void read(Reading what, Position from, Position to, std::uint64_t bytes_max);
  void read_leaving();
  [[nodiscard]] Position end_of_returned_run(Position first);
  [[nodiscard]] bool take_leaving(Loaded& loaded, Reading what);
  void load_slot(Slot& slot, Loaded& loaded);
  void load_middle(Loaded& loaded);
  void expire_slot(Slot& slot, Loaded& loaded);
  [[nodiscard]] bool leave_by_wish(Loaded& loaded);
  void leave_middle(Loaded& loaded, const Wish* wish);
  void let_go(Loaded& loaded, const Wish* wish);
  [[nodiscard]] Stored take_from_middle(const Message& message);
  void drop_vanished(Position from, Position next);
  void advance_head(Position next);

  const Config config_;
  Context& context_;
  Sink& sink_;
  Counts& counts_;
  Slots slots_;
  SettledRanges settled_;
  std::vector<Position> returned_;    ///< min-heap of requeued positions
  std::uint64_t returned_stale_ = 0;  ///< of them, those that are not ready any more

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
  std::uint64_t slim_head_ = 0;  ///< of them, not in memory
  std::uint64_t tail_bytes_ = 0;
  std::uint64_t tail_leaving_bytes_ = 0;  ///< of the tail below paged_end_
  std::uint64_t handed_out_bytes_ = 0;    ///< in memory below the cursor: unacked and requeued
  std::uint64_t last_stage_ = 0;

  Position read_from_ = 0;  ///< what the read in flight asked for
  Position read_to_ = 0;
  Reading reading_ = Reading::nothing;
  std::unique_ptr<Looked> looked_;  ///< read for look()
  bool read_failed_ = false;
  bool had_stored_ = false;
  Position low_water_noted_ = 1;
  Position delivered_noted_ = 1;

  std::unique_ptr<Leaving> leaving_;
  std::unique_ptr<Earlier> earlier_;
  std::unique_ptr<Parked> parked_;
  std::unique_ptr<DueIndex> due_;     ///< once a message has an expiration of its own
  std::vector<DuePoint> delayed_;     ///< min-heap of waiting messages; some in vain
  std::vector<DuePoint> unfinished_;  ///< min-heap: fired, and the message is still there
};

}  // namespace tern::queue
