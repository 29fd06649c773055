// The compaction filters: what is settled is left out whenever RocksDB writes a file, at flush
// already, so a message that was settled within its memtable's life is written once (to the log).
// They run on RocksDB's background threads and never call RocksDB.
#pragma once

#include <rocksdb/compaction_filter.h>

#include <atomic>
#include <memory>

#include "storage/stream_table.hpp"

namespace tern::storage {

inline Bytes to_bytes(const rocksdb::Slice& slice) noexcept {
  return {slice.data(), slice.size()};
}
inline rocksdb::Slice to_slice(Bytes bytes) noexcept {
  return {bytes.data(), bytes.size()};
}

/// What the filters decide by. Everything in it is durable.
struct FilterState {
  StreamTable table;
  std::atomic<CommitId> covered{0};  ///< deltas up to this one are in the queues' own records
};

[[nodiscard]] std::shared_ptr<rocksdb::CompactionFilterFactory> make_message_filter(
    std::shared_ptr<const FilterState> state);
[[nodiscard]] std::shared_ptr<rocksdb::CompactionFilterFactory> make_delta_filter(
    std::shared_ptr<const FilterState> state);

/// Leaves out of the index of due times what is settled.
[[nodiscard]] std::shared_ptr<rocksdb::CompactionFilterFactory> make_due_filter(
    std::shared_ptr<const FilterState> state);

/// A block without its settled messages, or nothing if too few of them are settled to be worth it.
[[nodiscard]] std::optional<std::string> shrink_block(const StreamTable& table, const BlockKey& key,
                                                      Bytes value, bool& all_settled);

}  // namespace tern::storage
