#include "storage/completer.hpp"

#include <algorithm>

#include "base/ensure.hpp"
#include "base/named_thread.hpp"

namespace tern::storage {

void Completer::start(Listener& listener) {
  listener_ = &listener;
  thread_ = named_thread("complete", [this] { run(); });
}

void Completer::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

bool Completer::is_idle() const {
  const std::scoped_lock lock(mutex_);
  return queue_.empty() && !busy_;
}

Completer::Unsynced Completer::unsynced() const {
  const std::scoped_lock lock(mutex_);
  return unsynced_;
}

void Completer::hand_over(Commit&& commit) {
  const std::scoped_lock lock(mutex_);
  unsynced_.bytes += commit.written_bytes;
  if (commit.written_bytes > 0 && !unsynced_.since) unsynced_.since = Inbox::Steady::now();
  queue_.push_back(std::move(commit));
  changed_.notify_all();
}

void Completer::complete_now(Commit&& commit, bool synced) {
  {
    const std::scoped_lock lock(mutex_);
    ensure(queue_.empty() && !busy_, "a commit overtakes another");
    if (synced) {
      unsynced_ = {};
    } else if (commit.written_bytes > 0) {
      unsynced_.bytes += commit.written_bytes;
      if (!unsynced_.since) unsynced_.since = Inbox::Steady::now();
    }
  }
  complete(std::move(commit), synced);
}

bool Completer::wait_for_room(std::uint64_t bytes) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock,
                [&] { return failed_ || unsynced_.bytes < bytes || (queue_.empty() && !busy_); });
  return !failed_;
}

void Completer::wait_until_idle() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return failed_ || (queue_.empty() && !busy_); });
}

void Completer::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    if (queue_.empty() || failed_) return;
    std::deque<Commit> commits = std::exchange(queue_, {});
    busy_ = true;
    const std::uint64_t bytes = unsynced_.bytes;
    lock.unlock();
    const bool sync = std::any_of(commits.begin(), commits.end(),
                                  [](const Commit& commit) { return commit.needs_sync; });
    if (sync) {
      const rocksdb::Status status = database_.db().SyncWAL();
      if (!status.ok()) fail("cannot sync the write-ahead log: " + status.ToString());
    }
    if (!failed_) {
      // The last one carries the word that the sync has covered them all.
      for (std::size_t i = 0; i < commits.size(); ++i)
        complete(std::move(commits[i]), sync && i + 1 == commits.size());
    }
    lock.lock();
    busy_ = false;
    if (sync) {
      unsynced_.bytes -= bytes;
      unsynced_.since.reset();
      if (unsynced_.bytes > 0) unsynced_.since = Inbox::Steady::now();
    }
    changed_.notify_all();
  }
}

void Completer::complete(Commit&& commit, bool synced) {
  state_.table.apply_spilled(commit.delta);
  const Cut& cut = commit.cut;
  const bool wrote_nothing = commit.written_bytes == 0 && unapplied_.empty();
  unapplied_.push_back({std::move(commit.delta), cut.batches, commit.covered});
  // A commit that needed the sync has it when it comes here; those before it did not wait for it.
  if (synced || commit.needs_sync || wrote_nothing) apply_unapplied();
  tell(cut);
}

void Completer::apply_unapplied() {
  for (const Unapplied& commit : unapplied_) {
    state_.table.apply_durable(commit.delta);
    inbox_.applied(commit.batches);
    if (commit.covered) state_.covered = *commit.covered;
  }
  unapplied_.clear();
}

void Completer::tell(const Cut& cut) {
  told_.clear();
  for (const auto& batch : cut.batches) {
    const auto known = std::find_if(told_.begin(), told_.end(),
                                    [&](const auto& told) { return told.first == batch->shard; });
    if (known == told_.end()) {
      told_.emplace_back(batch->shard, batch->last_stage);
    } else {
      known->second = std::max(known->second, batch->last_stage);
    }
  }
  inbox_.completed(cut.bytes);
  for (const auto& [shard, stage] : told_) listener_->committed(shard, stage);
  for (const RecordsItem& item : cut.records) {
    if (item.done) item.done();
  }
}

void Completer::fail(const std::string& text) {
  {
    const std::scoped_lock lock(mutex_);
    if (failed_.exchange(true)) return;
    changed_.notify_all();
  }
  listener_->failed(text);
}

}  // namespace tern::storage
