// Completer: what happens to a commit once it is written: sync it (on a thread of its own, so that
// the next commit is written meanwhile), enter it into the stream table, tell the shards. Commits
// complete in the order in which they were written.
//
// A commit of settlements alone is not synced by itself: its shards are told at once, but it enters
// the table (where the compaction filter would act on it) with the next sync.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "storage/database.hpp"
#include "storage/delta.hpp"
#include "storage/inbox.hpp"

namespace tern::storage {

/// A commit that has been written.
struct Commit {
  Delta delta;
  Cut cut;
  bool needs_sync = false;
  std::uint64_t written_bytes = 0;
  std::optional<CommitId> covered;  ///< queue records in it complete a checkpoint up to here
};

class Completer {
 public:
  Completer(Database& database, FilterState& state, Inbox& inbox)
      : database_(database), state_(state), inbox_(inbox) {}

  void start(Listener& listener);
  /// Syncs and completes everything handed over, then ends the thread.
  void stop();

  // Commit thread only.

  /// Nothing waits for a sync or is being synced.
  [[nodiscard]] bool is_idle() const;
  /// To be completed, after a sync if it needs one, behind all commits before.
  void hand_over(Commit&& commit);
  /// Completes a commit at once. Only when idle.
  void complete_now(Commit&& commit, bool synced);
  /// Waits until less than `bytes` have been written and not synced; false if the store has failed.
  [[nodiscard]] bool wait_for_room(std::uint64_t bytes);

  /// Waits until everything handed over has completed (or the store has failed).
  void wait_until_idle();

  /// Bytes written and not synced, and since when there are any.
  struct Unsynced {
    std::uint64_t bytes = 0;
    std::optional<Inbox::Steady::time_point> since;
  };
  [[nodiscard]] Unsynced unsynced() const;

  /// Final. The first call tells the listener.
  void fail(const std::string& text);
  [[nodiscard]] bool has_failed() const noexcept { return failed_.load(); }

 private:
  struct Unapplied {  // told, and not yet in the table
    Delta delta;
    std::vector<std::shared_ptr<Batch>> batches;
    std::optional<CommitId> covered;
  };

  void run();
  void complete(Commit&& commit, bool synced);
  void apply_unapplied();
  void tell(const Cut& cut);

  Database& database_;
  FilterState& state_;
  Inbox& inbox_;
  Listener* listener_ = nullptr;

  mutable std::mutex mutex_;  // guards the next block
  std::condition_variable changed_;
  std::deque<Commit> queue_;
  bool busy_ = false;  // the thread is syncing or completing
  bool stopping_ = false;
  Unsynced unsynced_;

  std::vector<Unapplied> unapplied_;  // whoever completes: the thread, or the commit thread if idle
  std::vector<std::pair<ShardId, std::uint64_t>> told_;
  std::atomic<bool> failed_{false};
  std::thread thread_;
};

}  // namespace tern::storage
