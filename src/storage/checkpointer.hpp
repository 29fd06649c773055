// Checkpointer: writes the records of changed queues, a slice with each commit, so that the deltas
// before them are no longer needed at start. Owned by the commit thread.
#pragma once

#include <rocksdb/write_batch.h>

#include <optional>
#include <vector>

#include "storage/database.hpp"

namespace tern::storage {

class Checkpointer {
 public:
  Checkpointer(Database& database, FilterState& state) : database_(database), state_(state) {}

  /// Begins a pass over all queues changed so far. Only when none is under way.
  void begin();
  [[nodiscard]] bool is_under_way() const noexcept { return under_way_; }
  /// Adds about `bytes_max` of records. At the end of a pass: the commit id that is covered once
  /// this write batch is durable.
  [[nodiscard]] std::optional<CommitId> add(rocksdb::WriteBatch& batch, std::uint64_t bytes_max);

 private:
  Database& database_;
  FilterState& state_;
  bool under_way_ = false;
  std::vector<QueueId> queues_;  // still to be written
  CommitId target_ = 0;
};

}  // namespace tern::storage
