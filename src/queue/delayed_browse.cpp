// The half of DelayedSet for operators: it shows what waits, in order of due time. The store's
// index has what is stored, memory has the rest; messages are read one by one.

#include <algorithm>
#include <utility>

#include "queue/delayed_set.hpp"
#include "queue/place.hpp"

namespace tern::queue {

namespace {
/// Entries of the index read at a time.
constexpr std::uint32_t entries_at_a_time = 1000;
}  // namespace

bool DelayedSet::look(Position& from, BrowsePage& page) {
  if (!listing_) {
    // Where another page ended nobody knows: that one begins anew.
    const bool goes_on = from != 0 && place_in_delayed(listed_to_.position) == from;
    listing_ = Listing{.entries = {}, .after = goes_on ? listed_to_ : DuePoint{}};
  }
  for (;;) {
    if (!fetch_entries()) return false;
    for (; listing_->at != listing_->entries.size(); ++listing_->at) {
      if (page.is_full()) {
        from = place_in_delayed(listed_to_.position);
        listing_.reset();
        return true;
      }
      const DuePoint point = listing_->entries[listing_->at];
      if (!is_waiting(point.position)) continue;
      Found found;
      found.position = place_in_delayed(point.position);
      found.state = MessageState::delayed;
      found.due = point.due;
      if (!fetch_message(point.position, found.message)) return false;
      if (found.message) page.add(std::move(found));
      listed_to_ = point;
    }
    if (listing_->is_last) {
      from = 0;
      listing_.reset();
      return true;
    }
    listing_->is_read = false;
  }
}

bool DelayedSet::fetch_entries() {
  if (listing_->is_read) return true;
  if (listing_->is_asked || due_.is_reading()) return false;
  if (!had_stored_) {
    list({}, true);
    return true;
  }
  listing_->is_asked = true;
  sink_.read_due(stream_, listing_->after, entries_at_a_time);
  return false;
}

void DelayedSet::list(std::span<const DuePoint> entries, bool is_last) {
  std::vector<DuePoint>& all = listing_->entries;
  all.clear();
  due_.list(listing_->after, all);
  is_last = is_last || entries.empty();
  if (!is_last)
    std::erase_if(all, [&entries](const DuePoint& point) { return point > entries.back(); });
  all.insert(all.end(), entries.begin(), entries.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  listing_->at = 0;
  listing_->is_asked = false;
  listing_->is_read = true;
  listing_->is_last = is_last;
  if (!is_last) listing_->after = entries.back();
}

// False: it must be read first. Without message: it is not there.
bool DelayedSet::fetch_message(Position position, MessageRef& message) {
  if (const Slot* const slot = slots_.find(position); slot != nullptr) {
    message = slot->message;
    return true;
  }
  if (const auto found = read_.find(position); found != read_.end()) {
    message = found->second;
    return true;
  }
  if (looked_ && looked_->position == position) {
    message = std::move(looked_->message);
    looked_.reset();
    return true;
  }
  if (reading_) return false;
  looking_ = position;
  reading_ = Read{.from = position, .to = position + 1};
  sink_.read(stream_, position, position + 1, run_bytes_max);
  return false;
}

}  // namespace tern::queue
