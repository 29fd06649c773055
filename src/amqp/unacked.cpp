// Finding and taking of unacknowledged deliveries.
#include "amqp/unacked.hpp"

#include <algorithm>

namespace tern::amqp {
namespace {

// Index of the first entry with a tag of at least `tag`. Tags are mostly dense, so the distance
// from the front is tried before the search.
std::size_t lower_bound(const Ring<Unacked>& entries, std::uint64_t tag) noexcept {
  if (entries.empty() || tag <= entries[0].tag) return 0;
  const std::uint64_t distance = tag - entries[0].tag;
  if (distance < entries.size() && entries[distance].tag == tag) return distance;
  std::size_t low = 0;
  std::size_t high = entries.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (entries[middle].tag < tag)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

}  // namespace

bool UnackedBook::take(std::uint64_t tag, std::vector<Unacked>& taken) {
  const std::size_t index = lower_bound(entries_, tag);
  if (index == entries_.size()) return false;
  Unacked& entry = entries_[index];
  if (entry.tag != tag || entry.settled) return false;
  taken.push_back(entry);
  entry.settled = true;
  ++gaps_;
  drop_front_gaps();
  if (gaps_ > 64 && gaps_ > entries_.size() / 2) sweep();
  return true;
}

bool UnackedBook::take_through(std::uint64_t tag, std::vector<Unacked>& taken) {
  if (tag != 0) {
    const std::size_t index = lower_bound(entries_, tag);
    if (index == entries_.size() || entries_[index].tag != tag || entries_[index].settled)
      return false;
  }
  while (!entries_.empty() && (tag == 0 || entries_.front().tag <= tag)) {
    if (entries_.front().settled)
      --gaps_;
    else
      taken.push_back(entries_.front());
    entries_.pop_front();
  }
  drop_front_gaps();
  return true;
}

void UnackedBook::put_back(const std::vector<Unacked>& returned) {
  std::vector<Unacked> all(returned);
  static_cast<void>(take_through(0, all));
  std::sort(all.begin(), all.end(),
            [](const Unacked& left, const Unacked& right) { return left.tag < right.tag; });
  for (const Unacked& entry : all) entries_.push_back(entry);
}

void UnackedBook::drop_front_gaps() noexcept {
  while (!entries_.empty() && entries_.front().settled) {
    entries_.pop_front();
    --gaps_;
  }
}

void UnackedBook::sweep() {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i)
    if (!entries_[i].settled) entries_[kept++] = entries_[i];
  entries_.truncate(kept);
  gaps_ = 0;
}

}  // namespace tern::amqp
