#include "storage/database.hpp"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <algorithm>

#include "base/log.hpp"
#include "storage/log_file_system.hpp"
#include "storage/wal_check.hpp"

namespace tern::storage {
namespace {

constexpr const char* messages_family = "msg";
constexpr const char* deltas_family = "ack";
constexpr const char* due_family = "due";

rocksdb::DBOptions database_options(const RocksOptions& options, rocksdb::Env& environment) {
  rocksdb::DBOptions result;
  result.env = &environment;
  result.create_if_missing = true;
  result.create_missing_column_families = true;
  result.max_background_jobs = static_cast<int>(options.background_jobs);
  // Bounds what has to be replayed at start: about half a second per GiB.
  result.max_total_wal_size = std::max<std::uint64_t>(4 * options.epoch_bytes, 64ULL << 20);
  result.avoid_flush_during_recovery = true;
  result.avoid_flush_during_shutdown = true;
  result.avoid_unnecessary_blocking_io = true;
  // Files are written through the page cache, and handed to the disk bit by bit. Past it each MiB
  // waits for the cache flushes that the log's syncs ask of the disk: publishing what nobody
  // consumes was measured at a third of the rate.
  result.bytes_per_sync = 1 << 20;
  result.wal_bytes_per_sync = 1 << 20;
  result.writable_file_max_buffer_size = 1 << 20;
  result.track_and_verify_wals_in_manifest = true;
  result.recycle_log_file_num = 0;  // unsafe in 7.8 with any recovery mode that we could use
  result.max_open_files = -1;
  result.keep_log_file_num = 4;
  result.info_log_level = rocksdb::WARN_LEVEL;
  result.manifest_preallocation_size = 4 << 20;
  return result;
}

rocksdb::ColumnFamilyOptions small_family() {
  rocksdb::ColumnFamilyOptions result;
  result.write_buffer_size = 16 << 20;
  result.compression = rocksdb::kNoCompression;
  rocksdb::BlockBasedTableOptions table;
  table.checksum = rocksdb::kXXH3;
  table.format_version = 5;
  table.block_cache = rocksdb::NewLRUCache(8 << 20);
  result.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return result;
}

rocksdb::ColumnFamilyOptions message_family(const RocksOptions& options) {
  rocksdb::ColumnFamilyOptions result;
  // Above the size of an epoch, so that only a new epoch makes a new memtable.
  result.write_buffer_size = options.epoch_bytes / 3 * 4 + (8 << 20);
  result.arena_block_size = 1 << 20;
  result.max_write_buffer_number = 4;
  result.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(8));
  result.compression = rocksdb::kNoCompression;
  // Files of different epochs never overlap, so all that compaction does is to move them out of
  // level 0 (from where they could not be dropped), one by one and without copying. Level 1 holds
  // them all.
  result.level0_file_num_compaction_trigger = 1;
  result.level0_slowdown_writes_trigger = 20;
  result.level0_stop_writes_trigger = 36;
  result.max_bytes_for_level_base = 1ULL << 50;
  result.target_file_size_base = 4 * options.epoch_bytes;
  result.soft_pending_compaction_bytes_limit = 0;
  result.hard_pending_compaction_bytes_limit = 0;
  rocksdb::BlockBasedTableOptions table;
  table.block_size = 16 << 10;
  table.checksum = rocksdb::kXXH3;
  table.format_version = 5;
  table.block_cache = rocksdb::NewLRUCache(32 << 20);
  result.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return result;
}

struct Opened {
  rocksdb::Status status;
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
};

Opened try_open(const rocksdb::DBOptions& options, const std::string& path,
                const std::vector<rocksdb::ColumnFamilyDescriptor>& families) {
  Opened result;
  result.status = rocksdb::DB::Open(options, path, families, &result.handles, &result.db);
  return result;
}

// A log that ends in the middle of a record is what a crash leaves: its last commit was never
// confirmed. A power cut can leave worse: unsynced pages of the last log that were never written.
// Anything beyond that is a damaged disk, and everything behind the hole would be lost silently, so
// that takes the operator's word.
Error damage(const RocksOptions& options, const rocksdb::Status& status, const WalDamage& found) {
  return {fmt::format(
      "data directory {} is damaged: {} ({}). The option that gives up what was written after the "
      "damage and starts is store.accept_damaged_log",
      options.data_dir, status.ToString(), found.text)};
}

Result<Opened> open_recovering(const RocksOptions& options, rocksdb::Env& environment,
                               const std::vector<rocksdb::ColumnFamilyDescriptor>& families) {
  rocksdb::DBOptions settings = database_options(options, environment);
  settings.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  Opened opened = try_open(settings, options.data_dir, families);
  if (!opened.status.IsCorruption()) return opened;
  const WalDamage found = check_wals(options.data_dir);
  if (!found.is_power_cut && !options.accept_damaged_log)
    return damage(options, opened.status, found);
  log_warn("store", "write-ahead log is damaged, dropping what follows: {} ({})",
           opened.status.ToString(), found.text);
  settings.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  opened = try_open(settings, options.data_dir, families);
  if (!opened.status.ok()) return damage(options, opened.status, found);
  return opened;
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(
    const RocksOptions& options, const std::shared_ptr<const FilterState>& filter_state) {
  rocksdb::ColumnFamilyOptions messages = message_family(options);
  messages.compaction_filter_factory = make_message_filter(filter_state);
  rocksdb::ColumnFamilyOptions deltas = small_family();
  deltas.compaction_filter_factory = make_delta_filter(filter_state);
  rocksdb::ColumnFamilyOptions due = small_family();
  // Entries are small, so these are 100,000 messages that wait; a larger one only takes memory.
  due.write_buffer_size = 4 << 20;
  due.max_write_buffer_number = 3;
  due.compaction_filter_factory = make_due_filter(filter_state);
  std::vector<rocksdb::ColumnFamilyDescriptor> families = {
      {rocksdb::kDefaultColumnFamilyName, small_family()},
      {messages_family, messages},
      {deltas_family, deltas},
      {due_family, due}};
  // A newer version may have families of its own; opened too, they let us read its format number.
  std::vector<std::string> names;
  if (rocksdb::DB::ListColumnFamilies({}, options.data_dir, &names).ok()) {
    for (const std::string& name : names) {
      if (std::none_of(families.begin(), families.end(),
                       [&](const auto& family) { return family.name == name; }))
        families.emplace_back(name, rocksdb::ColumnFamilyOptions());
    }
  }
  std::unique_ptr<rocksdb::Env> environment = make_log_environment();
  auto opened = open_recovering(options, *environment, families);
  if (!opened) return opened.error();
  if (!opened->status.ok()) {
    return Error{fmt::format("cannot open data directory {}: {}", options.data_dir,
                             opened->status.ToString())};
  }
  std::unique_ptr<Database> database(new Database);
  database->environment_ = std::move(environment);
  database->db_.reset(opened->db);
  database->handles_ = opened->handles;
  database->meta_ = opened->handles[0];
  database->messages_ = opened->handles[1];
  database->deltas_ = opened->handles[2];
  database->due_ = opened->handles[3];

  std::string stored;
  const auto status = database->db_->Get({}, database->meta_, to_slice(format_key), &stored);
  if (status.ok()) {
    const auto format = decode_number(stored).value_or(0);
    if (format > format_version) {
      return Error{fmt::format(
          "data directory {} was written by a newer TernMQ (format {}, this one reads up to {}): "
          "start the newer version or use another directory",
          options.data_dir, format, format_version)};
    }
    if (format < format_version) {
      return Error{fmt::format(
          "data directory {} was written by an older TernMQ (format {}, this one reads {}): let "
          "that version empty its queues and start with another directory",
          options.data_dir, format, format_version)};
    }
  } else if (!status.IsNotFound()) {
    return Error{
        fmt::format("cannot read data directory {}: {}", options.data_dir, status.ToString())};
  }
  return database;
}

Database::~Database() {
  for (auto* handle : handles_) delete handle;
}

std::uint64_t Database::memtables_waiting() {
  std::uint64_t count = 0;
  db_->GetIntProperty(messages_, rocksdb::DB::Properties::kNumImmutableMemTable, &count);
  return count;
}

rocksdb::Status Database::start_flush() {
  rocksdb::FlushOptions flush;
  flush.wait = false;
  flush.allow_write_stall = false;
  // The small families go along: a log is kept for as long as any family needs it.
  return db_->Flush(flush, {messages_, deltas_, meta_, due_});
}

rocksdb::Status Database::start_due_flush() {
  rocksdb::FlushOptions flush;
  flush.wait = false;
  flush.allow_write_stall = false;
  return db_->Flush(flush, due_);
}

}  // namespace tern::storage
