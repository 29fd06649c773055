// DueWriter: what a commit changes in the index of due times: entries, trimmed ranges, dropped
// streams. Owned by CommitBuilder, used on the commit thread.
//
// A trimmed range begins where the one before it ended, so that ranges of a stream do not overlap:
// RocksDB keeps n overlapping ones in n * n pieces. The trims of a commit come first in it, one for
// each stream: an entry of an earlier batch that a later one trims is not written at all.
#pragma once

#include <rocksdb/write_batch.h>

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "storage/database.hpp"
#include "storage/inbox.hpp"

namespace tern::storage {

class DueWriter {
 public:
  /// `streams`: those that have entries.
  explicit DueWriter(const std::unordered_set<Stream>& streams);

  /// A new commit: writes the trims of all its batches, of both streams of the queues. What a batch
  /// adds itself is not trimmed by it.
  void trim(const Cut& cut, Database& database, rocksdb::WriteBatch& batch);
  /// An entry of the batch with that index in the cut.
  void add(const DueKey& key, std::size_t index, Database& database, rocksdb::WriteBatch& batch);
  /// Removes all of a queue's entries, stored and spilled.
  void drop(QueueId queue, Database& database, rocksdb::WriteBatch& batch);

  /// Ranges removed in this commit.
  [[nodiscard]] std::uint64_t ranges() const noexcept { return ranges_; }

 private:
  [[nodiscard]] bool is_trimmed(const DueKey& key, std::size_t index) const;
  void remove(const std::string& first, const std::string& end, Database& database,
              rocksdb::WriteBatch& batch);

  std::unordered_map<Stream, DueEntry>
      streams_;  // with entries: all that may be there is not below
  struct Trim {
    DueEntry last;
    std::size_t index = 0;  // of its batch
  };
  // Of this commit, by queue: by index, and of falling height (one below a later one is moot).
  std::unordered_map<std::uint32_t, std::vector<Trim>> trims_;
  std::uint64_t ranges_ = 0;
};

}  // namespace tern::storage
