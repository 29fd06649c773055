// Staging: what a shard's queues have handed to the store in this turn, and what is on its way.
// Stage numbers count every append of the shard from 1; the store commits them in that order, so
// "stage <= committed" is all that anybody needs to know about a message's durability.
//
// Owned by one shard, used on its thread; a submitted batch is shared with the commit thread, which
// touches nothing but the state of each append (store.hpp).
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>

#include "queue/sink.hpp"
#include "storage/store.hpp"

namespace tern::broker {

/// Who is to be told when a stage is durable: a publisher, or (barrier) a transaction's asker.
struct StageToken {
  PublisherToken publisher;
  bool is_barrier = false;
};

class Staging {
 public:
  explicit Staging(ShardId shard) : shard_(shard) {}

  /// Adds a message; returns its stage.
  std::uint64_t append(QueueId queue, Position position, const MessageRef& message, bool spill,
                       const PublisherToken& token, Time due);
  /// Adds a stage without a message, for a publisher who is to be told when all that was staged
  /// before is durable.
  void add_confirm(const PublisherToken& token);
  /// Adds a stage without a message: durable when everything before it is, and not before the other
  /// parts of the transaction. `token.sequence` is the asker's operation.
  void add_barrier(const storage::TransactionPart& part, const PublisherToken& token);
  /// Takes a message back if the store has not taken it yet; then the publisher may be told, and
  /// is returned.
  [[nodiscard]] std::optional<PublisherToken> withdraw(std::uint64_t stage);
  void settle(QueueId stream, const queue::StoredRange& range);
  void set_mark(const storage::Mark& mark);
  void note_return(const storage::Returned& returned) { batch().returned.push_back(returned); }
  void trim_due(const storage::DueTrim& trim) { batch().due_trims.push_back(trim); }
  void write(storage::Record&& record) { batch().records.push_back(std::move(record)); }

  /// Whether a batch would hold more than marks.
  [[nodiscard]] bool has_work() const noexcept;
  [[nodiscard]] bool has_marks() const noexcept { return batch_ && !batch_->marks.empty(); }
  /// Bytes appended and not handed over yet.
  [[nodiscard]] std::uint64_t staged_bytes() const noexcept { return staged_bytes_; }

  /// The batch of this turn, to be submitted; null if there is nothing in it.
  [[nodiscard]] std::shared_ptr<storage::Batch> take();

  /// Calls `tell(StageToken)` for every stage up to `last_stage`, in order, withdrawn ones left
  /// out.
  template <class Tell>
  void committed(std::uint64_t last_stage, Tell&& tell) {
    while (!in_flight_.empty() && in_flight_.front()->last_stage <= last_stage)
      in_flight_.pop_front();
    while (!tokens_.empty() && first_token_ <= last_stage) {
      const StageToken token = tokens_.front();
      tokens_.pop_front();
      ++first_token_;
      if (token.publisher.sequence != 0) tell(token);
    }
  }

 private:
  storage::Batch& batch();
  void add_empty_stage(const StageToken& token);

  ShardId shard_;
  std::shared_ptr<storage::Batch> batch_;
  std::uint64_t next_stage_ = 1;
  std::uint64_t staged_bytes_ = 0;
  std::deque<std::shared_ptr<storage::Batch>> in_flight_;
  std::deque<StageToken> tokens_;  ///< one for each stage from first_token_ on
  std::uint64_t first_token_ = 1;
};

}  // namespace tern::broker
