#include "queue/consumers.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace tern::queue {

ConsumeError Consumers::add(const ConsumerSpec& spec) {
  ensure(spec.id.number != 0, "consumer number 0 is for gets");
  ensure(find(spec.id) == none, "consumer number used twice");
  const bool shut_out = spec.exclusive && (active_ != 0 || single_);
  if (exclusive_ || shut_out) return ConsumeError::in_exclusive_use;
  const Index index = make_record(spec.id);
  Record& record = records_[index];
  record.window = static_cast<std::int64_t>(spec.window_bytes);
  record.priority = spec.priority;
  record.prefetch = spec.prefetch;
  record.active = true;
  record.auto_ack = spec.auto_ack;
  record.exclusive = spec.exclusive;
  record.gated = spec.gated && !spec.auto_ack;
  record.own_timeout = spec.timeout;
  record.waiting = single_ && active_ != 0;
  exclusive_ = spec.exclusive;
  ++active_;
  join_registered(index);
  join_level(spec.priority);
  review(index);
  return ConsumeError::none;
}

bool Consumers::remove(const ConsumerId& id) {
  const Index index = find(id);
  if (index == none || !records_[index].active) return false;
  Record& record = records_[index];
  give_back(record);
  if (record.listed) delist(index);
  leave_level(record.priority);
  leave_registered(index);
  record.active = false;
  if (record.exclusive) exclusive_ = false;
  --active_;
  free_if_idle(index);
  return true;
}

void Consumers::join_registered(Index index) {
  Record& record = records_[index];
  record.registered_before = registered_last_;
  record.registered_after = none;
  (registered_last_ == none ? registered_first_ : records_[registered_last_].registered_after) =
      index;
  registered_last_ = index;
}

// The next in order takes over from a single active consumer, whatever that one still holds.
void Consumers::leave_registered(Index index) {
  const Index before = records_[index].registered_before;
  const Index after = records_[index].registered_after;
  (before == none ? registered_first_ : records_[before].registered_after) = after;
  (after == none ? registered_last_ : records_[after].registered_before) = before;
  if (!single_ || records_[index].waiting) return;
  const Index next = next_single();
  if (next == none) return;
  records_[next].waiting = false;
  review(next);
}

// The first registered one of those with the highest priority, as in RabbitMQ.
Consumers::Index Consumers::next_single() const noexcept {
  Index best = registered_first_;
  for (Index index = best; index != none; index = records_[index].registered_after) {
    if (records_[index].priority > records_[best].priority) best = index;
  }
  return best;
}

void Consumers::set_single_active(bool single) {
  if (single_ == single) return;
  single_ = single;
  const Index chosen = next_single();
  for (Index index = registered_first_; index != none; index = records_[index].registered_after) {
    records_[index].waiting = single && index != chosen;
    review(index);
  }
}

void Consumers::cancel_all() {
  std::vector<ConsumerId> ids;
  for (const Record& record : records_)
    if (record.active) ids.push_back(record.id);
  for (const ConsumerId& id : ids) {
    remove(id);
    sink_.consumer_cancelled(id);
  }
}

Consumers::Index Consumers::find(const ConsumerId& id) noexcept {
  if (recent_ != none && records_[recent_].id == id) return recent_;
  if (registry_ == nullptr) return none;
  const auto found = registry_->by_id.find(id);
  if (found == registry_->by_id.end()) return none;
  recent_ = found->second;
  return recent_;
}

Consumers::Index Consumers::holder(const ConsumerId& id) {
  const Index index = find(id);
  return index != none ? index : make_record(id);
}

Consumers::Index Consumers::make_record(const ConsumerId& id) {
  if (registry_ == nullptr) registry_ = std::make_unique<Registry>();
  std::vector<Index>& free = registry_->free;
  Index index = 0;
  if (free.empty()) {
    index = static_cast<Index>(records_.size());
    records_.emplace_back();
  } else {
    index = free.back();
    free.pop_back();
  }
  Record fresh;
  fresh.id = id;
  fresh.noted = records_[index].noted;
  fresh.deadline = records_[index].deadline;
  records_[index] = std::move(fresh);
  registry_->by_id.emplace(id, index);
  return index;
}

void Consumers::free_if_idle(Index index) {
  Record& record = records_[index];
  if (record.active || record.unacked != 0) return;
  registry_->by_id.erase(record.id);
  record.hold_times.reset();
  record.id = {};
  if (recent_ == index) recent_ = none;
  registry_->free.push_back(index);
}

bool Consumers::can_take(const Record& record) noexcept {
  if (!record.active || record.waiting || record.window <= 0) return false;
  if (record.prefetch != 0 && record.unacked >= record.prefetch) return false;
  return !record.gated || record.permits != 0 || !record.asked;
}

