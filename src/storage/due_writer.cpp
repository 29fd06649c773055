#include "storage/due_writer.hpp"

#include <algorithm>

namespace tern::storage {

DueWriter::DueWriter(const std::unordered_set<Stream>& streams) {
  for (const Stream stream : streams) streams_.try_emplace(stream);
}

void DueWriter::note_trim(const DueTrim& trim) {
  const auto same = std::find_if(trims_.begin(), trims_.end(),
                                 [&](const DueTrim& known) { return known.queue == trim.queue; });
  if (same == trims_.end()) {
    trims_.push_back(trim);
  } else {
    same->last = std::max(same->last, trim.last);
  }
}

void DueWriter::write_trims(Database& database, rocksdb::WriteBatch& batch) {
  for (const DueTrim& trim : trims_) {
    for (const bool spilled : {false, true}) {
      const Stream stream = stream_of(trim.queue, spilled);
      const auto known = streams_.find(stream);
      if (known == streams_.end() || trim.last < known->second) continue;
      const DueKeyBytes first = encode_due_key({stream, known->second});
      const DueKeyBytes last = encode_due_key({stream, trim.last});
      remove(std::string(view(first)), key_after(view(last)), database, batch);
      known->second = trim.last;
    }
  }
  trims_.clear();
}

void DueWriter::add(const DueKey& key, Database& database, rocksdb::WriteBatch& batch) {
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
