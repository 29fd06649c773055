// QueueState: where the messages of one queue lie on disk and which of them are settled, without a
// byte per message; and its form as a 'q' record. An idle empty queue costs this structure alone.
// Pure; owned and locked by StreamTable.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/delta.hpp"
#include "storage/settled_set.hpp"

namespace tern::storage {

/// What an epoch still holds, over all streams.
struct EpochUse {
  std::uint64_t segments = 0;    ///< streams with something live (or not known to be dead) in it
  std::uint64_t bytes = 0;       ///< of messages, when written (or rewritten)
  std::uint64_t live_bytes = 0;  ///< about
  std::chrono::steady_clock::time_point begun{};
};

class EpochLedger {
 public:
  void add_segment(Epoch epoch);
  void drop_segment(Epoch epoch, std::uint64_t live_bytes);
  void append(Epoch epoch, std::uint64_t bytes, std::uint64_t live_bytes);
  void settle(Epoch epoch, std::uint64_t bytes);

  [[nodiscard]] std::map<Epoch, EpochUse>& uses() noexcept { return uses_; }
  [[nodiscard]] const std::map<Epoch, EpochUse>& uses() const noexcept { return uses_; }

 private:
  std::map<Epoch, EpochUse> uses_;
};

/// The messages of one stream in one epoch.
struct Segment {
  Epoch epoch = 0;
  bool unordered = false;  ///< blocks overlap: one begins below the end of another
  bool inexact = false;    ///< live_count is an estimate: 0 does not prove that it is dead
  Position first = 0;
  Position last = 0;
  std::uint64_t live_count = 0;
  std::uint64_t live_bytes = 0;
  std::uint64_t bytes = 0;
};

/// What is remembered of a message that came back (Returned).
struct ReturnNote {
  std::uint32_t delivery_count = 0;
  Time due{};
};

/// One stream (the stored or the spilled messages of a queue) that holds something.
struct StreamContents {
  std::vector<Segment> segments;  ///< by epoch
  SettledSet settled;
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  std::uint64_t body_bytes = 0;
  std::map<Position, ReturnNote> returned;  ///< of messages that are there
  Position end = 0;                         ///< one above the highest position ever stored
  bool unordered = false;                   ///< segments overlap

  /// Nothing is left, and no position that was settled can be mistaken for one that was not: a
  /// position below an earlier one may be spilled later (requeued, then paged out).
  [[nodiscard]] bool is_over(Position low_water) const noexcept {
    return segments.empty() && low_water >= end;
  }
  void append(const Appended& appended, EpochLedger& ledger);
  void settle(const Settled& settled, Position low_water, EpochLedger& ledger);
  void raise_low_water(Position low_water, EpochLedger& ledger);
  /// Keeps the note for as long as the message, if that is there.
  void note_return(const Returned& note, Position low_water);
  void drop_all(EpochLedger& ledger);
  [[nodiscard]] const Segment* find(Epoch epoch) const noexcept;

 private:
  void settle_segments(const Settled& settled, EpochLedger& ledger);
  void drop_dead(Position low_water, EpochLedger& ledger);
};

struct QueueState {
  Position low_water = 1;
  Position next = 1;
  Position delivered = 1;
  std::unique_ptr<StreamContents> stored;   ///< null: nothing there
  std::unique_ptr<StreamContents> spilled;  ///< null: nothing there
  bool dirty = false;                       ///< changed since its record was last written

  [[nodiscard]] std::unique_ptr<StreamContents>& contents(bool is_spill) noexcept {
    return is_spill ? spilled : stored;
  }
  [[nodiscard]] const StreamContents* contents(bool is_spill) const noexcept {
    return is_spill ? spilled.get() : stored.get();
  }
};

/// A queue as its 'q' record holds it: all but the spilled part.
struct QueueRecord {
  CommitId as_of = 0;  ///< deltas up to this one are in it
  QueueState state;
};

void encode_queue_record(CommitId as_of, const QueueState& state, std::string& to);
/// Null if the bytes are not a record.
[[nodiscard]] std::optional<QueueRecord> decode_queue_record(Bytes bytes);

}  // namespace tern::storage
