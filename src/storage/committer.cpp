#include "storage/committer.hpp"

#include <algorithm>

#include "base/ensure.hpp"
#include "base/named_thread.hpp"

namespace tern::storage {
namespace {

// A commit up to this size is written and synced in one go when nothing else waits.
constexpr std::uint64_t inline_sync_bytes_max = 256 << 10;
// Most bytes written and not synced; what a power cut can damage is bounded by it.
constexpr std::uint64_t unsynced_bytes_max = 16 << 20;
// What needs no sync of its own is synced when that much of it has come together.
constexpr std::uint64_t lazy_bytes_max = 8 << 20;
// Queue records in one commit.
constexpr std::uint64_t checkpoint_slice_bytes = 256 << 10;
// Ranges removed from a memtable make each look at it slower; in a file they are merged.
constexpr std::uint64_t due_ranges_max = 512;
// After that long without a commit, a memtable full of garbage is dropped.
constexpr std::chrono::seconds idle_after{1};
constexpr std::uint64_t idle_epoch_bytes_min = 4 << 20;

// Most often the disk is full, and then the operator wants to know that nothing confirmed is lost.
std::string cannot_write(const char* what, const rocksdb::Status& status) {
  return std::string("cannot write ") + what + " the data directory: " + status.ToString() +
         ". Everything confirmed is kept: free space there (or move the directory to a larger "
         "disk and set data_dir), check the disk, and start again";
}

}  // namespace

Committer::Committer(const RocksOptions& options, Database& database, FilterState& state,
                     Inbox& inbox, Completer& completer, const Recovery& recovery)
    : options_(options),
      database_(database),
      state_(state),
      inbox_(inbox),
      completer_(completer),
      builder_(database, options.block_bytes_max, recovery.due_streams),
      checkpointer_(database, state),
      epoch_(recovery.next_epoch),
      next_commit_(recovery.next_commit) {
  // Deltas of the former run wait for their checkpoint.
  if (state_.table.has_changed()) checkpoint_due_ = Steady::now() + options_.checkpoint_interval;
}

void Committer::start() {
  thread_ = named_thread("commit", [this] { run(); });
}

void Committer::join() {
  if (thread_.joinable()) thread_.join();
}

Committer::Steady::time_point Committer::next_deadline() const {
  if (checkpointer_.is_under_way()) return Steady::now();
  auto deadline = std::min(checkpoint_due_, idle_check_due_);
  if (const auto since = completer_.unsynced().since)
    deadline = std::min(deadline, *since + options_.ack_sync_interval);
  return deadline;
}

void Committer::run() {
  while (!completer_.has_failed()) {
    inbox_.wait(next_deadline());
    Cut cut = inbox_.cut(options_.commit_bytes_max);
    if (cut.empty() && inbox_.is_closed()) {
      // Between the cut and the look at the door something may have slipped in.
      cut = inbox_.cut(options_.commit_bytes_max);
      if (cut.empty()) break;
    }
    if (!completer_.wait_for_room(unsynced_bytes_max)) break;
    const bool is_idle = cut.empty();
    if (!is_idle || checkpointer_.is_under_way()) commit(std::move(cut));
    keep_house();
    begin_epoch_when_due(is_idle);
  }
  if (!completer_.has_failed()) finish();
}

// A transaction, a record or a stored message must be on disk before anybody hears of it; what is
// settled or spilled need not.
bool Committer::is_durable_cut(const Cut& cut, const Delta& delta) const {
  return !cut.records.empty() ||
         std::any_of(delta.appended.begin(), delta.appended.end(),
                     [](const Appended& appended) { return !appended.spilled; }) ||
         std::any_of(cut.batches.begin(), cut.batches.end(), [](const auto& batch) {
           return !batch->transactions.empty() || !batch->records.empty();
         });
}

void Committer::commit(Cut&& cut) {
  Commit commit;
  commit.delta.commit = next_commit_++;
  commit.delta.epoch = epoch_;
  builder_.clear();
  builder_.build(cut, commit.delta);
  commit.needs_sync = is_durable_cut(cut, commit.delta);
  rocksdb::WriteBatch& batch = builder_.write_batch();
  epoch_bytes_ += builder_.message_bytes();
  due_ranges_ += builder_.due_ranges();
  if (epoch_is_new_) {
    batch.Put(database_.meta(), to_slice(epoch_key), encode_number(epoch_));
    epoch_is_new_ = false;
  }
  if (!commit.delta.is_volatile()) {
    delta_bytes_ += 16 * (commit.delta.appended.size() + commit.delta.settled.size() +
                          commit.delta.marks.size() + commit.delta.returned.size());
    if (checkpoint_due_ == Steady::time_point::max())
      checkpoint_due_ = Steady::now() + options_.checkpoint_interval;
  }
  commit.covered = checkpointer_.add(batch, checkpoint_slice_bytes);
  if (epoch_bytes_ >= idle_epoch_bytes_min) idle_check_due_ = Steady::now() + idle_after;
  commit.cut = std::move(cut);
  const bool is_alone = completer_.is_idle();
  if (batch.Count() == 0) {  // all was withdrawn
    commit.needs_sync = false;
    is_alone ? completer_.complete_now(std::move(commit), false)
             : completer_.hand_over(std::move(commit));
    return;
  }
  write(std::move(commit), is_alone);
}

void Committer::write(Commit&& commit, bool is_alone) {
  rocksdb::WriteBatch& batch = builder_.write_batch();
  commit.written_bytes = batch.GetDataSize();
  rocksdb::WriteOptions options;
  options.sync = commit.needs_sync && is_alone && commit.written_bytes < inline_sync_bytes_max;
  const rocksdb::Status status = database_.db().Write(options, &batch);
  if (!status.ok()) {
    completer_.fail(cannot_write("to", status));
    return;
  }
  if (is_alone && (options.sync || !commit.needs_sync)) {
    completer_.complete_now(std::move(commit), options.sync);
  } else {
    completer_.hand_over(std::move(commit));
  }
}

void Committer::keep_house() {
  const auto now = Steady::now();
  if (!checkpointer_.is_under_way() &&
      (checkpoint_due_ <= now || delta_bytes_ >= options_.checkpoint_delta_bytes)) {
    delta_bytes_ = 0;
    checkpoint_due_ = Steady::time_point::max();
    checkpointer_.begin();
  }
  if (due_ranges_ >= due_ranges_max) {
    due_ranges_ = 0;
    const rocksdb::Status status = database_.start_due_flush();
    if (!status.ok()) completer_.fail(cannot_write("a file in", status));
  }
  const auto unsynced = completer_.unsynced();
  if (unsynced.since && completer_.is_idle() &&
      (*unsynced.since + options_.ack_sync_interval <= now || unsynced.bytes >= lazy_bytes_max)) {
    Commit nothing;
    nothing.delta.epoch = epoch_;
    nothing.needs_sync = true;
    completer_.hand_over(std::move(nothing));
  }
}

// Messages that are settled soon are best left to die in a large memtable. Those that stay have to
// go to a file anyway, and then a smaller memtable is as good and takes less memory.
bool Committer::is_epoch_full() const {
  if (epoch_bytes_ >= options_.epoch_bytes) return true;
  if (epoch_bytes_ < options_.epoch_bytes / 3) return false;
  const EpochUse use = state_.table.epoch_use(epoch_);
  return use.live_bytes > use.bytes / 2;
}

void Committer::begin_epoch_when_due(bool idle) {
  bool due = is_epoch_full();
  if (!due && idle && idle_check_due_ <= Steady::now()) {
    idle_check_due_ = Steady::time_point::max();
    const EpochUse use = state_.table.epoch_use(epoch_);
    due = epoch_bytes_ >= idle_epoch_bytes_min && use.live_bytes <= use.bytes / 10;
  }
  if (!due) return;
  // Two memtables on their way to files are enough; the shards hold their publishers back
  // meanwhile.
  while (database_.memtables_waiting() >= 2) {
    if (completer_.has_failed()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  const rocksdb::Status status = database_.start_flush();
  if (!status.ok()) {
    completer_.fail(cannot_write("a file in", status));
    return;
  }
  ++epoch_;
  ensure(epoch_ != 0, "out of epochs");
  epoch_is_new_ = true;
  epoch_bytes_ = 0;
}

// The last thing written is a checkpoint, so that the next start finds little to replay.
void Committer::finish() {
  Commit last;
  last.delta.epoch = epoch_;
  last.needs_sync = true;
  completer_.hand_over(std::move(last));
  completer_.wait_until_idle();
  if (completer_.has_failed()) return;
  if (!checkpointer_.is_under_way()) checkpointer_.begin();
  while (checkpointer_.is_under_way() && !completer_.has_failed()) commit({});
  // A pass that was under way has left out what changed since it began.
  if (state_.table.has_changed()) {
    checkpointer_.begin();
    while (checkpointer_.is_under_way() && !completer_.has_failed()) commit({});
  }
  Commit sync;
  sync.delta.epoch = epoch_;
  sync.needs_sync = true;
  completer_.hand_over(std::move(sync));
}

}  // namespace tern::storage
