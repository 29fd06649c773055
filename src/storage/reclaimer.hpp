// Reclaimer: gives disk space back. Files of dead epochs are dropped; an epoch of which little is
// live is rewritten, one at a time, and so is the index of due times when it has grown; all on the
// reclaimer's own thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "storage/database.hpp"

namespace tern::storage {

class Reclaimer {
 public:
  Reclaimer(const RocksOptions& options, Database& database, FilterState& state)
      : options_(options), database_(database), state_(state) {}

  void start();
  /// Breaks off a rewrite that is under way.
  void stop();

  // For tests: one look, on the caller's thread.
  void reclaim();

 private:
  void run();
  void drop_dead_files();
  void rewrite_sparse_epoch();
  void rewrite_due_index();

  const RocksOptions options_;
  Database& database_;
  FilterState& state_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_
  std::atomic<bool> cancel_{false};
  std::thread thread_;

  // The thread only.
  std::uint64_t due_bytes_ = 0;  // of the index of due times when it was last rewritten
  std::chrono::steady_clock::time_point due_rewritten_ = std::chrono::steady_clock::now();
};

}  // namespace tern::storage
