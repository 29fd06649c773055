// What the storage tests share: a directory of their own, a listener that waits, builders.
#pragma once

#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "storage/memory_store.hpp"
#include "storage/rocks_store.hpp"

namespace tern::storage::test {

class TempDir {
 public:
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tern-store-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    std::error_code gone;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
      const auto size = std::filesystem::file_size(entry.path(), gone);
      if (entry.is_regular_file(gone) && !gone) sum += size;
    }
    return sum;
  }

 private:
  std::string path_;
};

/// Keeps what the store says; wait functions have a deadline.
class Ear final : public Listener {
 public:
  void committed(ShardId shard, std::uint64_t last_stage) override {
    const std::scoped_lock lock(mutex_);
    if (last_stage < stages_[raw(shard)]) out_of_order_ = true;
    stages_[raw(shard)] = last_stage;
    changed_.notify_all();
  }
  void read_done(ShardId, ReadResult&& result) override {
    const std::scoped_lock lock(mutex_);
    results_.push_back(std::move(result));
    changed_.notify_all();
  }
  void due_read(ShardId, DueResult&& result) override {
    const std::scoped_lock lock(mutex_);
    due_results_.push_back(std::move(result));
    changed_.notify_all();
  }
  void failed(const std::string& text) override {
    const std::scoped_lock lock(mutex_);
    failure_ = text;
    changed_.notify_all();
  }

  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), condition);
  }
  bool wait_committed(ShardId shard, std::uint64_t stage) {
    return wait([&] { return stages_[raw(shard)] >= stage; });
  }
  ReadResult wait_read() {
    REQUIRE(wait([&] { return !results_.empty() || !failure_.empty(); }));
    const std::scoped_lock lock(mutex_);
    INFO(failure_);
    REQUIRE(!results_.empty());
    ReadResult result = std::move(results_.front());
    results_.erase(results_.begin());
    return result;
  }
  DueResult wait_due() {
    REQUIRE(wait([&] { return !due_results_.empty() || !failure_.empty(); }));
    const std::scoped_lock lock(mutex_);
    INFO(failure_);
    REQUIRE(!due_results_.empty());
    DueResult result = std::move(due_results_.front());
    due_results_.erase(due_results_.begin());
    return result;
  }
  void count() {
    const std::scoped_lock lock(mutex_);
    ++counted_;
    changed_.notify_all();
  }
  bool wait_counted(int count) {
    return wait([&] { return counted_ >= count; });
  }
  [[nodiscard]] bool is_committed(ShardId shard, std::uint64_t stage) {
    const std::scoped_lock lock(mutex_);
    return stages_[raw(shard)] >= stage;
  }
  [[nodiscard]] bool out_of_order() const { return out_of_order_; }
  [[nodiscard]] std::string failure() {
    const std::scoped_lock lock(mutex_);
    return failure_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint16_t, std::uint64_t> stages_;
  std::vector<ReadResult> results_;
  std::vector<DueResult> due_results_;
  std::string failure_;
  int counted_ = 0;
  bool out_of_order_ = false;
};

inline MessageRef make_message(std::string_view body, bool persistent = true,
                               std::uint8_t priority = 0) {
  return MessageRef::gather({.names = Bytes("\x02"
                                            "ex\x03key",
                                            7),
                             .properties = Bytes("\0\0", 2),
                             .body = body,
                             .persistent = persistent,
                             .priority = priority});
}

/// One shard's side: numbers stages, builds batches.
class Shard {
 public:
  Shard(Store& store, Ear& ear, std::uint16_t id = 0) : store_(store), ear_(ear), id_(id) {}

