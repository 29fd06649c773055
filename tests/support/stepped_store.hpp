// SteppedStore: a Store for tests that does nothing by itself. Batches, records and reads wait
// until the test says which of them become durable or are answered; what is durable lies on a Disk
// that outlives the store, so that a crash is: drop the store, open another one on the same disk.
// It keeps store.hpp's promises and no others. One thread.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <variant>

#include "storage/store.hpp"

namespace tern::test {

/// What is durable.
struct Disk {
  struct Queue {
    std::map<Position, MessageRef> messages;
    Position low_water = 1;
    Position next = 1;
    Position delivered = 1;
    std::map<Position, storage::Returned> returned;  ///< of messages
    std::set<storage::DueEntry> due;                 ///< of settled messages too, until trimmed
  };
  std::map<std::string, std::string> records;
  std::map<std::uint32_t, Queue> queues;  ///< by raw id
  bool was_stopped = false;               ///< in order, by the store that had it last
};

class SteppedStore final : public storage::Store {
 public:
  explicit SteppedStore(std::shared_ptr<Disk> disk) : disk_(std::move(disk)) {}

  // --- Store
  // --------------------------------------------------------------------------------------
  [[nodiscard]] storage::Recovered take_recovered() override;
  void start(storage::Listener& listener) override { listener_ = &listener; }
  void submit(std::shared_ptr<storage::Batch> batch) override;
  void submit_records(std::vector<storage::Record> records, std::vector<QueueId> dropped,
                      std::function<void()> done) override;
  void read(const storage::ReadRequest& request) override { reads_.push_back(request); }
  void read_due(const storage::DueRequest& request) override { reads_.push_back(request); }
  [[nodiscard]] std::uint64_t pending_bytes() const noexcept override { return pending_bytes_; }
  /// As a real store: what was submitted becomes durable (a transaction without all its parts
  /// excepted), and nobody hears of it any more.
  void stop() override;

  // --- the test's hand
  // ----------------------------------------------------------------------------
  /// Chooses the work of the next commit and takes its appends: from here on they cannot be
  /// withdrawn. `wanted` is asked for every item; what would break an order or part a transaction
  /// stays behind all the same. False: nothing to commit. One commit at a time.
  bool begin_commit(const std::function<bool()>& wanted = [] { return true; });
  /// Writes the commit that has begun and tells everybody.
  void finish_commit();
  /// Writes it and tells nobody: the crash came in between. Drop the store next.
  void finish_commit_silently();
  /// Nothing more becomes durable.
  void die() noexcept { is_stopped_ = true; }
  [[nodiscard]] bool is_committing() const noexcept { return !committing_.empty(); }
  /// begin_commit and finish_commit for everything that can be written. False: there was nothing.
  bool commit_all();
  /// Answers the oldest read. False: there is none.
  bool answer_read();

  [[nodiscard]] std::size_t waiting() const noexcept { return items_.size(); }
  [[nodiscard]] const Disk& disk() const noexcept { return *disk_; }
  /// Spilled messages held for queues that exist.
  [[nodiscard]] std::size_t spilled_count() const noexcept;

 private:
  struct Records {
    std::vector<storage::Record> records;
    std::vector<QueueId> dropped;
    std::function<void()> done;
  };
  struct Item {
    std::shared_ptr<storage::Batch> batch;  ///< or:
    std::shared_ptr<Records> records;
    bool is_chosen = false;
  };

  [[nodiscard]] bool strike_out();
  void write(const Item& item);
  void write(const storage::Batch& batch);
  void write(const storage::Append& append);
  void write(const storage::Record& record);
  void trim(const storage::DueTrim& trim);
  void answer(const storage::ReadRequest& request);
  void answer(const storage::DueRequest& request);
  void settle(const storage::Settled& settled);
  [[nodiscard]] bool is_settled_soon(QueueId queue, Position position, bool spilled) const;

  std::shared_ptr<Disk> disk_;
  storage::Listener* listener_ = nullptr;
  std::deque<Item> items_;  ///< in order of submission
  std::vector<Item> committing_;
  std::deque<std::variant<storage::ReadRequest, storage::DueRequest>> reads_;
  std::map<std::uint32_t, std::map<Position, MessageRef>> spilled_;
  std::map<std::uint32_t, std::set<storage::DueEntry>> spilled_due_;
  std::set<std::uint32_t> dropped_;
  std::uint64_t pending_bytes_ = 0;
  bool is_stopped_ = false;
};

}  // namespace tern::test
