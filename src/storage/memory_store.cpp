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
  for (const DueTrim& trim : batch.due_trims) {
    const auto queue = queues_.find(raw(trim.queue));
    if (queue == queues_.end()) continue;
    auto& due = queue->second.due;
    due.erase(due.begin(), due.upper_bound(trim.last));
  }
  for (Append& one : batch.appends) append(one);
  for (const Settled& settled : batch.settled) settle(settled);
  for (const Mark& mark : batch.marks) {
    const auto queue = queues_.find(raw(mark.queue));
    if (queue == queues_.end()) continue;
    auto& messages = queue->second.messages;
    while (!messages.empty() && messages.begin()->first < mark.low_water)
      erase(queue->second, messages.begin());
    if (messages.empty()) queues_.erase(queue);
  }
}

void MemoryStore::append(Append& append) {
  std::uint8_t expected = Append::pending;
  if (!std::atomic_ref(append.state).compare_exchange_strong(expected, Append::taken)) return;
  Queue& queue = queues_[raw(append.queue)];
  queue.messages.insert_or_assign(append.position,
                                  Stored{append.message, append.due, append.spill});
  if (append.due != Time{}) queue.due.insert({append.due, append.position});
}

void MemoryStore::settle(const Settled& settled) {
  const auto found = queues_.find(raw(settled.queue));
  if (found == queues_.end()) return;
  Queue& queue = found->second;
  auto it = queue.messages.lower_bound(settled.first);
  while (it != queue.messages.end() && it->first < settled.last)
    it = it->second.spilled == settled.spilled ? erase(queue, it) : std::next(it);
}

MemoryStore::Messages::iterator MemoryStore::erase(Queue& queue, Messages::iterator message) {
  if (message->second.due != Time{}) queue.due.erase({message->second.due, message->first});
  return queue.messages.erase(message);
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
      const Messages& messages = queue->second.messages;
      auto it = messages.lower_bound(request.from);
      for (; it != messages.end() && it->first < request.to; ++it) {
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
  ensure(listener_ != nullptr, "read before start");
  DueResult result{.queue = request.queue, .entries = {}, .is_last = true};
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return;
    const auto queue = queues_.find(raw(request.queue));
    if (queue != queues_.end()) {
      const auto& due = queue->second.due;
      auto it = due.upper_bound(request.after);
      for (; it != due.end() && result.entries.size() < request.count_max; ++it)
        result.entries.push_back(*it);
      result.is_last = it == due.end();
    }
  }
  listener_->due_read(request.shard, std::move(result));
}

void MemoryStore::stop() {
  const std::scoped_lock lock(mutex_);
  stopped_ = true;
}

std::size_t MemoryStore::size() const {
  const std::scoped_lock lock(mutex_);
  std::size_t count = 0;
  for (const auto& [id, queue] : queues_) count += queue.messages.size();
  return count;
}

}  // namespace tern::storage
