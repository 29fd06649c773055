// Reclaimer: gives disk space back. Files of dead epochs are dropped; an epoch of which little is
// live is rewritten, one at a time, on the reclaimer's own thread.
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

  const RocksOptions options_;
  Database& database_;
  FilterState& state_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_
  std::atomic<bool> cancel_{false};
  std::thread thread_;
};

}  // namespace tern::storage
