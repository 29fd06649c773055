#include "support/stepped_store.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace tern::test {
namespace {

using storage::Append;

std::uint64_t bytes_of(const storage::Batch& batch) {
  std::uint64_t bytes = 0;
  for (const Append& append : batch.appends)
    if (append.message) bytes += append.message->bytes();
  return bytes;
}

}  // namespace

storage::Recovered SteppedStore::take_recovered() {
  storage::Recovered recovered;
  recovered.stopped_cleanly = std::exchange(disk_->was_stopped, false);
  for (const auto& [key, value] : disk_->records) recovered.records.push_back({key, value});
  for (const auto& [id, queue] : disk_->queues) {
    storage::RecoveredQueue found;
    found.queue = QueueId{id};
    found.low_water = queue.low_water;
    found.next = queue.next;
    found.delivered = queue.delivered;
    found.count = queue.messages.size();
    for (const auto& [position, message] : queue.messages) {
      found.bytes += message->bytes();
      found.body_bytes += message->body().size();
    }
    found.has_due = !queue.due.empty();
    for (const auto& [position, returned] : queue.returned) found.returned.push_back(returned);
    recovered.queues.push_back(std::move(found));
  }
  return recovered;
}

void SteppedStore::submit(std::shared_ptr<storage::Batch> batch) {
  ensure(listener_ != nullptr, "submit before start");
  if (is_stopped_) return;
  pending_bytes_ += bytes_of(*batch);
  items_.push_back({std::move(batch), nullptr});
}

void SteppedStore::submit_records(std::vector<storage::Record> records,
                                  std::vector<QueueId> dropped, std::function<void()> done) {
  if (is_stopped_) return;
  auto item =
      std::make_shared<Records>(Records{std::move(records), std::move(dropped), std::move(done)});
  items_.push_back({nullptr, std::move(item)});
}

void SteppedStore::stop() {
  if (is_stopped_) return;
  finish_commit_silently();
  if (begin_commit()) finish_commit_silently();
  is_stopped_ = true;
  disk_->was_stopped = true;
  items_.clear();
}

bool SteppedStore::begin_commit(const std::function<bool()>& wanted) {
  ensure(committing_.empty(), "one commit at a time");
  for (Item& item : items_) item.is_chosen = wanted();
  while (strike_out()) {
  }
  std::deque<Item> rest;
  for (Item& item : items_) {
    if (!item.is_chosen) {
      rest.push_back(std::move(item));
      continue;
    }
    if (item.batch) {
      for (Append& append : item.batch->appends)
        if (append.state == Append::pending) append.state = Append::taken;
    }
    committing_.push_back(std::move(item));
  }
  items_ = std::move(rest);
  return !committing_.empty();
}

// Takes back choices that break an order or a transaction. True: something was taken back.
bool SteppedStore::strike_out() {
  std::map<std::uint64_t, std::uint32_t> parts;
  for (const Item& item : items_) {
    if (!item.is_chosen || !item.batch) continue;
    for (const storage::TransactionPart& part : item.batch->transactions) ++parts[part.id];
  }
  bool changed = false;
  bool is_record_left = false;
  bool is_batch_left = false;
  std::set<ShardId> left;
  for (Item& item : items_) {
    bool keep = item.is_chosen;
    if (item.batch) {
      // A queue's messages are not written before the queue.
      keep = keep && !is_record_left && !left.contains(item.batch->shard);
      for (const storage::TransactionPart& part : item.batch->transactions)
        keep = keep && parts[part.id] == part.parts;
      if (!keep) left.insert(item.batch->shard);
      is_batch_left = is_batch_left || !keep;
    } else {
      // A queue is not dropped before what was submitted for it.
      keep = keep && !is_record_left && (item.records->dropped.empty() || !is_batch_left);
      is_record_left = is_record_left || !keep;
    }
    changed = changed || keep != item.is_chosen;
    item.is_chosen = keep;
  }
  return changed;
}

void SteppedStore::finish_commit_silently() {
  for (const Item& item : committing_) write(item);
  committing_.clear();
}

void SteppedStore::finish_commit() {
  const std::vector<Item> items = std::exchange(committing_, {});
  for (const Item& item : items) write(item);
  for (const Item& item : items) {
    if (item.batch) listener_->committed(item.batch->shard, item.batch->last_stage);
    if (item.records && item.records->done) item.records->done();
  }
}

bool SteppedStore::commit_all() {
  if (!is_committing() && !begin_commit()) return false;
  finish_commit();
  return true;
}

void SteppedStore::write(const Item& item) {
  if (item.batch) {
    write(*item.batch);
    pending_bytes_ -= bytes_of(*item.batch);
    return;
  }
  for (const storage::Record& record : item.records->records) write(record);
  for (const QueueId queue : item.records->dropped) {
    disk_->queues.erase(raw(queue));
    spilled_.erase(raw(queue));
    spilled_due_.erase(raw(queue));
    dropped_.insert(raw(queue));
  }
}

void SteppedStore::write(const storage::Record& record) {
  if (record.value)
    disk_->records[record.key] = *record.value;
  else
    disk_->records.erase(record.key);
}

