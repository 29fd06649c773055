// StreamTable: what the store knows of all queues: written by completed commits, asked by readers,
// by the compaction filter and by the space reclaimer. Any thread; one lock, held briefly.
//
// Durable changes enter only after the sync that covers them, so the filter may act on everything
// it sees here; spilled messages (forgotten at restart) enter as soon as they are written.
#pragma once

#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "storage/delta.hpp"
#include "storage/queue_state.hpp"

namespace tern::storage {

/// A piece of a stream that a reader has to look at.
struct SegmentRange {
  Stream stream = 0;
  Epoch epoch = 0;
  Position first = 0;
  Position last = 0;
  bool unordered = false;
};

class StreamTable {
 public:
  // Recovery: one thread, before begin_run().
  void restore(QueueId queue, QueueState&& state);
  /// Everything of former runs has been applied; from now on is_dead() may say yes.
  void begin_run(Epoch first_epoch, CommitId applied);
  [[nodiscard]] std::vector<RecoveredQueue> recovered() const;
  /// Whether a queue has stored messages that are not settled (or not known to be).
  [[nodiscard]] bool has_stored(QueueId queue) const;

  /// The durable part of a commit, in order of commits.
  void apply_durable(const Delta& delta);
  /// The spilled part of a commit.
  void apply_spilled(const Delta& delta);

  /// The segments of a queue (stored and spilled) that reach into [from, to).
  [[nodiscard]] std::vector<SegmentRange> segments(QueueId queue, Position from, Position to) const;
  /// For each of a stream's positions: is it settled?
  void settled(Stream stream, std::span<const Position> positions, std::vector<bool>& to) const;
  /// True if the messages of a stream in [first, last] are all done with for certain.
  [[nodiscard]] bool is_dead(Stream stream, Epoch epoch, Position first, Position last) const;
  /// True if a stream's message is done with for certain. False for one whose commit is under way.
  [[nodiscard]] bool is_settled(Stream stream, Position position) const;
  /// False: nothing in [first, last] is settled, there is no need to look closer.
  [[nodiscard]] bool may_be_settled(Stream stream, Position first, Position last) const;

  /// Queues changed since they were last taken, and the commit up to which the table stands.
  [[nodiscard]] std::vector<QueueId> take_changed(CommitId& applied);
  [[nodiscard]] bool has_changed() const;
  /// Appends the 'q' record of a queue; false if there is no such queue (any more).
  [[nodiscard]] bool encode_record(QueueId queue, std::string& to) const;

  /// True if nothing of this epoch is needed and nothing will be added to it.
  [[nodiscard]] bool is_epoch_dead(Epoch epoch) const;
  /// Live and all bytes of an epoch.
  [[nodiscard]] EpochUse epoch_use(Epoch epoch) const;
  /// Closed epochs of which less than `live_percent` is live and that are older than `age`.
  [[nodiscard]] std::vector<Epoch> sparse_epochs(std::uint32_t live_percent,
                                                 std::chrono::milliseconds age) const;
  /// An epoch was rewritten: what is left of it counts as all of it.
  void epoch_rewritten(Epoch epoch);
  /// Forgets the epochs that are dead (one that is not known is dead, too).
  void forget_dead_epochs();

 private:
  [[nodiscard]] const QueueState* find(QueueId queue) const;
  void apply_appended(const Appended& appended);
  void apply_settled(const Settled& settled);
  void apply_mark(const Mark& mark);
  void apply_returned(const Returned& returned);
  void drop(QueueId queue);
  void changed(QueueId queue, QueueState& state);

  mutable std::mutex mutex_;  // guards all below
  std::unordered_map<std::uint32_t, QueueState> queues_;
  std::vector<QueueId> changed_;
  EpochLedger ledger_;
  CommitId applied_ = 0;
  Epoch first_epoch_ = 0;  // of this run; 0 while recovering: nothing is dead
  Epoch open_epoch_ = 0;   // commits of all epochs below have been applied
};

}  // namespace tern::storage
