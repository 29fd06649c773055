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
      std::vector<Trim>& trims = trims_[raw(trim.queue)];
      while (!trims.empty() && trims.back().last <= trim.last) trims.pop_back();
      trims.push_back({trim.last, i});
    }
  }
  for (const auto& [queue, trims] : trims_) {
    const DueEntry& highest = trims.front().last;
    for (const bool spilled : {false, true}) {
      const Stream stream = stream_of(static_cast<QueueId>(queue), spilled);
      const auto known = streams_.find(stream);
      if (known == streams_.end() || highest < known->second) continue;
      const DueKeyBytes first = encode_due_key({stream, known->second});
      const DueKeyBytes last = encode_due_key({stream, highest});
      remove(std::string(view(first)), key_after(view(last)), database, batch);
      known->second = highest;
    }
  }
}

// Whether a batch behind the one with that index trims the entry.
bool DueWriter::is_trimmed(const DueKey& key, std::size_t index) const {
  const auto trims = trims_.find(raw(queue_of(key.stream)));
  if (trims == trims_.end()) return false;
  const auto behind = std::find_if(trims->second.begin(), trims->second.end(),
                                   [&](const Trim& trim) { return trim.index > index; });
  return behind != trims->second.end() && key.entry <= behind->last;
}

void DueWriter::add(const DueKey& key, std::size_t index, Database& database,
                    rocksdb::WriteBatch& batch) {
  if (!trims_.empty() && is_trimmed(key, index)) return;
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
