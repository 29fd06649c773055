#include "storage/stream_table.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace tern::storage {

void StreamTable::restore(QueueId queue, QueueState&& state) {
  const std::scoped_lock lock(mutex_);
  ensure(first_epoch_ == 0, "restore while running");
  if (state.stored) {
    for (const Segment& segment : state.stored->segments) {
      ledger_.add_segment(segment.epoch);
      ledger_.append(segment.epoch, segment.bytes, segment.live_bytes);
    }
  }
  queues_.insert_or_assign(raw(queue), std::move(state));
}

void StreamTable::begin_run(Epoch first_epoch, CommitId applied) {
  const std::scoped_lock lock(mutex_);
  for (auto& [epoch, use] : ledger_.uses()) {
    ensure(epoch < first_epoch, "an epoch of the future");
    use.begun = {};  // long ago
  }
  first_epoch_ = open_epoch_ = first_epoch;
  applied_ = std::max(applied_, applied);
}

std::vector<RecoveredQueue> StreamTable::recovered() const {
  const std::scoped_lock lock(mutex_);
  std::vector<RecoveredQueue> result;
  result.reserve(queues_.size());
  for (const auto& [id, state] : queues_) {
    RecoveredQueue queue;
    queue.queue = static_cast<QueueId>(id);
    queue.low_water = state.low_water;
    queue.next = std::max(state.next, state.low_water);
    queue.delivered = std::min(state.delivered, queue.next);
    if (state.stored) {
      queue.count = state.stored->count;
      queue.bytes = state.stored->bytes;
      queue.body_bytes = state.stored->body_bytes;
      for (const auto& [position, note] : state.stored->returned)
        queue.returned.push_back({queue.queue, position, note.delivery_count, note.due});
    }
    result.push_back(std::move(queue));
  }
  std::sort(result.begin(), result.end(),
            [](const auto& a, const auto& b) { return a.queue < b.queue; });
  return result;
}

bool StreamTable::has_stored(QueueId queue) const {
  const std::scoped_lock lock(mutex_);
  const QueueState* state = find(queue);
  return state != nullptr && state->stored && !state->stored->segments.empty();
}

void StreamTable::apply_durable(const Delta& delta) {
  const std::scoped_lock lock(mutex_);
  for (const Appended& appended : delta.appended) {
    if (!appended.spilled) apply_appended(appended);
  }
  for (const Settled& settled : delta.settled) {
    if (!settled.spilled) apply_settled(settled);
  }
  for (const Returned& returned : delta.returned) apply_returned(returned);
  for (const Mark& mark : delta.marks) apply_mark(mark);
  for (const QueueId queue : delta.dropped) drop(queue);
  applied_ = std::max(applied_, delta.commit);
  open_epoch_ = std::max(open_epoch_, delta.epoch);
}

void StreamTable::apply_spilled(const Delta& delta) {
  const std::scoped_lock lock(mutex_);
  for (const Appended& appended : delta.appended) {
    if (appended.spilled) apply_appended(appended);
  }
  for (const Settled& settled : delta.settled) {
    if (settled.spilled) apply_settled(settled);
  }
}

void StreamTable::changed(QueueId queue, QueueState& state) {
  if (state.dirty) return;
  state.dirty = true;
  changed_.push_back(queue);
}

void StreamTable::apply_appended(const Appended& appended) {
  QueueState& state = queues_[raw(appended.queue)];
  auto& contents = state.contents(appended.spilled);
  if (!contents) contents = std::make_unique<StreamContents>();
  contents->append(appended, ledger_);
  if (appended.spilled) return;
  state.next = std::max(state.next, appended.last + 1);
  changed(appended.queue, state);
}

void StreamTable::apply_settled(const Settled& settled) {
  const auto found = queues_.find(raw(settled.queue));
  if (found == queues_.end()) return;  // dropped meanwhile
  QueueState& state = found->second;
  auto& contents = state.contents(settled.spilled);
  if (!settled.spilled) changed(settled.queue, state);
  if (!contents) return;
  contents->settle(settled, state.low_water, ledger_);
  if (contents->is_over(state.low_water)) contents.reset();
}

void StreamTable::apply_mark(const Mark& mark) {
  const auto found = queues_.find(raw(mark.queue));
  // A queue that never stored anything: its positions may begin anew after a restart.
  if (found == queues_.end()) return;
  QueueState& state = found->second;
  state.delivered = std::max(state.delivered, mark.delivered);
  changed(mark.queue, state);
  if (mark.low_water <= state.low_water) return;
  state.low_water = mark.low_water;
  for (auto* contents : {&state.stored, &state.spilled}) {
    if (!*contents) continue;
    (*contents)->raise_low_water(mark.low_water, ledger_);
    if ((*contents)->is_over(mark.low_water)) contents->reset();
  }
}

void StreamTable::apply_returned(const Returned& returned) {
  const auto found = queues_.find(raw(returned.queue));
  if (found == queues_.end() || !found->second.stored) return;
  found->second.stored->note_return(returned, found->second.low_water);
  changed(returned.queue, found->second);
}

void StreamTable::drop(QueueId queue) {
  const auto found = queues_.find(raw(queue));
  if (found == queues_.end()) return;
  if (found->second.stored) found->second.stored->drop_all(ledger_);
  if (found->second.spilled) found->second.spilled->drop_all(ledger_);
  // Its record has been deleted by the same commit, but a checkpoint cut between that commit and
  // now may have written it again: listed as changed, it is deleted once more.
  if (!found->second.dirty) changed_.push_back(queue);
  queues_.erase(found);
}

