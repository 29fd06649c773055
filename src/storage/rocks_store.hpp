// open_rocks_store(): the durable Store, on RocksDB. docs/storage.md explains the design; in short:
// one value per (queue, commit), small deltas instead of tombstones, keys that begin with an epoch.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "storage/store.hpp"

namespace tern::storage {

struct RocksOptions {
  std::string data_dir;  ///< made when missing
  /// Bytes of messages after which a new epoch begins (one epoch = one memtable = one file).
  std::uint64_t epoch_bytes = 192ULL << 20;
  /// Bytes of messages in one group commit; a batch or a transaction larger than that goes whole.
  std::uint64_t commit_bytes_max = 4ULL << 20;
  /// Bytes of messages in one value; larger messages have a value of their own.
  std::uint64_t block_bytes_max = 256ULL << 10;
  /// How long batches with nothing but settlements may wait for a commit.
  std::chrono::milliseconds ack_delay{5};
  /// Settlements are synced at least this often.
  std::chrono::milliseconds ack_sync_interval{200};
  /// Changed queues are written to their own records at least this often.
  std::chrono::milliseconds checkpoint_interval{5000};
  std::uint64_t checkpoint_delta_bytes = 4ULL << 20;
  /// An epoch is rewritten when less than this share of it is live and it is that old.
  std::uint32_t rewrite_live_percent = 50;
  std::chrono::milliseconds rewrite_age{60'000};
  /// How often dead and sparse epochs are looked for.
  std::chrono::milliseconds reclaim_interval{1000};
  /// The index of due times is rewritten when it has doubled and grown by this.
  std::uint64_t due_slack_bytes = 16ULL << 20;
  std::uint32_t reader_threads = 2;
  std::uint32_t background_jobs = 2;
  /// Give up what follows a hole in the write-ahead log that a power cut does not explain
  /// (messages behind the hole are lost).
  bool accept_damaged_log = false;
};

/// Opens (or makes) the data directory and recovers what is in it. The error says what, where and
/// what to do: unwritable or full directory, in use by another process, newer format, damage.
[[nodiscard]] Result<std::unique_ptr<Store>> open_rocks_store(const RocksOptions& options);

}  // namespace tern::storage