  [[nodiscard]] ShardId id() const { return static_cast<ShardId>(id_); }
  Batch& batch() {
    if (!batch_) {
      batch_ = std::make_shared<Batch>();
      batch_->shard = id();
      batch_->first_stage = next_stage_;
      batch_->last_stage = next_stage_ - 1;
    }
    return *batch_;
  }
  std::uint64_t append(std::uint32_t queue, Position position, const MessageRef& message,
                       bool spill = false, Time due = {}) {
    Append append;
    append.message = message;
    append.queue = static_cast<QueueId>(queue);
    append.position = position;
    append.spill = spill;
    append.due = due;
    Batch& current = batch();
    current.appends.push_back(std::move(append));
    return current.last_stage = next_stage_++;
  }
  void settle(std::uint32_t queue, Position first, Position last, std::uint64_t count,
              std::uint64_t bytes, bool spilled = false, std::uint64_t body_bytes = 0) {
    batch().settled.push_back({.queue = static_cast<QueueId>(queue),
                               .first = first,
                               .last = last,
                               .count = count,
                               .bytes = bytes,
                               .body_bytes = body_bytes,
                               .spilled = spilled});
  }
  void mark(std::uint32_t queue, Position low_water, Position delivered) {
    batch().marks.push_back({static_cast<QueueId>(queue), low_water, delivered});
  }
  void note_return(std::uint32_t queue, Position position, std::uint32_t count, Time due = {}) {
    batch().returned.push_back({static_cast<QueueId>(queue), position, count, due});
  }
  void trim(std::uint32_t queue, const DueEntry& last) {
    batch().due_trims.push_back({static_cast<QueueId>(queue), last});
  }
  /// Hands the batch over; returns its last stage.
  std::uint64_t submit() {
    const std::uint64_t stage = batch().last_stage;
    last_ = batch_;
    store_.submit(std::exchange(batch_, nullptr));
    return stage;
  }
  /// The same; a batch without messages is given a stage of its own to wait for.
  std::uint64_t submit_to_wait() {
    if (batch().appends.empty()) {
      batch().appends.emplace_back().state = Append::withdrawn;
      batch().last_stage = next_stage_++;
    }
    return submit();
  }
  void commit() {
    const std::uint64_t stage = submit_to_wait();
    INFO(ear_.failure());
    REQUIRE(ear_.wait_committed(id(), stage));
  }
  [[nodiscard]] Batch& last() { return *last_; }

  ReadResult read(std::uint32_t queue, Position from, Position to,
                  std::uint64_t bytes_max = 1 << 20) {
    store_.read({static_cast<QueueId>(queue), id(), from, to, bytes_max});
    return ear_.wait_read();
  }
  DueResult read_due(std::uint32_t queue, const DueEntry& after, std::uint32_t count_max) {
    store_.read_due({static_cast<QueueId>(queue), id(), after, count_max});
    return ear_.wait_due();
  }
  /// All of a queue's index of due times, some at a time.
  std::vector<DueEntry> all_due(std::uint32_t queue, std::uint32_t count_max = 100) {
    std::vector<DueEntry> all;
    while (true) {
      const DueResult result = read_due(queue, all.empty() ? DueEntry{} : all.back(), count_max);
      all.insert(all.end(), result.entries.begin(), result.entries.end());
      if (result.is_last) return all;
      REQUIRE(result.entries.size() == count_max);
    }
  }
  /// All of a queue, in as many reads as it takes.
  std::vector<StoredMessage> read_all(std::uint32_t queue, Position from, Position to,
                                      std::uint64_t bytes_max = 1 << 20) {
    std::vector<StoredMessage> all;
    while (from < to) {
      ReadResult result = read(queue, from, to, bytes_max);
      REQUIRE(result.next > from);
      for (auto& message : result.messages) all.push_back(std::move(message));
      from = result.next;
    }
    return all;
  }

 private:
  Store& store_;
  Ear& ear_;
  std::uint16_t id_;
  std::uint64_t next_stage_ = 1;
  std::shared_ptr<Batch> batch_;
  std::shared_ptr<Batch> last_;
};

/// Copies the directory while the store runs and nothing is being written: what a crash leaves.
inline void copy_all(const std::string& from, const std::string& to) {
  for (const auto& entry : std::filesystem::directory_iterator(from)) {
    if (entry.path().filename() != "LOCK")
      std::filesystem::copy(entry.path(), to + "/" + entry.path().filename().string());
  }
}

inline Time at(std::int64_t ms) {
  return Time{Millis{ms}};
}

inline RocksOptions small_options(const std::string& path) {
  RocksOptions options;
  options.data_dir = path;
  options.epoch_bytes = 256 << 10;
  options.block_bytes_max = 8 << 10;
  options.checkpoint_interval = std::chrono::milliseconds(50);
  options.ack_sync_interval = std::chrono::milliseconds(20);
  options.reclaim_interval = std::chrono::milliseconds(20);
  options.rewrite_age = std::chrono::milliseconds(0);
  return options;
}

inline std::unique_ptr<Store> open_store(const RocksOptions& options) {
  auto store = open_rocks_store(options);
  INFO((store.has_value() ? std::string() : store.error().text));
  REQUIRE(store.has_value());
  return std::move(*store);
}

/// A run of the store on a directory; destroyed = stopped and closed.
struct Run {
  Ear ear;
  std::unique_ptr<Store> store;
  Recovered recovered;
  Shard shard;
  Shard other;

  explicit Run(const RocksOptions& options)
      : store(open_store(options)),
        recovered(store->take_recovered()),
        shard(*store, ear),
        other(*store, ear, 1) {
    store->start(ear);
  }
  ~Run() { store->stop(); }
};

using Positions = std::vector<Position>;

inline Positions positions(const std::vector<StoredMessage>& messages) {
  Positions result;
  for (const auto& message : messages) result.push_back(message.position);
  return result;
}

}  // namespace tern::storage::test
