// Database: the RocksDB instance with its four column families, opened the way the store needs it.
// Owned by RocksStore; its operations are called from the store's threads.
#pragma once

#include <rocksdb/db.h>

#include <memory>
#include <vector>

#include "base/result.hpp"
#include "storage/compaction_filter.hpp"
#include "storage/rocks_store.hpp"

namespace tern::storage {

class Database {
 public:
  /// Opens or makes the database in `options.data_dir`, which exists and is locked. Refuses formats
  /// of the future and damage that a power cut does not explain.
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(
      const RocksOptions& options, const std::shared_ptr<const FilterState>& filter_state);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  [[nodiscard]] rocksdb::DB& db() noexcept { return *db_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* messages() noexcept { return messages_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* deltas() noexcept { return deltas_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* meta() noexcept { return meta_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* due() noexcept { return due_; }

  /// Memtables of messages waiting to be written to a file.
  [[nodiscard]] std::uint64_t memtables_waiting();
  /// Starts writing all memtables to files, without waiting for it.
  [[nodiscard]] rocksdb::Status start_flush();
  /// The same for the index of due times alone.
  [[nodiscard]] rocksdb::Status start_due_flush();

 private:
  Database() = default;

  std::unique_ptr<rocksdb::Env> environment_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  rocksdb::ColumnFamilyHandle* messages_ = nullptr;
  rocksdb::ColumnFamilyHandle* deltas_ = nullptr;
  rocksdb::ColumnFamilyHandle* meta_ = nullptr;
  rocksdb::ColumnFamilyHandle* due_ = nullptr;
  std::unique_ptr<rocksdb::DB> db_;
};

}  // namespace tern::storage
