// Inbox: what the shards and the topology writer hand to the commit thread. Any thread submits; the
// commit thread waits and cuts. A batch stays known here until its settlements have entered the
// stream table, because readers leave out what was settled in batches submitted before the read.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "storage/store.hpp"
#include "storage/transaction_cut.hpp"

namespace tern::storage {

/// Topology records and dropped queues of one submit_records().
struct RecordsItem {
  std::vector<Record> records;
  std::vector<QueueId> dropped;
  std::function<void()> done;
  std::uint64_t sequence = 0;
};

/// What goes into one commit.
struct Cut {
  std::vector<std::shared_ptr<Batch>> batches;
  std::vector<RecordsItem> records;
  std::uint64_t bytes = 0;

  [[nodiscard]] bool empty() const noexcept { return batches.empty() && records.empty(); }
};

class Inbox {
 public:
  using Steady = std::chrono::steady_clock;

  explicit Inbox(std::chrono::milliseconds lazy_delay) : lazy_delay_(lazy_delay) {}

  void submit(std::shared_ptr<Batch> batch);
  void submit_records(std::vector<Record> records, std::vector<QueueId> dropped,
                      std::function<void()> done);

  /// Commit thread: returns when something should be committed now (settlements alone may wait for
  /// `lazy_delay`), at `deadline`, or when closed.
  void wait(Steady::time_point deadline);
  /// Commit thread: takes about `bytes_max`, no transaction torn; all records, but queues are not
  /// dropped before the batches that were submitted before.
  [[nodiscard]] Cut cut(std::uint64_t bytes_max);
  /// The shards have been told of `bytes` that were cut.
  void completed(std::uint64_t bytes) noexcept {
    pending_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  }
  /// Submitted and not completed.
  [[nodiscard]] std::uint64_t pending_bytes() const noexcept {
    return pending_bytes_.load(std::memory_order_relaxed);
  }
  /// The batches' settlements are in the stream table. In order of commits.
  void applied(const std::vector<std::shared_ptr<Batch>>& batches);

  /// What of a queue was settled by batches that have not been applied.
  void collect_settled(ShardId shard, QueueId queue, std::vector<Settled>& settled,
                       Position& low_water) const;

  /// Nothing is taken in any more; what was submitted can still be cut.
  void close();
  [[nodiscard]] bool is_closed() const;

 private:
  struct Waiting {
    std::shared_ptr<Batch> batch;
    std::uint64_t sequence = 0;
    std::uint64_t bytes = 0;
  };
  struct Line {  // of one shard
    std::deque<Waiting> batches;
    std::size_t taken = 0;  // how many at the front have been cut and wait to be applied
  };

  [[nodiscard]] std::vector<std::size_t> choose(std::uint64_t bytes_max);
  [[nodiscard]] std::uint64_t oldest_waiting() const;
  void cut_records(Cut& result);

  const std::chrono::milliseconds lazy_delay_;
  std::atomic<std::uint64_t> pending_bytes_{0};
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::vector<Line> lines_;  // by shard
  std::deque<RecordsItem> records_;
  std::deque<RecordsItem> drops_;  // queues only, whose records have been cut
  std::uint64_t sequence_ = 0;
  std::size_t waiting_ = 0;       // batches not yet cut
  std::size_t transactions_ = 0;  // of them, with parts of transactions
  bool urgent_ = false;           // something that should not wait has been submitted
  bool has_lazy_ = false;         // something that may wait a little
  Steady::time_point lazy_since_{};
  std::size_t turn_ = 0;  // which shard goes first
  bool closed_ = false;
};

}  // namespace tern::storage