void SteppedStore::write(const storage::Batch& batch) {
  for (const storage::DueTrim& one : batch.due_trims) trim(one);
  for (const Append& append : batch.appends) write(append);
  for (const storage::Settled& settled : batch.settled) settle(settled);
  for (const storage::Returned& returned : batch.returned) {
    const auto queue = disk_->queues.find(raw(returned.queue));
    if (queue != disk_->queues.end() && queue->second.messages.contains(returned.position))
      queue->second.returned.insert_or_assign(returned.position, returned);
  }
  for (const storage::Mark& mark : batch.marks) {
    if (dropped_.contains(raw(mark.queue))) continue;
    Disk::Queue& queue = disk_->queues[raw(mark.queue)];
    ensure(mark.delivered >= queue.delivered, "a delivered mark fell");
    queue.delivered = mark.delivered;
    if (mark.low_water == 0) continue;
    ensure(mark.low_water >= queue.low_water, "a low-water mark fell");
    queue.low_water = mark.low_water;
    const auto end = queue.messages.lower_bound(mark.low_water);
    ensure(queue.messages.begin() == end, "a low-water mark passed an unsettled message");
  }
  for (const storage::Record& record : batch.records) write(record);
}

void SteppedStore::write(const Append& append) {
  const std::uint32_t id = raw(append.queue);
  if (append.state != Append::taken || dropped_.contains(id)) return;
  const storage::DueEntry due{append.due, append.position};
  if (append.spill) {
    spilled_[id][append.position] = append.message;
    if (append.due != Time{}) spilled_due_[id].insert(due);
    return;
  }
  Disk::Queue& queue = disk_->queues[id];
  ensure(append.position >= queue.low_water, "a message was stored below the low-water mark");
  const bool is_new = queue.messages.emplace(append.position, append.message).second;
  ensure(is_new, "two messages were stored at one position");
  queue.next = std::max(queue.next, append.position + 1);
  if (append.due != Time{}) queue.due.insert(due);
}

void SteppedStore::trim(const storage::DueTrim& trim) {
  const auto cut = [&](std::set<storage::DueEntry>& due) {
    due.erase(due.begin(), due.upper_bound(trim.last));
  };
  if (const auto at = disk_->queues.find(raw(trim.queue)); at != disk_->queues.end())
    cut(at->second.due);
  if (const auto at = spilled_due_.find(raw(trim.queue)); at != spilled_due_.end()) cut(at->second);
}

void SteppedStore::settle(const storage::Settled& settled) {
  if (dropped_.contains(raw(settled.queue))) return;
  auto& messages =
      settled.spilled ? spilled_[raw(settled.queue)] : disk_->queues[raw(settled.queue)].messages;
  const auto first = messages.lower_bound(settled.first);
  const auto last = messages.lower_bound(settled.last);
  const auto count = static_cast<std::uint64_t>(std::distance(first, last));
  ensure(count == settled.count, "settled another number of messages than are stored");
  messages.erase(first, last);
  if (settled.spilled) return;
  auto& returned = disk_->queues[raw(settled.queue)].returned;
  returned.erase(returned.lower_bound(settled.first), returned.lower_bound(settled.last));
}

bool SteppedStore::is_settled_soon(QueueId queue, Position position, bool spilled) const {
  const auto settles = [&](const Item& item) {
    if (!item.batch) return false;
    const auto& ranges = item.batch->settled;
    return std::any_of(ranges.begin(), ranges.end(), [&](const storage::Settled& range) {
      return range.queue == queue && range.spilled == spilled && range.first <= position &&
             position < range.last;
    });
  };
  return std::any_of(items_.begin(), items_.end(), settles) ||
         std::any_of(committing_.begin(), committing_.end(), settles);
}

bool SteppedStore::answer_read() {
  if (reads_.empty()) return false;
  const auto request = reads_.front();
  reads_.pop_front();
  std::visit([this](const auto& any) { answer(any); }, request);
  return true;
}

void SteppedStore::answer(const storage::ReadRequest& request) {
  std::map<Position, MessageRef> found;
  const auto collect = [&](const std::map<Position, MessageRef>& messages, bool spilled) {
    for (auto at = messages.lower_bound(request.from);
         at != messages.end() && at->first < request.to; ++at) {
      if (!is_settled_soon(request.queue, at->first, spilled)) found.insert(*at);
    }
  };
  if (const auto at = disk_->queues.find(raw(request.queue)); at != disk_->queues.end())
    collect(at->second.messages, false);
  if (const auto at = spilled_.find(raw(request.queue)); at != spilled_.end())
    collect(at->second, true);
  storage::ReadResult result;
  result.queue = request.queue;
  result.from = request.from;
  result.next = request.to;
  std::uint64_t bytes = 0;
  for (const auto& [position, message] : found) {
    if (!result.messages.empty() && bytes >= request.bytes_max) {
      result.next = position;
      break;
    }
    bytes += message->bytes();
    result.messages.push_back({position, message});
  }
  listener_->read_done(request.shard, std::move(result));
}

void SteppedStore::answer(const storage::DueRequest& request) {
  std::set<storage::DueEntry> found;
  if (const auto at = disk_->queues.find(raw(request.queue)); at != disk_->queues.end())
    found = at->second.due;
  if (const auto at = spilled_due_.find(raw(request.queue)); at != spilled_due_.end())
    found.insert(at->second.begin(), at->second.end());
  storage::DueResult result{.queue = request.queue, .entries = {}, .is_last = false};
  auto at = found.upper_bound(request.after);
  for (; at != found.end() && result.entries.size() < request.count_max; ++at)
    result.entries.push_back(*at);
  result.is_last = at == found.end();
  listener_->due_read(request.shard, std::move(result));
}

std::size_t SteppedStore::spilled_count() const noexcept {
  std::size_t count = 0;
  for (const auto& [queue, messages] : spilled_) count += messages.size();
  return count;
}

}  // namespace tern::test
