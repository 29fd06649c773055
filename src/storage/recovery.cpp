#include "storage/recovery.hpp"

#include <fmt/format.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <unordered_map>

namespace tern::storage {
namespace {

class Loader {
 public:
  Loader(Database& database, FilterState& state, const std::string& data_dir)
      : database_(database), state_(state), data_dir_(data_dir) {}

  Result<Recovery> run() {
    if (auto loaded = load_meta(); !loaded) return loaded.error();
    if (auto replayed = replay_deltas(); !replayed) return replayed.error();
    if (auto found = find_due_streams(); !found) return found.error();
    recovery_.queues = state_.table.recovered();
    for (RecoveredQueue& queue : recovery_.queues)
      queue.has_due = recovery_.due_streams.contains(raw(queue.queue));
    if (auto begun = begin_run(); !begun) return begun.error();
    return std::move(recovery_);
  }

 private:
  [[nodiscard]] Error error(const std::string& what) const {
    return {fmt::format("data directory {}: {}", data_dir_, what)};
  }

  Result<void> load_meta() {
    const std::unique_ptr<rocksdb::Iterator> it(database_.db().NewIterator({}, database_.meta()));
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      const Bytes key = to_bytes(it->key());
      const Bytes value = to_bytes(it->value());
      if (key.empty()) continue;
      if (key == covered_key) {
        covered_ = decode_number(value).value_or(0);
      } else if (key == epoch_key) {
        epoch_ = std::max(epoch_, static_cast<Epoch>(decode_number(value).value_or(0)));
      } else if (key[0] == topology_prefix) {
        recovery_.records.push_back({std::string(key.substr(1)), std::string(value)});
      } else if (key[0] == queue_prefix) {
        if (!load_queue(key, value)) return error("a queue's record is damaged");
      }
    }
    if (!it->status().ok()) return error("cannot read: " + it->status().ToString());
    return {};
  }

  bool load_queue(Bytes key, Bytes value) {
    const auto queue = decode_queue_key(key);
    auto record = decode_queue_record(value);
    if (!queue || !record) return false;
    if (record->state.stored) {
      for (const Segment& segment : record->state.stored->segments)
        epoch_ = std::max(epoch_, segment.epoch);
    }
    as_of_[raw(*queue)] = record->as_of;
    last_commit_ = std::max(last_commit_, record->as_of);
    state_.table.restore(*queue, std::move(record->state));
    return true;
  }

  Result<void> replay_deltas() {
    const std::unique_ptr<rocksdb::Iterator> it(database_.db().NewIterator({}, database_.deltas()));
    last_commit_ = std::max(last_commit_, covered_);
    for (it->Seek(encode_number(covered_ + 1)); it->Valid(); it->Next()) {
      const auto commit = decode_number(to_bytes(it->key()));
      auto delta = decode_delta(to_bytes(it->value()));
      if (!commit || !delta) return error("the record of a commit is damaged");
      delta->commit = *commit;
      last_commit_ = std::max(last_commit_, *commit);
      leave_out_known(*delta);
      for (const Appended& appended : delta->appended) epoch_ = std::max(epoch_, appended.epoch);
      state_.table.apply_durable(*delta);
      for (const QueueId queue : delta->dropped) as_of_.erase(raw(queue));
    }
    if (!it->status().ok()) return error("cannot read: " + it->status().ToString());
    return {};
  }

  // A queue's record may be newer than the delta.
  void leave_out_known(Delta& delta) const {
    const auto is_known = [&](QueueId queue) {
      const auto record = as_of_.find(raw(queue));
      return record != as_of_.end() && record->second >= delta.commit;
    };
    std::erase_if(delta.appended, [&](const Appended& item) { return is_known(item.queue); });
    std::erase_if(delta.settled, [&](const Settled& item) { return is_known(item.queue); });
    std::erase_if(delta.returned, [&](const Returned& item) { return is_known(item.queue); });
    std::erase_if(delta.marks, [&](const Mark& item) { return is_known(item.queue); });
    std::erase_if(delta.dropped, is_known);
  }

  // A seek for each stream that has entries. Those of streams without a message are of no use any
  // more: what was spilled in the former run, and what was settled since it was written.
  Result<void> find_due_streams() {
    const std::unique_ptr<rocksdb::Iterator> it(database_.db().NewIterator({}, database_.due()));
    it->SeekToFirst();
    while (it->Valid()) {
      const auto key = decode_due_key(to_bytes(it->key()));
      if (!key) return error("the index of due times is damaged");
      const std::string end = due_end(key->stream);
      if (!is_spilled(key->stream) && state_.table.has_stored(queue_of(key->stream))) {
        recovery_.due_streams.insert(key->stream);
      } else {
        first_writes_.DeleteRange(database_.due(), due_begin(key->stream), end);
      }
      it->Seek(end);
    }
    if (!it->status().ok()) return error("cannot read: " + it->status().ToString());
    return {};
  }

  Result<void> begin_run() {
    recovery_.next_epoch = epoch_ + 1;
    recovery_.next_commit = last_commit_ + 1;
    std::string ignored;
    recovery_.stopped_cleanly =
        database_.db().Get({}, database_.meta(), to_slice(clean_key), &ignored).ok();
    rocksdb::WriteBatch& batch = first_writes_;
    batch.Delete(database_.meta(), to_slice(clean_key));
    batch.Put(database_.meta(), to_slice(format_key), encode_number(format_version));
    batch.Put(database_.meta(), to_slice(epoch_key), encode_number(recovery_.next_epoch));
    rocksdb::WriteOptions sync;
    sync.sync = true;
    const rocksdb::Status status = database_.db().Write(sync, &batch);
    if (!status.ok()) return error("cannot write: " + status.ToString());
    state_.covered = covered_;
    state_.table.begin_run(recovery_.next_epoch, last_commit_);
    return {};
  }

  Database& database_;
  FilterState& state_;
  const std::string& data_dir_;
  Recovery recovery_;
  rocksdb::WriteBatch first_writes_;
  std::unordered_map<std::uint32_t, CommitId> as_of_;
  CommitId covered_ = 0;
  CommitId last_commit_ = 0;
  Epoch epoch_ = 0;
};

}  // namespace

Result<Recovery> recover(Database& database, FilterState& state, const std::string& data_dir) {
  return Loader(database, state, data_dir).run();
}

}  // namespace tern::storage
