// DelayedSet: the messages of a queue that wait for their time, in a stream of their own
// (delayed_stream). Owned by the queue's machine, used on its shard's thread.
//
//   add -> [memory, until it is stored] -> [store: a bit in memory] -> due -> [read] -> released
//
// What the store has leaves memory at once; transient messages stay, until there are too many of
// them and they are spilled. Released are they in order of due time (due_index.hpp): a message that
// has to be read keeps those behind it waiting, and they are read with it where they lie near. What
// is stored of a released message is settled in the command that puts it to its new place.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "queue/browse_page.hpp"
#include "queue/context.hpp"
#include "queue/due_index.hpp"
#include "queue/position_set.hpp"
#include "queue/settled_ranges.hpp"
#include "queue/slots.hpp"

namespace tern::queue {

class DelayedSet {
 public:
  /// Messages that are due and wait for being read, at most.
  static constexpr std::size_t firing_max = 1000;
  /// Waiting messages this close together are read with what lies between.
  static constexpr Position run_gap_max = 64;
  /// Read and written at a time, about.
  static constexpr std::uint64_t run_bytes_max = 1ULL << 20;
  /// When a read that failed is tried again.
  static constexpr Millis read_again{100};

  /// Where a message goes whose time has come.
  /// `stored`: what a gate does not settle itself, because the message is forwarded.
  using Release = std::function<void(MessageRef&&, const StoredRange& stored)>;

  DelayedSet(Context& context, Release release);
  DelayedSet(const DelayedSet&) = delete;
  DelayedSet& operator=(const DelayedSet&) = delete;

  /// Takes over what the store holds of the stream; before anything else.
  void restore(const Recovered& recovered);

  /// A message that waits until `due`; staged for the store if it is to be kept there.
  void add(MessageRef&& message, const PublisherToken& token, Time due);
  /// Releases what is due, at most `budget` messages, which is lowered by so many.
  void fire(std::uint32_t& budget);
  /// Drops a waiting message. False if there is none at the position.
  bool remove(Position position);
  /// Releases a waiting message out of turn, with the next fire(). False if there is none.
  bool run_now(Position position);

  /// Shows waiting messages in order of due time. `from`: 0, or where the last page ended, which it
  /// is moved to; 0 at the end. False: something must be read first; to be called again then.
  [[nodiscard]] bool look(Position& from, BrowsePage& page);

  /// The answer to Sink::read.
  void loaded(Position from, Position next, std::span<Loaded> messages);
  /// The answer to Sink::read_due.
  void due_loaded(std::span<const DuePoint> entries, bool is_last);
  /// Keeps memory small and reads on; at the end of every command.
  void balance();
  /// When fire() will have something to do; nothing if that is not known, or an answer comes first.
  [[nodiscard]] std::optional<Time> next_due() const;

  [[nodiscard]] QueueId stream() const noexcept { return stream_; }
  /// Messages that wait.
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  /// Whether a message waits at a position.
  [[nodiscard]] bool is_waiting(Position position) const noexcept;
  /// The store is behind: memory holds more than twice its window.
  [[nodiscard]] bool is_overfull() const noexcept { return resident_ > 2 * window_; }
  [[nodiscard]] bool is_relaxed() const noexcept { return resident_ <= window_; }
  [[nodiscard]] bool has_marks() const noexcept {
    return had_stored_ && low_water_mark() != low_water_noted_;
  }
  [[nodiscard]] StreamMark take_marks() noexcept;

 private:
  struct Firing {
    DuePoint point;
    bool is_dropped = false;  ///< is not to be released, and counted as gone already
  };
  struct OnItsWay {
    std::uint64_t stage = 0;
    Position position = 0;
  };
  struct Read {
    Position from = 0;
    Position to = 0;
  };

  /// A page being gathered.
  struct Listing {
    std::vector<DuePoint> entries;  ///< in order
    std::size_t at = 0;
    DuePoint after;  ///< entries up to here were asked for
    bool is_asked = false;
    bool is_read = false;
    bool is_last = false;
  };

  // delayed_browse.cpp
  void list(std::span<const DuePoint> entries, bool is_last);
  [[nodiscard]] bool fetch_entries();
  [[nodiscard]] bool fetch_message(Position position, MessageRef& message);

  [[nodiscard]] bool is_kept(const Message& message) const noexcept {
    return context_.settings.durable && message.is_persistent();
  }
  [[nodiscard]] bool is_stored(const Slot& slot) const noexcept {
    return slot.stage != 0 && slot.stage <= sink_.committed_stage();
  }
  [[nodiscard]] DueIndex::Keeping keeping_of(Position position);
  [[nodiscard]] bool release_first();
  void end(const Firing& firing, MessageRef&& message, const StoredRange& stored);
  void stop_waiting(Position position);
  [[nodiscard]] StoredRange forget_slot(Position position, Slot& slot, bool may_unstage);
  void vanish(Position position);
  void want(const Firing& firing, bool first);
  void drop_stored();
  void spill();
  void read_on();
  [[nodiscard]] Position low_water_mark() const noexcept;

  Context& context_;
  Sink& sink_;
  Release release_;
  const QueueId stream_;
  const std::uint64_t window_;  ///< bytes in memory
  SettledRanges settled_;
  DueIndex due_;
  Slots slots_;                          ///< of messages that are in memory
  PositionSet waiting_;                  ///< of those that came in this run
  PositionSet gone_;                     ///< of those from before, no more there
  std::map<Position, Time> transient_;   ///< not on their way to the store, with their due times
  std::deque<OnItsWay> on_its_way_;      ///< to the store, by stage
  std::deque<Firing> firing_;            ///< due, in order of release
  std::set<Position> unread_;            ///< of them, in the store only
  std::map<Position, MessageRef> read_;  ///< of them, read

  Position next_ = 1;
  Position restored_low_ = 1;  ///< messages from before lie in [restored_low_, restored_next_)
  Position restored_next_ = 1;
  std::uint64_t restored_count_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t resident_ = 0;         ///< bytes in memory
  std::uint64_t transient_bytes_ = 0;  ///< of them, those of `transient_`
  std::optional<Read> reading_;
  std::optional<Listing> listing_;
  DuePoint listed_to_{};          ///< where the last page ended
  Position looking_ = 0;          ///< the read in flight is for the page
  std::optional<Loaded> looked_;  ///< what it brought; without message if there was none
  std::optional<Time> read_again_at_;
  bool had_stored_ = false;
  Position low_water_noted_ = 1;
};

}  // namespace tern::queue