Consumers::Level& Consumers::level_of(std::int32_t priority) noexcept {
  if (levels_.size() == 1) return levels_.front();
  const auto found = std::lower_bound(
      levels_.begin(), levels_.end(), priority,
      [](const Level& level, std::int32_t wanted) { return level.priority > wanted; });
  ensure(found != levels_.end() && found->priority == priority, "consumer without a level");
  return *found;
}

void Consumers::join_level(std::int32_t priority) {
  auto place = levels_.begin();
  while (place != levels_.end() && place->priority > priority) ++place;
  if (place == levels_.end() || place->priority != priority) {
    place = levels_.insert(place, Level{.priority = priority});
    first_level_ = 0;
  }
  ++place->consumers;
}

void Consumers::leave_level(std::int32_t priority) {
  Level& level = level_of(priority);
  if (--level.consumers != 0) return;
  ensure(level.front == none, "empty level with a list");
  levels_.erase(levels_.begin() + (&level - levels_.data()));
  first_level_ = 0;
}

void Consumers::enlist(Index index) {
  Record& record = records_[index];
  Level& level = level_of(record.priority);
  record.previous = level.back;
  record.next = none;
  (level.back == none ? level.front : records_[level.back].next) = index;
  level.back = index;
  record.listed = true;
  ++able_;
  first_level_ = std::min(first_level_, static_cast<std::uint32_t>(&level - levels_.data()));
}

void Consumers::delist(Index index) {
  Record& record = records_[index];
  Level& level = level_of(record.priority);
  (record.previous == none ? level.front : records_[record.previous].next) = record.next;
  (record.next == none ? level.back : records_[record.next].previous) = record.previous;
  record.listed = false;
  --able_;
}

// Puts a consumer whose circumstances changed into its list or takes it out. Permits that it cannot
// use while it stands outside go back, so that others of its channel can have them.
void Consumers::review(Index index) {
  Record& record = records_[index];
  const bool able = can_take(record);
  if (able && !record.listed) enlist(index);
  if (!able && record.listed) delist(index);
  if (!able) give_back(record);
}

void Consumers::give_back(Record& record) {
  if (record.permits == 0) return;
  sink_.permits_returned(record.id, record.permits);
  record.permits = 0;
}

Consumers::Index Consumers::front() noexcept {
  if (able_ == 0) return none;
  while (levels_[first_level_].front == none) ++first_level_;
  return levels_[first_level_].front;
}

Consumers::Index Consumers::able_now() noexcept {
  const Index index = front();
  if (index == none) return none;
  const Record& record = records_[index];
  return record.gated && record.permits == 0 ? none : index;
}

Consumers::Index Consumers::pick(std::uint64_t ready) {
  for (;;) {
    const Index index = front();
    if (index == none) return none;
    Record& record = records_[index];
    if (!record.gated || record.permits != 0) return index;
    const std::uint32_t room =
        record.prefetch == 0 ? permits_max : record.prefetch - record.unacked;
    const auto wanted = std::min<std::uint64_t>(ready, std::min(room, permits_max));
    record.asked = true;
    delist(index);
    sink_.permits_wanted(record.id, static_cast<std::uint32_t>(wanted));
  }
}

void Consumers::served(Index index, std::uint32_t bytes) {
  Record& record = records_[index];
  ensure(record.listed, "served a consumer that cannot take");
  record.window -= bytes;
  if (!record.auto_ack) ++record.unacked;
  if (record.gated) --record.permits;
  const bool alone = record.previous == none && record.next == none;
  if (alone && can_take(record)) return;
  delist(index);
  review(index);
}

void Consumers::settled(Index index, std::uint32_t count) {
  Record& record = records_[index];
  ensure(record.unacked >= count, "more settled than checked out");
  record.unacked -= count;
  if (record.active)
    review(index);
  else
    free_if_idle(index);
}

void Consumers::drained(const ConsumerId& id, std::uint64_t bytes) {
  const Index index = find(id);
  if (index == none || !records_[index].active) return;
  records_[index].window += static_cast<std::int64_t>(bytes);
  review(index);
}

void Consumers::permit(const ConsumerId& id, std::uint32_t count) {
  if (count == 0) return;
  const Index index = find(id);
  if (index == none || !records_[index].active || !records_[index].gated) {
    sink_.permits_returned(id, count);
    return;
  }
  Record& record = records_[index];
  record.asked = false;
  record.permits += count;
  if (!record.noted) registry_->permit_holders.push_back(index);
  record.noted = true;
  review(index);
}

void Consumers::set_gated(const ConsumerId& id, bool gated) {
  const Index index = find(id);
  if (index == none || !records_[index].active || records_[index].auto_ack) return;
  Record& record = records_[index];
  if (record.gated == gated) return;
  give_back(record);
  record.gated = gated;
  record.asked = false;
  review(index);
}

void Consumers::return_permits() {
  if (registry_ == nullptr) return;
  for (const Index index : registry_->permit_holders) {
    give_back(records_[index]);
    records_[index].noted = false;
  }
  registry_->permit_holders.clear();
}

}  // namespace tern::queue
