// recover(): rebuilds the stream table when the store is opened: each queue's own record, then the
// deltas that are newer. No message is looked at, so it takes as long for ten as for ten million.
#pragma once

#include <unordered_set>

#include "base/result.hpp"
#include "storage/database.hpp"

namespace tern::storage {

struct Recovery {
  std::vector<Record> records;  ///< topology, sorted by key
  std::vector<RecoveredQueue> queues;
  std::unordered_set<Stream> due_streams;  ///< with entries in the index of due times
  Epoch next_epoch = 1;
  CommitId next_commit = 1;
  bool stopped_cleanly = false;
};

/// Fills `state` and begins a run: the new epoch and the format version are on disk afterwards.
[[nodiscard]] Result<Recovery> recover(Database& database, FilterState& state,
                                       const std::string& data_dir);

}  // namespace tern::storage
