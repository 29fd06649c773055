#include "storage/due_writer.hpp"

#include <algorithm>

namespace tern::storage {

DueWriter::DueWriter(const std::unordered_set<Stream>& streams) {
  for (const Stream stream : streams) streams_.try_emplace(stream);
}

void DueWriter::trim(const Cut& cut, Database& database, rocksdb::WriteBatch& batch) {
  ranges_ = 0;
  trims_.clear();
  for (std::size_t i = 0; i < cut.batches.size(); ++i) {
    for (const DueTrim& trim : cut.batches[i]->due_trims) {
      Trim& highest = trims_[raw(trim.queue)];
      if (trim.last >= highest.last) highest = {trim.last, i};
    }
  }
  for (const auto& [queue, trim] : trims_) {
    for (const bool spilled : {false, true}) {
      const Stream stream = stream_of(static_cast<QueueId>(queue), spilled);
      const auto known = streams_.find(stream);
      if (known == streams_.end() || trim.last < known->second) continue;
      const DueKeyBytes first = encode_due_key({stream, known->second});
      const DueKeyBytes last = encode_due_key({stream, trim.last});
      remove(std::string(view(first)), key_after(view(last)), database, batch);
      known->second = trim.last;
    }
  }
}

void DueWriter::add(const DueKey& key, std::size_t index, Database& database,
                    rocksdb::WriteBatch& batch) {
  if (!trims_.empty()) {
    const auto trim = trims_.find(raw(queue_of(key.stream)));
    if (trim != trims_.end() && index < trim->second.index && key.entry <= trim->second.last)
      return;
  }
  const auto [known, is_new] = streams_.try_emplace(key.stream, key.entry);
  if (!is_new) known->second = std::min(known->second, key.entry);
  batch.Put(database.due(), to_slice(view(encode_due_key(key))), rocksdb::Slice());
}

void DueWriter::drop(QueueId queue, Database& database, rocksdb::WriteBatch& batch) {
  for (const bool spilled : {false, true}) {
    const Stream stream = stream_of(queue, spilled);
    if (streams_.erase(stream) > 0) remove(due_begin(stream), due_end(stream), database, batch);
  }
}

void DueWriter::remove(const std::string& first, const std::string& end, Database& database,
                       rocksdb::WriteBatch& batch) {
  batch.DeleteRange(database.due(), first, end);
  ++ranges_;
}

}  // namespace tern::storage
