// DueIndex: the moments at which messages of one stream are due (their expirations, or the times
// that delayed ones wait for). The store keeps an index of them too, in the commits of the messages
// themselves; in memory are only the next ones and those that the store does not have. Owned by a
// lane or a delayed set, used on its shard's thread.
//
//     fired | next_: all that are due up to complete_to_ | store: the rest, and later_: those of
//           | in memory, as a heap                       | the rest that the store may not have
//
// Entries fire in order, each at least once. Whoever uses the index checks the message when an
// entry fires: it may be gone, and an entry may come twice. Messages need not be taken out of the
// index when they leave; what is stale falls out when the index tidies up.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "queue/sink.hpp"

namespace tern::queue {

class DueIndex {
 public:
  /// Entries in memory, at most; those of messages that the store does not have come on top.
  static constexpr std::size_t entries_max = 32'768;
  /// What has fired leaves the store's index when it is that many entries or that much time.
  static constexpr std::uint32_t trim_entries = 4096;
  static constexpr Millis trim_time{10'000};

  /// Where the message of an entry is, as far as its entry is concerned.
  enum class Keeping : std::uint8_t {
    gone,    ///< for good: nobody cares any more
    memory,  ///< the store has no committed entry of it
    stored,  ///< it has, or may have
  };
  using KeepingOf = std::function<Keeping(Position)>;

  /// `keeping` is asked when the index tidies up, once for many entries that were added.
  DueIndex(QueueId stream, Sink& sink, KeepingOf keeping, std::size_t most = entries_max);

  /// After a restart; before anything else. `has_due`: the store's index may hold something.
  void restore(bool has_due);

  /// A message is due at a point. `is_stored`: it is on its way to the store with it.
  void add(const DuePoint& point, bool is_stored);
  /// A message that was added as not stored is on its way to the store now, with its due time.
  void note_stored() noexcept { had_stored_ = true; }

  /// The earliest moment known; nothing if there is none, or if it must be read first.
  [[nodiscard]] std::optional<Time> next() const noexcept;
  /// The next entry that is due, taken out of the index; nothing if there is none yet.
  [[nodiscard]] std::optional<DuePoint> pop_due(Time now);

  /// Asks the store for more if memory runs low. At the end of every command.
  void read_on();
  /// The answer to Sink::read_due; `is_last`: there is nothing after these.
  void loaded(std::span<const DuePoint> entries, bool is_last);
  /// Now and then tells the store that it can forget what has fired. `unfinished`: what fired from
  /// this point on is still needed there, because its messages are not dealt with. At the end of
  /// every command.
  void trim(const std::optional<DuePoint>& unfinished = std::nullopt);

  /// Appends the entries in memory after a point, in no order.
  void list(const DuePoint& after, std::vector<DuePoint>& to) const;
  /// True while an answer to Sink::read_due is awaited.
  [[nodiscard]] bool is_reading() const noexcept { return reading_; }
  /// Entries in memory.
  [[nodiscard]] std::size_t resident() const noexcept { return next_.size() + later_.size(); }
  /// True if nothing is known to be due at any time, in memory or in the store.
  [[nodiscard]] bool is_empty() const noexcept { return next_.empty() && !has_more_; }

 private:
  [[nodiscard]] bool is_beyond(const DuePoint& point) const noexcept {
    return has_more_ && point > complete_to_;
  }
  void push(const DuePoint& point);
  void forget_beyond(const DuePoint& point);
  void tidy_next();
  void tidy_later();
  void advance_complete(const std::optional<DuePoint>& to);

  Sink& sink_;
  KeepingOf keeping_;
  std::vector<DuePoint> next_;   ///< min-heap; none is beyond
  std::vector<DuePoint> later_;  ///< in no order; all are beyond
  std::size_t most_;
  std::size_t next_limit_;   ///< time to tidy up
  std::size_t later_limit_;  ///< the same
  QueueId stream_;

  bool has_more_ = false;    ///< the store may have entries that memory has not
  bool had_stored_ = false;  ///< there is something to trim
  bool reading_ = false;
  DuePoint complete_to_{};             ///< with has_more_: memory has all up to here
  std::optional<DuePoint> forgotten_;  ///< lowest that left memory during the read in flight

  std::optional<DuePoint> fired_;  ///< highest
  DuePoint fired_first_{};         ///< first one since the last trim
  std::uint32_t fired_count_ = 0;  ///< since the last trim
};

}  // namespace tern::queue
