#include "queue/delayed_set.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/ensure.hpp"
#include "queue/place.hpp"

namespace tern::queue {

DelayedSet::DelayedSet(Context& context, Release release)
    : context_(context),
      sink_(context.sink),
      release_(std::move(release)),
      stream_(delayed_stream(context.settings.id)),
      window_(context.settings.window_tail_bytes),
      settled_(stream_, context.sink),
      due_(stream_, context.sink, [this](Position position) { return keeping_of(position); }) {}

void DelayedSet::restore(const Recovered& recovered) {
  ensure(next_ == 1, "restored a delayed set in use");
  next_ = restored_next_ = std::max(recovered.next, recovered.low_water_mark);
  restored_low_ = recovered.count == 0 ? next_ : recovered.low_water_mark;
  restored_count_ = count_ = recovered.count;
  context_.counts.delayed += recovered.count;
  due_.restore(recovered.has_due);
  had_stored_ = next_ != 1;
  low_water_noted_ = low_water_mark();
}

// From the run before it is known only how many there are; each stands until it is seen to be gone.
bool DelayedSet::is_waiting(Position position) const noexcept {
  if (position >= restored_next_) return waiting_.contains(position);
  return restored_count_ != 0 && position >= restored_low_ && !gone_.contains(position);
}

DueIndex::Keeping DelayedSet::keeping_of(Position position) {
  if (const Slot* const slot = slots_.find(position); slot != nullptr)
    return is_stored(*slot) ? DueIndex::Keeping::stored : DueIndex::Keeping::memory;
  return is_waiting(position) ? DueIndex::Keeping::stored : DueIndex::Keeping::gone;
}

void DelayedSet::add(MessageRef&& message, const PublisherToken& token, Time due) {
  const Position position = next_++;
  const bool kept = is_kept(*message);
  Slot& slot = slots_.occupy(position);
  slot.bytes = message->bytes();
  slot.body_bytes = static_cast<std::uint32_t>(message->body().size());
  waiting_.insert(position);
  due_.add({due, position}, kept);
  if (kept) {
    slot.stage = sink_.stage(stream_, position, message, token, due);
    on_its_way_.push_back({slot.stage, position});
    had_stored_ = true;
  } else {
    transient_.emplace(position, due);
    transient_bytes_ += slot.bytes;
    if (token.sequence != 0) sink_.publish_settled(token, PublishOutcome::accepted);
  }
  resident_ += slot.bytes;
  context_.counts.resident_bytes += slot.bytes;
  slot.message = std::move(message);
  ++count_;
  ++context_.counts.delayed;
}

void DelayedSet::fire(std::uint32_t& budget) {
  while (firing_.size() < firing_max) {
    const auto point = due_.pop_due(context_.now);
    if (!point) break;
    if (is_waiting(point->position)) want({.point = *point}, false);
  }
  while (budget != 0 && !firing_.empty() && release_first()) --budget;
}

void DelayedSet::want(const Firing& firing, bool first) {
  first ? firing_.push_front(firing) : firing_.push_back(firing);
  const Position position = firing.point.position;
  if (Slot* const slot = slots_.find(position); slot != nullptr)
    slot->overdue = true;
  else if (read_.count(position) == 0)
    unread_.insert(position);
}

// False if the first must be read before.
bool DelayedSet::release_first() {
  const Firing first = firing_.front();
  const Position position = first.point.position;
  if (!first.is_dropped && !is_waiting(position)) {
    firing_.pop_front();
    unread_.erase(position);
    return true;
  }
  if (Slot* const slot = slots_.find(position); slot != nullptr) {
    firing_.pop_front();
    MessageRef message = slot->message;
    const StoredRange stored = forget_slot(position, *slot, false);
    end(first, std::move(message), stored);
    return true;
  }
  const auto found = read_.find(position);
  if (found == read_.end()) return false;
  firing_.pop_front();
  MessageRef message = std::move(found->second);
  read_.erase(found);
  resident_ -= message->bytes();
  context_.counts.resident_bytes -= message->bytes();
  const StoredRange stored{position,         position + 1,           1,
                           message->bytes(), message->body().size(), !is_kept(*message)};
  end(first, std::move(message), stored);
  return true;
}

// What a gate lets go is settled by who forwards it.
void DelayedSet::end(const Firing& firing, MessageRef&& message, const StoredRange& stored) {
  const bool is_forwarded = context_.settings.is_gate && !firing.is_dropped;
  if (!is_forwarded && stored.count != 0)
    settled_.add(stored.first, stored.bytes, stored.body_bytes, stored.spilled);
  if (firing.is_dropped) return;
  stop_waiting(firing.point.position);
  release_(std::move(message), stored);
}

void DelayedSet::stop_waiting(Position position) {
  --count_;
  --context_.counts.delayed;
  if (position >= restored_next_) return waiting_.erase(position);
  --restored_count_;
  if (restored_count_ == 0)
    gone_.clear();
  else
    gone_.insert(position);
}

// What waits for its new place to be stored is settled, never withdrawn: both are written together.
StoredRange DelayedSet::forget_slot(Position position, Slot& slot, bool may_unstage) {
  resident_ -= slot.bytes;
  context_.counts.resident_bytes -= slot.bytes;
  if (slot.stage == 0) {
    transient_bytes_ -= slot.bytes;
    transient_.erase(position);
  }
  const bool withdrawn =
      may_unstage && slot.stage != 0 && !is_stored(slot) && sink_.unstage(slot.stage);
  StoredRange stored;
  if (slot.stage != 0 && !withdrawn)
    stored = {position, position + 1, 1, slot.bytes, slot.body_bytes, slot.spilled};
  slots_.release(position);
  return stored;
}

bool DelayedSet::remove(Position position) {
  if (!is_waiting(position)) return false;
  stop_waiting(position);
  if (Slot* const slot = slots_.find(position); slot != nullptr) {
    const StoredRange stored = forget_slot(position, *slot, true);
    if (stored.count != 0) settled_.add(position, stored.bytes, stored.body_bytes, stored.spilled);
  } else {
    want({.point = {{}, position}, .is_dropped = true}, true);
  }
  return true;
}

bool DelayedSet::run_now(Position position) {
  if (!is_waiting(position)) return false;
  want({.point = {{}, position}}, true);
  return true;
}

void DelayedSet::loaded(Position from, Position next, std::span<Loaded> messages) {
  ensure(reading_ && reading_->from == from, "loaded what was not asked for");
  const Position to = reading_->to;
  reading_.reset();
  if (!messages.empty()) next = std::max(next, messages.back().position + 1);
  next = std::min(next, to);
  if (looking_ != 0) {
    looked_.emplace();
    looked_->position = std::exchange(looking_, 0);
    if (!messages.empty()) looked_->message = std::move(messages.front().message);
    return;
  }
  if (next <= from) read_again_at_ = context_.now + read_again;
  for (Loaded& message : messages) {
    if (unread_.erase(message.position) == 0) continue;
    resident_ += message.message->bytes();
    context_.counts.resident_bytes += message.message->bytes();
    read_.emplace(message.position, std::move(message.message));
  }
  // The rest of what was looked at is not there any more.
  const auto first = unread_.lower_bound(from);
  const auto last = unread_.lower_bound(next);
  for (auto vanished = first; vanished != last; ++vanished) vanish(*vanished);
  if (first == last) return;
  std::erase_if(firing_, [&](const Firing& firing) {
    const Position position = firing.point.position;
    return position >= from && position < next && unread_.count(position) != 0;
  });
  unread_.erase(first, last);
}

// After a restart the index of due times may name messages that were gone before: such were never
// counted.
void DelayedSet::vanish(Position position) {
  if (position < restored_next_)
    gone_.insert(position);
  else if (is_waiting(position))
    stop_waiting(position);
}

void DelayedSet::due_loaded(std::span<const DuePoint> entries, bool is_last) {
  if (listing_ && listing_->is_asked)
    list(entries, is_last);
  else
    due_.loaded(entries, is_last);
}

void DelayedSet::balance() {
  drop_stored();
  if (transient_bytes_ > window_) spill();
  if (!on_its_way_.empty()) context_.wake_on_commit();
  read_on();
  if (!listing_ || !listing_->is_asked) due_.read_on();
  if (firing_.empty())
    due_.trim();
  else
    due_.trim(firing_.front().point);
  settled_.flush();
}

void DelayedSet::drop_stored() {
  while (!on_its_way_.empty() && on_its_way_.front().stage <= sink_.committed_stage()) {
    const OnItsWay stored = on_its_way_.front();
    on_its_way_.pop_front();
    Slot* const slot = slots_.find(stored.position);
    // One that is due waits behind another that must be read: not worth reading it, too.
    if (slot == nullptr || slot->overdue) continue;
    resident_ -= slot->bytes;
    context_.counts.resident_bytes -= slot->bytes;
    slots_.release(stored.position);
  }
}

// Transient messages go to the store in order of arrival, a run at a time.
void DelayedSet::spill() {
  const std::uint64_t keep = window_ - std::min(run_bytes_max, window_ / 2);
  while (transient_bytes_ > keep) {
    const auto [position, due] = *transient_.begin();
    Slot* const slot = slots_.find(position);
    ensure(slot != nullptr && slot->stage == 0, "a transient message without its slot");
    transient_.erase(transient_.begin());
    slot->stage = sink_.spill(stream_, position, slot->message, due);
    slot->spilled = true;
    due_.note_stored();
    transient_bytes_ -= slot->bytes;
    on_its_way_.push_back({slot->stage, position});
  }
}

// Reads the first message that is due and not in memory, with those near it. When memory is full
// of others that were read before their turn, it is read alone.
void DelayedSet::read_on() {
  if (reading_ || unread_.empty()) return;
  if (read_again_at_ && *read_again_at_ > context_.now) return;
  read_again_at_.reset();
  const auto first = std::find_if(firing_.begin(), firing_.end(), [this](const Firing& firing) {
    return unread_.count(firing.point.position) != 0;
  });
  ensure(first != firing_.end(), "to be read for nobody");
  auto low = unread_.find(first->point.position);
  auto high = low;
  if (resident_ <= window_) {
    while (low != unread_.begin() && *low - *std::prev(low) <= run_gap_max) --low;
    while (std::next(high) != unread_.end() && *std::next(high) - *high <= run_gap_max) ++high;
  }
  reading_ = Read{.from = *low, .to = *high + 1};
  sink_.read(stream_, reading_->from, reading_->to, run_bytes_max);
}

std::optional<Time> DelayedSet::next_due() const {
  std::optional<Time> next = firing_.size() < firing_max ? due_.next() : std::nullopt;
  if (read_again_at_ && (!next || *read_again_at_ < *next)) next = read_again_at_;
  return next;
}

Position DelayedSet::low_water_mark() const noexcept {
  Position lowest = next_;
  if (restored_count_ != 0) lowest = restored_low_;
  if (const Position first = waiting_.first(); first != 0) lowest = std::min(lowest, first);
  if (!unread_.empty()) lowest = std::min(lowest, *unread_.begin());
  if (!read_.empty()) lowest = std::min(lowest, read_.begin()->first);
  return lowest;
}

StreamMark DelayedSet::take_marks() noexcept {
  low_water_noted_ = low_water_mark();
  return {.stream = stream_, .low_water = low_water_noted_, .delivered = 1};
}

}  // namespace tern::queue
