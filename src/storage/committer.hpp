// Committer: the commit thread. It takes what the shards have submitted, writes it as one batch,
// and hands it to the completer; while that syncs, the next batch comes together. It also begins
// epochs and writes checkpoints.
#pragma once

#include <atomic>
#include <thread>

#include "storage/checkpointer.hpp"
#include "storage/commit_builder.hpp"
#include "storage/completer.hpp"
#include "storage/recovery.hpp"

namespace tern::storage {

class Committer {
 public:
  /// `recovery` says where this run begins; its epoch is on disk already.
  Committer(const RocksOptions& options, Database& database, FilterState& state, Inbox& inbox,
            Completer& completer, const Recovery& recovery);

  void start();
  /// After the inbox was closed: writes what is left in it, and a checkpoint.
  void join();

 private:
  using Steady = Inbox::Steady;

  void run();
  [[nodiscard]] Steady::time_point next_deadline() const;
  void commit(Cut&& cut);
  [[nodiscard]] bool is_durable_cut(const Cut& cut, const Delta& delta) const;
  void write(Commit&& commit, bool is_alone);
  void keep_house();
  void begin_epoch_when_due(bool idle);
  [[nodiscard]] bool is_epoch_full() const;
  void finish();

  const RocksOptions options_;
  Database& database_;
  FilterState& state_;
  Inbox& inbox_;
  Completer& completer_;
  CommitBuilder builder_;
  Checkpointer checkpointer_;

  Epoch epoch_;
  bool epoch_is_new_ = false;      // its number is not on disk yet
  std::uint64_t epoch_bytes_ = 0;  // of messages written in it
  CommitId next_commit_;
  std::uint64_t delta_bytes_ = 0;  // since the last checkpoint began
  std::uint64_t due_ranges_ = 0;   // removed from the index since it was last written to a file
  Steady::time_point checkpoint_due_ = Steady::time_point::max();
  Steady::time_point idle_check_due_ = Steady::time_point::max();
  std::thread thread_;
};

}  // namespace tern::storage
