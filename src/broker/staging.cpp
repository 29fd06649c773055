#include "broker/staging.hpp"

#include "base/ensure.hpp"

namespace tern::broker {

storage::Batch& Staging::batch() {
  if (!batch_) {
    batch_ = std::make_shared<storage::Batch>();
    batch_->shard = shard_;
    batch_->first_stage = next_stage_;
  }
  return *batch_;
}

std::uint64_t Staging::append(QueueId queue, Position position, const MessageRef& message,
                              bool spill, const PublisherToken& token, Time due) {
  staged_bytes_ += message->bytes();
  batch().appends.push_back({message, queue, position, spill, due, storage::Append::pending});
  tokens_.push_back({token, false});
  return next_stage_++;
}

// A stage needs an append to keep the numbering dense; this one is born withdrawn.
void Staging::add_empty_stage(const StageToken& token) {
  storage::Append nothing;
  nothing.state = storage::Append::withdrawn;
  batch().appends.push_back(std::move(nothing));
  tokens_.push_back(token);
  ++next_stage_;
}

void Staging::add_confirm(const PublisherToken& token) {
  if (token.sequence != 0) add_empty_stage({token, false});
}

void Staging::add_barrier(const storage::TransactionPart& part, const PublisherToken& token) {
  add_empty_stage({token, true});
  batch().transactions.push_back(part);
}

std::optional<PublisherToken> Staging::withdraw(std::uint64_t stage) {
  ensure(stage >= first_token_, "withdrawing a stage that is durable");
  ensure(stage < next_stage_, "withdrawing a stage that was never given");
  storage::Batch* holder = nullptr;
  if (batch_ && stage >= batch_->first_stage) {
    holder = batch_.get();
  } else {
    // Few batches are in flight: the store takes all that waits each time it cuts a commit.
    for (auto at = in_flight_.rbegin(); at != in_flight_.rend(); ++at) {
      if ((*at)->first_stage <= stage && (*at)->first_stage + (*at)->appends.size() > stage) {
        holder = at->get();
        break;
      }
    }
  }
  if (holder == nullptr || !holder->withdraw(stage)) return std::nullopt;
  return std::exchange(tokens_[stage - first_token_], StageToken{}).publisher;
}

void Staging::settle(QueueId stream, const queue::StoredRange& range) {
  auto& settled = batch().settled;
  if (!settled.empty()) {
    // Acks mostly come in order: the previous range just grows.
    storage::Settled& last = settled.back();
    if (last.queue == stream && last.last == range.first && last.spilled == range.spilled) {
      last.last = range.last;
      last.count += range.count;
      last.bytes += range.bytes;
      last.body_bytes += range.body_bytes;
      return;
    }
  }
  settled.push_back(
      {stream, range.first, range.last, range.count, range.bytes, range.body_bytes, range.spilled});
}

void Staging::set_mark(const storage::Mark& mark) {
  batch().marks.push_back(mark);
}

bool Staging::has_work() const noexcept {
  return batch_ &&
         (!batch_->appends.empty() || !batch_->settled.empty() || !batch_->returned.empty() ||
          !batch_->records.empty() || !batch_->transactions.empty());
}

std::shared_ptr<storage::Batch> Staging::take() {
  if (!batch_) return nullptr;
  batch_->last_stage = next_stage_ - 1;
  staged_bytes_ = 0;
  if (!batch_->appends.empty()) in_flight_.push_back(batch_);
  return std::exchange(batch_, nullptr);
}

}  // namespace tern::broker