const QueueState* StreamTable::find(QueueId queue) const {
  const auto found = queues_.find(raw(queue));
  return found == queues_.end() ? nullptr : &found->second;
}

std::vector<SegmentRange> StreamTable::segments(QueueId queue, Position from, Position to) const {
  std::vector<SegmentRange> result;
  const std::scoped_lock lock(mutex_);
  const QueueState* state = find(queue);
  if (state == nullptr) return result;
  for (const bool spilled : {false, true}) {
    const StreamContents* contents = state->contents(spilled);
    if (contents == nullptr) continue;
    for (const Segment& s : contents->segments) {
      if (s.last < from || s.first >= to) continue;
      result.push_back({stream_of(queue, spilled), s.epoch, s.first, s.last, s.unordered});
    }
  }
  return result;
}

void StreamTable::settled(Stream stream, std::span<const Position> positions,
                          std::vector<bool>& to) const {
  to.assign(positions.size(), false);
  const std::scoped_lock lock(mutex_);
  const QueueState* state = find(queue_of(stream));
  const StreamContents* contents = state != nullptr ? state->contents(is_spilled(stream)) : nullptr;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    to[i] = contents == nullptr || positions[i] < state->low_water ||
            contents->settled.contains(positions[i]);
  }
}

bool StreamTable::is_dead(Stream stream, Epoch epoch, Position first, Position last) const {
  const std::scoped_lock lock(mutex_);
  if (first_epoch_ == 0) return false;
  if (is_spilled(stream) && epoch < first_epoch_) return true;
  const QueueState* state = find(queue_of(stream));
  // In an epoch that may still grow, a stream without a segment may be one whose commit is on its
  // way; otherwise there was one and all of it is settled, or the queue was dropped.
  const bool closed = epoch < open_epoch_;
  if (state == nullptr) return closed;
  if (last < state->low_water) return true;
  const StreamContents* contents = state->contents(is_spilled(stream));
  if (contents == nullptr) return closed;
  if (closed && contents->find(epoch) == nullptr) return true;
  return contents->settled.contains_all(std::max(first, state->low_water), last + 1);
}

bool StreamTable::is_settled(Stream stream, Position position) const {
  const std::scoped_lock lock(mutex_);
  if (first_epoch_ == 0) return false;
  const QueueState* state = find(queue_of(stream));
  if (state == nullptr) return false;
  if (position < state->low_water) return true;
  const StreamContents* contents = state->contents(is_spilled(stream));
  return contents != nullptr && contents->settled.contains(position);
}

bool StreamTable::may_be_settled(Stream stream, Position first, Position last) const {
  const std::scoped_lock lock(mutex_);
  if (first_epoch_ == 0) return false;
  const QueueState* state = find(queue_of(stream));
  const StreamContents* contents = state != nullptr ? state->contents(is_spilled(stream)) : nullptr;
  if (contents == nullptr) return false;
  return first < state->low_water || contents->settled.may_contain_any(first, last + 1);
}

std::vector<QueueId> StreamTable::take_changed(CommitId& applied) {
  const std::scoped_lock lock(mutex_);
  applied = applied_;
  for (const QueueId queue : changed_) {
    const auto found = queues_.find(raw(queue));
    if (found != queues_.end()) found->second.dirty = false;
  }
  return std::exchange(changed_, {});
}

bool StreamTable::has_changed() const {
  const std::scoped_lock lock(mutex_);
  return !changed_.empty();
}

bool StreamTable::encode_record(QueueId queue, std::string& to) const {
  const std::scoped_lock lock(mutex_);
  const QueueState* state = find(queue);
  if (state == nullptr) return false;
  encode_queue_record(applied_, *state, to);
  return true;
}

bool StreamTable::is_epoch_dead(Epoch epoch) const {
  const std::scoped_lock lock(mutex_);
  if (first_epoch_ == 0 || epoch >= open_epoch_) return false;
  const auto use = ledger_.uses().find(epoch);
  return use == ledger_.uses().end() || use->second.segments == 0;
}

EpochUse StreamTable::epoch_use(Epoch epoch) const {
  const std::scoped_lock lock(mutex_);
  const auto use = ledger_.uses().find(epoch);
  return use == ledger_.uses().end() ? EpochUse{} : use->second;
}

std::vector<Epoch> StreamTable::sparse_epochs(std::uint32_t live_percent,
                                              std::chrono::milliseconds age) const {
  // Rewriting to win less than this is not worth a new file.
  constexpr std::uint64_t gain_bytes_min = 64 * 1024;
  const auto latest = std::chrono::steady_clock::now() - age;
  std::vector<Epoch> result;
  const std::scoped_lock lock(mutex_);
  for (const auto& [epoch, use] : ledger_.uses()) {
    if (epoch >= open_epoch_ || use.segments == 0 || use.begun > latest) continue;
    if (use.bytes < use.live_bytes + gain_bytes_min) continue;
    if (use.live_bytes < use.bytes / 100 * live_percent) result.push_back(epoch);
  }
  return result;
}

void StreamTable::epoch_rewritten(Epoch epoch) {
  const std::scoped_lock lock(mutex_);
  const auto use = ledger_.uses().find(epoch);
  if (use != ledger_.uses().end()) use->second.bytes = use->second.live_bytes;
}

void StreamTable::forget_dead_epochs() {
  const std::scoped_lock lock(mutex_);
  std::erase_if(ledger_.uses(), [&](const auto& item) {
    return item.second.segments == 0 && item.first < open_epoch_;
  });
}

}  // namespace tern::storage
