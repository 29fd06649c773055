// read_due(): one request for entries of the index of due times. Runs on a reader thread.
#include "storage/reader.hpp"

namespace tern::storage {
namespace {

// The entries of one stream that are not settled, from a given one on.
class DueCursor {
 public:
  DueCursor(Database& database, const StreamTable& table, Stream stream, const DueEntry& after)
      : table_(table), stream_(stream), end_(due_end(stream)), end_slice_(end_) {
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &end_slice_;
    it_.reset(database.db().NewIterator(options, database.due()));
    it_->Seek(key_after(view(encode_due_key({stream, after}))));
    look();
  }
  DueCursor(const DueCursor&) = delete;
  DueCursor& operator=(const DueCursor&) = delete;

  [[nodiscard]] bool at_end() const noexcept { return at_end_; }
  [[nodiscard]] const DueEntry& entry() const noexcept { return entry_; }
  [[nodiscard]] rocksdb::Status status() const { return it_->status(); }
  void next() {
    it_->Next();
    look();
  }

 private:
  void look() {
    for (; it_->Valid(); it_->Next()) {
      const auto key = decode_due_key(to_bytes(it_->key()));
      if (!key || table_.is_settled(stream_, key->entry.position)) continue;
      entry_ = key->entry;
      return;
    }
    at_end_ = true;
  }

  const StreamTable& table_;
  Stream stream_;
  std::string end_;
  rocksdb::Slice end_slice_;
  std::unique_ptr<rocksdb::Iterator> it_;
  DueEntry entry_;
  bool at_end_ = false;
};

}  // namespace

Result<DueResult> read_due(Database& database, const StreamTable& table,
                           const DueRequest& request) {
  DueResult result{.queue = request.queue, .entries = {}, .is_last = false};
  DueCursor stored(database, table, stream_of(request.queue, false), request.after);
  DueCursor spilled(database, table, stream_of(request.queue, true), request.after);
  while (!stored.at_end() || !spilled.at_end()) {
    if (result.entries.size() >= request.count_max) break;
    const bool is_stored =
        spilled.at_end() || (!stored.at_end() && stored.entry() < spilled.entry());
    DueCursor& cursor = is_stored ? stored : spilled;
    result.entries.push_back(cursor.entry());
    cursor.next();
  }
  for (const auto& status : {stored.status(), spilled.status()}) {
    if (!status.ok()) return Error{"cannot read: " + status.ToString()};
  }
  result.is_last = stored.at_end() && spilled.at_end();
  return result;
}

}  // namespace tern::storage
