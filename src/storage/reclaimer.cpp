#include "storage/reclaimer.hpp"

#include <rocksdb/convenience.h>
#include <rocksdb/metadata.h>

#include "base/log.hpp"
#include "base/named_thread.hpp"

namespace tern::storage {

void Reclaimer::start() {
  thread_ = named_thread("reclaim", [this] { run(); });
}

void Reclaimer::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  cancel_ = true;
  if (thread_.joinable()) thread_.join();
}

void Reclaimer::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    changed_.wait_for(lock, options_.reclaim_interval, [&] { return stopping_; });
    if (stopping_) return;
    lock.unlock();
    reclaim();
    lock.lock();
  }
}

void Reclaimer::reclaim() {
  drop_dead_files();
  rewrite_sparse_epoch();
  rewrite_due_index();
  state_.table.forget_dead_epochs();
}

// Nothing may depend on it: a file in level 0 (about to be moved down) is left for the next look.
void Reclaimer::drop_dead_files() {
  rocksdb::ColumnFamilyMetaData family;
  database_.db().GetColumnFamilyMetaData(database_.messages(), &family);
  std::vector<std::pair<std::string, std::string>> dead;
  for (const auto& level : family.levels) {
    if (level.level == 0) continue;
    for (const auto& file : level.files) {
      const auto first = decode_block_key(file.smallestkey);
      const auto last = decode_block_key(file.largestkey);
      if (!first || !last || file.being_compacted) continue;
      bool is_dead = true;
      for (Epoch epoch = first->epoch; is_dead && epoch <= last->epoch; ++epoch)
        is_dead = state_.table.is_epoch_dead(epoch);
      if (is_dead) dead.emplace_back(file.smallestkey, file.largestkey);
    }
  }
  if (dead.empty()) return;
  std::vector<rocksdb::Slice> keys;
  keys.reserve(dead.size() * 2);
  std::vector<rocksdb::RangePtr> ranges;
  for (const auto& [first, last] : dead) {
    keys.emplace_back(first);
    keys.emplace_back(last);
    ranges.emplace_back(&keys[keys.size() - 2], &keys[keys.size() - 1]);
  }
  const auto status = rocksdb::DeleteFilesInRanges(&database_.db(), database_.messages(),
                                                   ranges.data(), ranges.size(), true);
  if (!status.ok()) log_warn("store", "cannot drop settled files: {}", status.ToString());
}

void Reclaimer::rewrite_sparse_epoch() {
  const auto sparse =
      state_.table.sparse_epochs(options_.rewrite_live_percent, options_.rewrite_age);
  if (sparse.empty()) return;
  const Epoch epoch = sparse.front();
  const BlockKeyBytes first = encode_block_key({epoch, 0, 0});
  const BlockKeyBytes last = encode_block_key({epoch, ~Stream{0}, ~std::uint64_t{0}});
  const rocksdb::Slice begin = to_slice(view(first));
  const rocksdb::Slice end = to_slice(view(last));
  rocksdb::CompactRangeOptions compact;
  compact.exclusive_manual_compaction = false;
  compact.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  compact.max_subcompactions = 1;
  compact.canceled = &cancel_;
  const auto status = database_.db().CompactRange(compact, database_.messages(), &begin, &end);
  if (status.ok()) {
    state_.table.epoch_rewritten(epoch);
  } else if (!cancel_) {
    log_warn("store", "cannot rewrite epoch {}: {}", epoch, status.ToString());
  }
}

// What is settled leaves the index when a file of it is written: mostly at once, when a memtable
// is. Older entries would stay for as long as nothing is merged with their file.
void Reclaimer::rewrite_due_index() {
  constexpr std::uint64_t index_bytes_min = 1 << 20;
  constexpr std::chrono::hours often_enough{1};
  std::uint64_t bytes = 0;
  database_.db().GetIntProperty(database_.due(), rocksdb::DB::Properties::kTotalSstFilesSize,
                                &bytes);
  const auto now = std::chrono::steady_clock::now();
  const bool has_grown = bytes > 2 * due_bytes_ + options_.due_slack_bytes;
  const bool is_old = bytes > index_bytes_min && now - due_rewritten_ > often_enough;
  if (!has_grown && !is_old) return;
  rocksdb::CompactRangeOptions compact;
  compact.exclusive_manual_compaction = false;
  compact.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  compact.max_subcompactions = 1;
  compact.canceled = &cancel_;
  const auto status = database_.db().CompactRange(compact, database_.due(), nullptr, nullptr);
  if (!status.ok() && !cancel_)
    log_warn("store", "cannot rewrite the index of due times: {}", status.ToString());
  database_.db().GetIntProperty(database_.due(), rocksdb::DB::Properties::kTotalSstFilesSize,
                                &due_bytes_);
  due_rewritten_ = now;
}

}  // namespace tern::storage
