#include "storage/checkpointer.hpp"

#include "base/ensure.hpp"

namespace tern::storage {

void Checkpointer::begin() {
  ensure(!under_way_, "two checkpoints at once");
  queues_ = state_.table.take_changed(target_);
  under_way_ = true;
}

std::optional<CommitId> Checkpointer::add(rocksdb::WriteBatch& batch, std::uint64_t bytes_max) {
  if (!under_way_) return std::nullopt;
  std::string record;
  for (std::uint64_t bytes = 0; !queues_.empty() && bytes < bytes_max;) {
    const QueueId queue = queues_.back();
    queues_.pop_back();
    record.clear();
    if (state_.table.encode_record(queue, record)) {
      batch.Put(database_.meta(), queue_key(queue), record);
    } else {
      batch.Delete(database_.meta(), queue_key(queue));
    }
    bytes += record.size() + 32;
  }
  if (!queues_.empty()) return std::nullopt;
  under_way_ = false;
  batch.Put(database_.meta(), to_slice(covered_key), encode_number(target_));
  return target_;
}

}  // namespace tern::storage
