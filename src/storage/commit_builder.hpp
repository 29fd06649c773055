// CommitBuilder: turns what was cut into one WriteBatch and the delta that describes it. Owned by
// the commit thread, which alone uses it; buffers are kept from one commit to the next.
#pragma once

#include <rocksdb/slice.h>
#include <rocksdb/write_batch.h>

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "storage/block.hpp"
#include "storage/database.hpp"
#include "storage/delta.hpp"
#include "storage/due_writer.hpp"
#include "storage/inbox.hpp"
#include "storage/settled_set.hpp"

namespace tern::storage {

class CommitBuilder {
 public:
  /// `due_streams`: what recovery found in the index of due times.
  CommitBuilder(Database& database, std::uint64_t block_bytes_max,
                const std::unordered_set<Stream>& due_streams)
      : database_(database), block_bytes_max_(block_bytes_max), due_(due_streams) {}

  /// Takes the cut's appends (those withdrawn are left out) and adds everything to write_batch().
  /// `delta.commit` and `delta.epoch` say which commit it is; the rest of it is filled.
  void build(const Cut& cut, Delta& delta);

  /// Emptied by clear(); the caller may add records of its own.
  [[nodiscard]] rocksdb::WriteBatch& write_batch() noexcept { return write_batch_; }
  void clear();

  /// Bytes of messages in the last build, as they count for an epoch.
  [[nodiscard]] std::uint64_t message_bytes() const noexcept { return message_bytes_; }
  /// Ranges taken out of the index of due times in the last build.
  [[nodiscard]] std::uint64_t due_ranges() const noexcept { return due_.ranges(); }

 private:
  struct Entry {
    Position position = 0;
    const Message* message = nullptr;
    std::uint32_t group = 0;
  };
  struct Group {  // one stream's entries, in entries_[begin, begin + count) once sorted
    Stream stream = 0;
    std::uint32_t begin = 0;
    std::uint32_t count = 0;
    std::uint64_t bytes = 0;
    std::uint64_t body_bytes = 0;
  };
  struct Place {  // of a shared message
    std::uint32_t part = 0;
    std::uint32_t index = 0;
  };
  struct Part {               // of the shared messages
    std::uint32_t begin = 0;  // first message, in shared_
    std::uint32_t count = 0;
    std::vector<SharedBy> users;
  };

  void take_appends(const Cut& cut);
  void note_sharing(const Message& message);
  void sort_into_groups();
  void place_shared();
  void write_group(const Group& group, Delta& delta);
  void flush_block(Stream stream);
  void write_shared_parts();
  void write_changes(const Cut& cut, Delta& delta);
  void write_records(const Cut& cut, Delta& delta);
  void write_record(const Record& record);
  void put(const BlockKey& key);
  [[nodiscard]] std::uint32_t group_of(Stream stream);

  Database& database_;
  const std::uint64_t block_bytes_max_;
  rocksdb::WriteBatch write_batch_;
  CommitId commit_ = 0;
  Epoch epoch_ = 0;
  std::uint64_t message_bytes_ = 0;
  DueWriter due_;
  SettledSet dropped_;  // queues dropped in this run: what comes for them later is not kept

  std::vector<Entry> entries_;
  std::vector<Entry> sorted_;
  std::vector<Group> groups_;
  std::unordered_map<Stream, std::uint32_t> group_index_;
  std::vector<const Message*> shared_;
  std::vector<Place> places_;
  std::vector<Part> parts_;
  BlockWriter block_;
  ValueWriter shared_body_;
  std::vector<Bytes> pieces_;
  std::vector<rocksdb::Slice> slices_;
  std::string scratch_;
};

}  // namespace tern::storage
