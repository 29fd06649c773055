// The half of Consumers that knows who has kept a message too long.

#include <algorithm>
#include <functional>

#include "base/ensure.hpp"
#include "queue/consumers.hpp"

namespace tern::queue {

namespace {
/// Longer timeouts (30,000 years) are cut: sums with any time stay in range.
constexpr Millis timeout_max{1'000'000'000'000'000};
}  // namespace

// Gets have none, because nobody could be cut off.
std::optional<Millis> Consumers::timeout_of(const Record& record) const noexcept {
  if (record.id.number == 0) return std::nullopt;
  const auto timeout = record.own_timeout ? record.own_timeout : timeout_;
  if (!timeout || timeout->count() <= 0) return std::nullopt;
  return std::min(*timeout, timeout_max);
}

void Consumers::note_deadline(Index index, Time at) {
  Record& record = records_[index];
  if (at >= record.deadline) return;
  record.deadline = at;
  std::vector<Deadline>& deadlines = registry_->deadlines;
  deadlines.push_back({at, index});
  std::push_heap(deadlines.begin(), deadlines.end(), std::greater<>());
}

void Consumers::set_timeout(std::optional<Millis> timeout) {
  if (timeout_ == timeout) return;
  timeout_ = timeout;
  for (Index index = 0; index != records_.size(); ++index) {
    Record& record = records_[index];
    if (record.hold_times == nullptr) continue;
    const auto limit = timeout_of(record);
    if (!limit) {
      record.hold_times.reset();
      continue;
    }
    const auto oldest =
        record.hold_times->oldest([&](Position p) { return holdings_->holds(index, p); });
    if (oldest) note_deadline(index, *oldest + *limit);
  }
}

void Consumers::held(Index index, Position place, Time now) {
  Record& record = records_[index];
  const auto timeout = timeout_of(record);
  ensure(timeout.has_value(), "held without a timeout");
  if (record.hold_times == nullptr) record.hold_times = std::make_unique<HoldTimes>();
  record.hold_times->delivered(place, now, record.unacked,
                               [&](Position p) { return holdings_->holds(index, p); });
  note_deadline(index, now + *timeout);
}

void Consumers::returned(Index index, Position place) {
  if (records_[index].hold_times != nullptr) records_[index].hold_times->returned(place);
}

std::optional<Time> Consumers::next_deadline() const noexcept {
  if (registry_ == nullptr || registry_->deadlines.empty()) return std::nullopt;
  return registry_->deadlines.front().at;
}

std::optional<Consumers::TimedOut> Consumers::timed_out(Time now) {
  if (registry_ == nullptr) return std::nullopt;
  std::vector<Deadline>& deadlines = registry_->deadlines;
  while (!deadlines.empty() && deadlines.front().at <= now) {
    const Deadline due = deadlines.front();
    std::pop_heap(deadlines.begin(), deadlines.end(), std::greater<>());
    deadlines.pop_back();
    Record& record = records_[due.index];
    if (record.deadline != due.at) continue;
    record.deadline = Time::max();
    const auto timeout = timeout_of(record);
    if (!timeout || record.hold_times == nullptr) continue;
    const auto is_held = [&](Position place) { return holdings_->holds(due.index, place); };
    const auto oldest = record.hold_times->oldest(is_held);
    if (!oldest) continue;
    if (*oldest + *timeout <= now)
      return TimedOut{due.index, *timeout, record.hold_times->held(is_held)};
    note_deadline(due.index, *oldest + *timeout);
  }
  return std::nullopt;
}

}  // namespace tern::queue
