// Processed ids in RocksDB. Two keys for each, written together:
//
//   'i' id                        value = u64 big-endian, when it was marked, in s
//   'a' u64 big-endian, s, id     value = empty; in order of age, so that expiry reads only the old
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <mutex>

#include "processed_ids/checks.hpp"

namespace ternmq {
namespace {

// What one expiry removes in one write.
constexpr std::uint64_t expire_batch = 1000;

void check_rocks(const rocksdb::Status& status, const char* what) {
  if (!status.ok())
    throw processed_ids_error(std::string("processed ids in RocksDB: ") + what + ": " +
                              status.ToString());
}

std::string encode_seconds(std::int64_t seconds) {
  std::string text;
  for (int shift = 56; shift >= 0; shift -= 8)
    text += static_cast<char>(static_cast<std::uint64_t>(seconds) >> shift & 0xffU);
  return text;
}

std::string id_key(std::string_view id) {
  return std::string(1, 'i').append(id);
}

std::string age_key(std::string_view encoded_seconds, std::string_view id) {
  return std::string(1, 'a').append(encoded_seconds).append(id);
}

std::int64_t rocks_seconds_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

rocksdb::WriteOptions synced() {
  rocksdb::WriteOptions options;
  options.sync = true;
  return options;
}

std::unique_ptr<rocksdb::DB> open_rocks(const std::string& directory) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.max_open_files = 64;
  options.write_buffer_size = 4 * 1024 * 1024;
  rocksdb::DB* opened = nullptr;
  check_rocks(rocksdb::DB::Open(options, directory, &opened), "cannot open the directory");
  return std::unique_ptr<rocksdb::DB>(opened);
}

}  // namespace

struct rocksdb_processed_ids::impl {
  /// When the id was marked, as it is encoded; nothing if it is not.
  bool find(std::string_view id, std::string& marked_at) {
    const auto status = database->Get(rocksdb::ReadOptions(), id_key(id), &marked_at);
    if (status.IsNotFound()) return false;
    check_rocks(status, "cannot look for an id");
    return true;
  }

  std::mutex mutex;  // Looking and marking are one step.
  std::chrono::seconds keep{};
  std::unique_ptr<rocksdb::DB> database;
};

rocksdb_processed_ids::rocksdb_processed_ids(const std::string& directory,
                                             processed_ids_options options)
    : impl_(std::make_unique<impl>()) {
  impl_->keep = options.keep;
  impl_->database = open_rocks(directory);
}

rocksdb_processed_ids::~rocksdb_processed_ids() = default;

bool rocksdb_processed_ids::first_time(std::string_view id) {
  detail::check_processed_id(id);
  const std::lock_guard lock(impl_->mutex);
  std::string marked_at;
  if (impl_->find(id, marked_at)) return false;
  marked_at = encode_seconds(rocks_seconds_now());
  rocksdb::WriteBatch batch;
  batch.Put(id_key(id), marked_at);
  batch.Put(age_key(marked_at, id), "");
  check_rocks(impl_->database->Write(synced(), &batch), "cannot mark an id");
  return true;
}

bool rocksdb_processed_ids::contains(std::string_view id) {
  detail::check_processed_id(id);
  std::string marked_at;
  return impl_->find(id, marked_at);
}

void rocksdb_processed_ids::forget(std::string_view id) {
  detail::check_processed_id(id);
  const std::lock_guard lock(impl_->mutex);
  std::string marked_at;
  if (!impl_->find(id, marked_at)) return;
  rocksdb::WriteBatch batch;
  batch.Delete(id_key(id));
  batch.Delete(age_key(marked_at, id));
  check_rocks(impl_->database->Write(synced(), &batch), "cannot forget an id");
}

std::uint64_t rocksdb_processed_ids::expire() {
  const std::string end = age_key(encode_seconds(rocks_seconds_now() - impl_->keep.count()), "");
  std::uint64_t removed = 0;
  for (std::uint64_t found = expire_batch; found == expire_batch; removed += found) {
    // Others may mark ids between two batches.
    const std::lock_guard lock(impl_->mutex);
    found = 0;
    rocksdb::WriteBatch batch;
    const std::unique_ptr<rocksdb::Iterator> old(
        impl_->database->NewIterator(rocksdb::ReadOptions()));
    for (old->Seek("a"); old->Valid() && found < expire_batch; old->Next(), ++found) {
      const std::string key = old->key().ToString();
      if (key >= end) break;
      batch.Delete(key);
      batch.Delete(id_key(std::string_view(key).substr(1 + sizeof(std::int64_t))));
    }
    check_rocks(old->status(), "cannot look for old ids");
    check_rocks(impl_->database->Write(rocksdb::WriteOptions(), &batch), "cannot forget old ids");
  }
  return removed;
}

}  // namespace ternmq
