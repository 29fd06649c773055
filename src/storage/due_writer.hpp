// DueWriter: what a commit changes in the index of due times: entries, trimmed ranges, dropped
// streams. Owned by CommitBuilder, used on the commit thread.
//
// A trimmed range begins where the one before it ended, so that ranges of a stream do not overlap:
// RocksDB keeps n overlapping ones in n * n pieces.
#pragma once

#include <rocksdb/write_batch.h>

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "storage/database.hpp"

namespace tern::storage {

class DueWriter {
 public:
  /// `streams`: those that have entries.
  explicit DueWriter(const std::unordered_set<Stream>& streams);

  /// A new commit.
  void begin() noexcept { ranges_ = 0; }
  /// Both streams of the queue are trimmed with write_trims(); the highest of a commit counts.
  void note_trim(const DueTrim& trim);
  void write_trims(Database& database, rocksdb::WriteBatch& batch);
  void add(const DueKey& key, Database& database, rocksdb::WriteBatch& batch);
  /// Removes all of a queue's entries, stored and spilled.
  void drop(QueueId queue, Database& database, rocksdb::WriteBatch& batch);

  /// Ranges removed since begin().
  [[nodiscard]] std::uint64_t ranges() const noexcept { return ranges_; }

 private:
  void remove(const std::string& first, const std::string& end, Database& database,
              rocksdb::WriteBatch& batch);

  std::unordered_map<Stream, DueEntry>
      streams_;  // with entries: all that may be there is not below
  std::vector<DueTrim> trims_;
  std::uint64_t ranges_ = 0;
};

}  // namespace tern::storage
