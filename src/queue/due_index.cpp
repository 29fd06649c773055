#include "queue/due_index.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/ensure.hpp"

namespace tern::queue {

DueIndex::DueIndex(QueueId stream, Sink& sink, KeepingOf keeping, std::size_t most)
    : sink_(sink),
      keeping_(std::move(keeping)),
      most_(most),
      next_limit_(most / 2),
      later_limit_(most / 2),
      stream_(stream) {
  ensure(most >= 8, "a due index needs some memory");
}

void DueIndex::restore(bool has_due) {
  ensure(is_empty() && later_.empty(), "restored a due index in use");
  has_more_ = had_stored_ = has_due;
  complete_to_ = {};
}

void DueIndex::add(const DuePoint& point, bool is_stored) {
  had_stored_ = had_stored_ || is_stored;
  if (is_beyond(point)) {
    later_.push_back(point);
    if (later_.size() >= later_limit_) tidy_later();
    return;
  }
  push(point);
  if (next_.size() >= next_limit_) tidy_next();
}

void DueIndex::push(const DuePoint& point) {
  next_.push_back(point);
  std::push_heap(next_.begin(), next_.end(), std::greater<>());
}

std::optional<Time> DueIndex::next() const noexcept {
  if (next_.empty()) return std::nullopt;
  return next_.front().due;
}

std::optional<DuePoint> DueIndex::pop_due(Time now) {
  if (next_.empty() || next_.front().due > now) return std::nullopt;
  const DuePoint point = next_.front();
  while (!next_.empty() && next_.front() == point) {
    std::pop_heap(next_.begin(), next_.end(), std::greater<>());
    next_.pop_back();
  }
  if (fired_count_++ == 0) fired_first_ = point;
  if (!fired_ || point > *fired_) fired_ = point;
  return point;
}

void DueIndex::list(const DuePoint& after, std::vector<DuePoint>& to) const {
  const auto is_after = [&after](const DuePoint& point) { return point > after; };
  std::copy_if(next_.begin(), next_.end(), std::back_inserter(to), is_after);
  std::copy_if(later_.begin(), later_.end(), std::back_inserter(to), is_after);
}

void DueIndex::read_on() {
  if (reading_ || !has_more_ || next_.size() >= most_ / 8) return;
  reading_ = true;
  forgotten_.reset();
  sink_.read_due(stream_, complete_to_, static_cast<std::uint32_t>(most_ / 4));
}

// The answer holds all that was committed when it was asked for. What was added since is in memory
// unless it was forgotten since: so memory is complete up to the last one read, or up to the first
// one forgotten.
void DueIndex::loaded(std::span<const DuePoint> entries, bool is_last) {
  ensure(reading_, "loaded due times that were not asked for");
  reading_ = false;
  std::optional<DuePoint> complete_to;
  if (!is_last && !entries.empty()) complete_to = entries.back();
  if (forgotten_) {
    const DuePoint below{forgotten_->due, forgotten_->position - 1};
    complete_to = complete_to ? std::min(*complete_to, below) : below;
  }
  for (const DuePoint& entry : entries) {
    if (!is_beyond(entry)) continue;
    if (!complete_to || entry <= *complete_to) push(entry);
  }
  advance_complete(complete_to);
  if (next_.size() >= next_limit_) tidy_next();
}

// Memory has everything up to `to` now (or simply everything): `later_` keeps what is beyond that.
void DueIndex::advance_complete(const std::optional<DuePoint>& to) {
  ensure(!to || *to >= complete_to_, "due times read and not kept");
  has_more_ = to.has_value();
  if (to) complete_to_ = *to;
  std::erase_if(later_, [this](const DuePoint& point) {
    if (is_beyond(point)) return false;
    push(point);
    return true;
  });
  if (later_.empty()) later_.shrink_to_fit();
  later_limit_ = std::max(most_ / 2, 2 * later_.size());
}

// An entry leaves memory for the store alone.
void DueIndex::forget_beyond(const DuePoint& point) {
  ensure(point.position != 0, "due time without a message");
  if (reading_ && (!forgotten_ || point < *forgotten_)) forgotten_ = point;
  if (is_beyond(point)) return;
  has_more_ = true;
  complete_to_ = {point.due, point.position - 1};
}

// Keeps the earlier half, and of the later half what the store does not have. Costs a step for each
// entry added since the last time.
void DueIndex::tidy_next() {
  std::erase_if(next_, [this](const DuePoint& p) { return keeping_(p.position) == Keeping::gone; });
  const std::size_t keep = most_ / 4;
  if (next_.size() > keep) {
    const auto middle = next_.begin() + static_cast<std::ptrdiff_t>(keep);
    std::nth_element(next_.begin(), middle, next_.end());
    next_.erase(std::remove_if(middle, next_.end(),
                               [this](const DuePoint& point) {
                                 if (keeping_(point.position) != Keeping::stored) return false;
                                 forget_beyond(point);
                                 return true;
                               }),
                next_.end());
    // Those kept though they lie beyond the first one forgotten wait with the others there.
    const auto beyond = std::partition(next_.begin(), next_.end(),
                                       [this](const DuePoint& p) { return !is_beyond(p); });
    later_.insert(later_.end(), beyond, next_.end());
    next_.erase(beyond, next_.end());
  }
  std::make_heap(next_.begin(), next_.end(), std::greater<>());
  next_limit_ = std::max(most_ / 2, next_.size() + next_.size() / 2);
  if (later_.size() >= later_limit_) tidy_later();
}

void DueIndex::tidy_later() {
  std::erase_if(later_, [this](const DuePoint& point) {
    const Keeping keeping = keeping_(point.position);
    if (keeping == Keeping::stored) forget_beyond(point);
    return keeping != Keeping::memory;
  });
  later_limit_ = std::max(most_ / 2, 2 * later_.size());
}

void DueIndex::trim(const std::optional<DuePoint>& unfinished) {
  if (fired_count_ == 0) return;
  const bool much = fired_count_ >= trim_entries;
  const bool long_ago = fired_->due - fired_first_.due >= trim_time;
  if (!had_stored_ || (!much && !long_ago)) return;
  // An entry may have come after later ones had fired.
  DuePoint last = *fired_;
  const auto stay_below = [&last](const DuePoint& point) {
    if (point <= last) last = {point.due, point.position - 1};
  };
  if (unfinished) stay_below(*unfinished);
  if (!next_.empty()) stay_below(next_.front());
  if (has_more_ && complete_to_ < last) last = complete_to_;
  if (last < fired_first_) return;
  fired_count_ = 0;
  sink_.trim_due(stream_, last);
}

}  // namespace tern::queue
