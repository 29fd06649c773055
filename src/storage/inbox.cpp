#include "storage/inbox.hpp"

#include <algorithm>
#include <utility>

#include "base/ensure.hpp"

namespace tern::storage {
namespace {

// A rough size, for the size of a commit only.
std::uint64_t bytes_of(const Batch& batch) {
  std::uint64_t bytes = 32 * (batch.settled.size() + batch.marks.size() + batch.returned.size()) +
                        64 * (batch.due_trims.size() + 1);
  for (const Record& record : batch.records)
    bytes += record.key.size() + (record.value ? record.value->size() : 0);
  for (const Append& append : batch.appends) {
    if (append.message) bytes += append.message->bytes();
  }
  return bytes;
}

}  // namespace

void Inbox::submit(std::shared_ptr<Batch> batch) {
  const std::size_t shard = raw(batch->shard);
  const std::uint64_t bytes = bytes_of(*batch);
  const bool is_lazy =
      batch->appends.empty() && batch->transactions.empty() && batch->records.empty();
  const std::scoped_lock lock(mutex_);
  if (closed_) return;
  pending_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  if (shard >= lines_.size()) lines_.resize(shard + 1);
  if (!batch->transactions.empty()) ++transactions_;
  lines_[shard].batches.push_back({std::move(batch), ++sequence_, bytes});
  ++waiting_;
  if (is_lazy) {
    if (!has_lazy_) {
      has_lazy_ = true;
      lazy_since_ = Steady::now();
      if (!urgent_) changed_.notify_one();
    }
  } else if (!urgent_) {
    urgent_ = true;
    changed_.notify_one();
  }
}

void Inbox::submit_records(std::vector<Record> records, std::vector<QueueId> dropped,
                           std::function<void()> done) {
  const std::scoped_lock lock(mutex_);
  if (closed_) return;
  records_.push_back({std::move(records), std::move(dropped), std::move(done), ++sequence_});
  if (!urgent_) {
    urgent_ = true;
    changed_.notify_one();
  }
}

void Inbox::wait(Steady::time_point deadline) {
  std::unique_lock lock(mutex_);
  while (!urgent_ && !closed_) {
    const auto until = has_lazy_ ? std::min(deadline, lazy_since_ + lazy_delay_) : deadline;
    if (until <= Steady::now()) return;
    if (until == Steady::time_point::max()) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, until);
    }
  }
}

std::vector<std::size_t> Inbox::choose(std::uint64_t bytes_max) {
  std::vector<std::size_t> chosen(lines_.size(), 0);
  if (lines_.empty()) return chosen;
  turn_ = (turn_ + 1) % lines_.size();
  if (transactions_ > 0) {
    std::vector<std::vector<WaitingBatch>> shards(lines_.size());
    for (std::size_t s = 0; s < lines_.size(); ++s) {
      const Line& line = lines_[s];
      for (std::size_t i = line.taken; i < line.batches.size(); ++i)
        shards[s].push_back({line.batches[i].bytes, &line.batches[i].batch->transactions});
    }
    return choose_prefixes(shards, bytes_max, turn_);
  }
  std::uint64_t bytes = 0;
  for (bool more = true; more && bytes < bytes_max;) {
    more = false;
    for (std::size_t k = 0; k < lines_.size() && bytes < bytes_max; ++k) {
      const std::size_t s = (turn_ + k) % lines_.size();
      const std::size_t next = lines_[s].taken + chosen[s];
      if (next == lines_[s].batches.size()) continue;
      bytes += lines_[s].batches[next].bytes;
      ++chosen[s];
      more = true;
    }
  }
  return chosen;
}

std::uint64_t Inbox::oldest_waiting() const {
  std::uint64_t oldest = ~std::uint64_t{0};
  for (const Line& line : lines_) {
    if (line.taken < line.batches.size())
      oldest = std::min(oldest, line.batches[line.taken].sequence);
  }
  return oldest;
}

// Records never wait: a message must not be durable before the record of its queue is, whichever
// shard it comes from. A queue, however, is dropped after everything that was submitted for it
// before; should the process end in between, its messages are orphans that the next start drops.
void Inbox::cut_records(Cut& result) {
  while (!records_.empty()) {
    RecordsItem item = std::move(records_.front());
    records_.pop_front();
    if (!item.dropped.empty())
      drops_.push_back({{}, std::exchange(item.dropped, {}), {}, item.sequence});
    result.records.push_back(std::move(item));
  }
  const std::uint64_t oldest = oldest_waiting();
  while (!drops_.empty() && drops_.front().sequence < oldest) {
    result.records.push_back(std::move(drops_.front()));
    drops_.pop_front();
  }
}

Cut Inbox::cut(std::uint64_t bytes_max) {
  Cut result;
  const std::scoped_lock lock(mutex_);
  const std::vector<std::size_t> chosen = choose(bytes_max);
  for (std::size_t s = 0; s < lines_.size(); ++s) {
    Line& line = lines_[s];
    for (std::size_t i = 0; i < chosen[s]; ++i) {
      const Waiting& waiting = line.batches[line.taken++];
      result.bytes += waiting.bytes;
      result.batches.push_back(waiting.batch);
      if (!waiting.batch->transactions.empty()) --transactions_;
      --waiting_;
    }
  }
  cut_records(result);
  // Nothing could go: the rest of a transaction is missing, and its submission will wake us.
  urgent_ = !result.empty() && (waiting_ > 0 || !drops_.empty());
  has_lazy_ = false;
  return result;
}

void Inbox::applied(const std::vector<std::shared_ptr<Batch>>& batches) {
  const std::scoped_lock lock(mutex_);
  for (const auto& batch : batches) {
    Line& line = lines_[raw(batch->shard)];
    ensure(line.taken > 0, "applied before it was cut");
    ensure(line.batches.front().batch == batch, "batches applied out of order");
    line.batches.pop_front();
    --line.taken;
  }
}

void Inbox::collect_settled(ShardId shard, QueueId queue, std::vector<Settled>& settled,
                            Position& low_water) const {
  const std::scoped_lock lock(mutex_);
  if (raw(shard) >= lines_.size()) return;
  for (const Waiting& waiting : lines_[raw(shard)].batches) {
    for (const Settled& item : waiting.batch->settled) {
      if (item.queue == queue) settled.push_back(item);
    }
    for (const Mark& mark : waiting.batch->marks) {
      if (mark.queue == queue) low_water = std::max(low_water, mark.low_water);
    }
  }
}

void Inbox::close() {
  const std::scoped_lock lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

bool Inbox::is_closed() const {
  const std::scoped_lock lock(mutex_);
  return closed_;
}

}  // namespace tern::storage
