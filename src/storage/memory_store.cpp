#include "storage/memory_store.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace tern::storage {

void MemoryStore::start(Listener& listener) {
  ensure(listener_ == nullptr, "store started twice");
  listener_ = &listener;
}

void MemoryStore::submit(std::shared_ptr<Batch> batch) {
  ensure(listener_ != nullptr, "submit before start");
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return;
    apply(*batch);
  }
  // A part of a transaction is not held back for the others: without a disk there is no crash that
  // could keep one and lose another.
  listener_->committed(batch->shard, batch->last_stage);
}

void MemoryStore::apply(Batch& batch) {
  for (Append& append : batch.appends) {
    std::uint8_t expected = Append::pending;
    if (!std::atomic_ref(append.state).compare_exchange_strong(expected, Append::taken)) continue;
    queues_[raw(append.queue)].insert_or_assign(append.position,
                                                Stored{append.message, append.spill});
  }
  for (const Settled& settled : batch.settled) {
    const auto queue = queues_.find(raw(settled.queue));
    if (queue == queues_.end()) continue;
    auto& messages = queue->second;
    auto it = messages.lower_bound(settled.first);
    while (it != messages.end() && it->first < settled.last) {
      it = it->second.spilled == settled.spilled ? messages.erase(it) : std::next(it);
    }
  }
  for (const Mark& mark : batch.marks) {
    const auto queue = queues_.find(raw(mark.queue));
    if (queue == queues_.end()) continue;
    auto& messages = queue->second;
    messages.erase(messages.begin(), messages.lower_bound(mark.low_water));
    if (messages.empty()) queues_.erase(queue);
  }
}

void MemoryStore::submit_records(std::vector<Record>, std::vector<QueueId> dropped,
                                 std::function<void()> done) {
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return;
    for (const QueueId queue : dropped) queues_.erase(raw(queue));
  }
  if (done) done();
}

void MemoryStore::read(const ReadRequest& request) {
  ensure(listener_ != nullptr, "read before start");
  ReadResult result{
      .queue = request.queue, .from = request.from, .next = request.to, .messages = {}};
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return;
    const auto queue = queues_.find(raw(request.queue));
    if (queue != queues_.end()) {
      std::uint64_t bytes = 0;
      auto it = queue->second.lower_bound(request.from);
      for (; it != queue->second.end() && it->first < request.to; ++it) {
        if (!result.messages.empty() && bytes >= request.bytes_max) {
          result.next = it->first;
          break;
        }
        bytes += it->second.message->bytes();
        result.messages.push_back({it->first, it->second.message});
      }
    }
  }
  listener_->read_done(request.shard, std::move(result));
}

void MemoryStore::read_due(const DueRequest& request) {
  listener_->due_read(request.shard, {.queue = request.queue, .entries = {}, .is_last = true});
}

void MemoryStore::stop() {
  const std::scoped_lock lock(mutex_);
  stopped_ = true;
}

std::size_t MemoryStore::size() const {
  const std::scoped_lock lock(mutex_);
  std::size_t count = 0;
  for (const auto& [id, messages] : queues_) count += messages.size();
  return count;
}

}  // namespace tern::storage
