// Store: where durable things live. Shards hand batches over and are told when they are durable;
// nothing here blocks a shard. Two stores exist: RocksDB (rocks_store.hpp) and memory
// (memory_store.hpp, for --in-memory, tests and the simulator).
//
// A batch is written whole or not at all; batches of one shard are written in the order of
// submission. Batches that name the same transaction are written in one piece.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "message/ids.hpp"
#include "message/message.hpp"

namespace tern::storage {

/// A message to be kept for a queue.
struct Append {
  enum State : std::uint8_t { pending, taken, withdrawn };

  MessageRef message;
  QueueId queue{};
  Position position = 0;
  bool spill = false;            ///< transient, paged out: forgotten at restart, needs no sync
  Time due{};                    ///< not 0: (due, position) goes into the stream's index
  std::uint8_t state = pending;  ///< through std::atomic_ref only, once the batch is submitted
};

/// Stored messages that are done with: `count` of them with positions in [first, last).
struct Settled {
  QueueId queue{};
  Position first = 0;
  Position last = 0;
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  std::uint64_t body_bytes = 0;
  bool spilled = false;
};

/// Where a queue stands: below `low_water` everything is settled, below `delivered` everything was
/// delivered at least once. Both only grow; a low-water mark of 0 says nothing about it.
struct Mark {
  QueueId queue{};
  Position low_water = 0;
  Position delivered = 0;
};

/// A stored message came back to its queue: kept as long as the message. A later one replaces it.
/// Spilled messages have none.
struct Returned {
  QueueId queue{};
  Position position = 0;
  std::uint32_t delivery_count = 0;
  Time due{};  ///< until when it waits; 0: it does not
};

/// A moment in the index of due times; ordered.
struct DueEntry {
  Time due{};
  Position position = 0;
  friend auto operator<=>(const DueEntry&, const DueEntry&) = default;
};

/// The index of a stream needs no entry up to and including `last` any more, but those that the
/// same batch appends.
struct DueTrim {
  QueueId queue{};
  DueEntry last;
};

/// A small named record (topology, deduplication keys): no value means delete.
struct Record {
  std::string key;
  std::optional<std::string> value;
};

/// A batch's part in a transaction that spans shards: the store writes no batch with a part of
/// `id` before batches with all `parts` of it are there, and then writes them together.
struct TransactionPart {
  std::uint64_t id = 0;
  std::uint32_t parts = 0;
};

/// What one shard hands over at the end of a turn.
struct Batch {
  ShardId shard{};
  std::uint64_t first_stage = 0;  ///< stage number of appends[0]
  std::uint64_t last_stage = 0;   ///< reported by Listener::committed when all this is durable
  std::vector<Append> appends;
  std::vector<Settled> settled;
  std::vector<Mark> marks;
  std::vector<Returned> returned;
  std::vector<DueTrim> due_trims;
  /// Written with the rest, in this order. Of a key that submit_records() writes at the same time
  /// either value may stay.
  std::vector<Record> records;
  std::vector<TransactionPart> transactions;

  /// Takes an append back unless the store has already taken it. Any time after submission; on the
  /// shard's thread. True: it will never be written.
  [[nodiscard]] bool withdraw(std::uint64_t stage) noexcept {
    auto& state = appends[stage - first_stage].state;
    std::uint8_t expected = Append::pending;
    return std::atomic_ref(state).compare_exchange_strong(expected, Append::withdrawn,
                                                          std::memory_order_acq_rel);
  }
};

/// A request for stored messages of one queue, stored and spilled merged by position, settled ones
/// left out.
struct ReadRequest {
  QueueId queue{};
  ShardId shard{};
  Position from = 0;
  Position to = 0;
  std::uint64_t bytes_max = 0;  ///< about; at least one message if there is any
};

struct StoredMessage {
  Position position = 0;
  MessageRef message;
};

struct ReadResult {
  QueueId queue{};
  Position from = 0;
  Position next = 0;  ///< [from, next) was looked at in full; next == to: nothing more below `to`
  std::vector<StoredMessage> messages;
};

/// A request for entries of a stream's index of due times, stored and spilled merged.
struct DueRequest {
  QueueId queue{};
  ShardId shard{};
  DueEntry after;  ///< exclusive
  std::uint32_t count_max = 0;
};

struct DueResult {
  QueueId queue{};
  std::vector<DueEntry> entries;  ///< ascending; of settled messages too
  bool is_last = false;           ///< nothing follows
};

/// What a shard hears from the store. Called on the store's threads; an implementation hands over
/// to its shard and returns.
class Listener {
 public:
  virtual ~Listener() = default;
  /// Everything of `shard` up to and including `last_stage` is durable.
  virtual void committed(ShardId shard, std::uint64_t last_stage) = 0;
  virtual void read_done(ShardId shard, ReadResult&& result) = 0;
  virtual void due_read(ShardId shard, DueResult&& result) = 0;
  /// Final: the store has refused writes since, nothing unconfirmed may be confirmed any more, and
  /// the process must end non-zero after saying `text`.
  virtual void failed(const std::string& text) = 0;
};

struct RecoveredQueue {
  QueueId queue{};
  Position low_water = 1;
  Position next = 1;
  Position delivered = 1;
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  std::uint64_t body_bytes = 0;    ///< of the bodies alone
  bool has_due = false;            ///< its index of due times may hold something
  std::vector<Returned> returned;  ///< of messages that are still there, by position
};

/// What was on disk when the store was opened.
struct Recovered {
  std::vector<Record> records;  ///< sorted by key
  std::vector<RecoveredQueue> queues;
  /// The last run ended with stop(), so that the delivered marks are exact. After a crash whatever
  /// is stored may have been delivered.
  bool stopped_cleanly = false;
};

class Store {
 public:
  virtual ~Store() = default;

  /// What the store held when opened; call once, before start().
  [[nodiscard]] virtual Recovered take_recovered() = 0;
  /// Starts the store's threads. `listener` outlives them.
  virtual void start(Listener& listener) = 0;

  /// Hands a batch over. Any thread; never blocks. Its appends may be withdrawn until taken.
  virtual void submit(std::shared_ptr<Batch> batch) = 0;
  /// Writes topology records and forgets deleted queues, in order of submission over all threads;
  /// `done` runs on a store thread when they are durable. Any thread; never blocks.
  virtual void submit_records(std::vector<Record> records, std::vector<QueueId> dropped,
                              std::function<void()> done) = 0;
  /// Reads on a reader thread; answered by Listener::read_done. Any thread; never blocks.
  virtual void read(const ReadRequest& request) = 0;

  /// Reads the index of due times; answered by Listener::due_read, with all that was committed when
  /// it was asked for. Any thread; never blocks.
  virtual void read_due(const DueRequest& request) = 0;

  /// Bytes handed over and not yet durable (relaxed): shards stop reading publishers above a bound.
  [[nodiscard]] virtual std::uint64_t pending_bytes() const noexcept = 0;

  /// Writes and syncs all that was submitted, then stops the threads. Idempotent.
  virtual void stop() = 0;
};

}  // namespace tern::storage
