#include "queue/hold_times.hpp"

#include <algorithm>

namespace tern::queue {

namespace {
/// Fewer entries than this are not worth tidying.
constexpr std::size_t few_deliveries = 64;
}  // namespace

void HoldTimes::delivered(Position place, Time now, std::uint32_t unacked, const IsHeld& is_held) {
  deliveries_.push_back({now, place});
  if (deliveries_.size() > few_deliveries + 2 * std::size_t{unacked}) tidy(is_held);
}

void HoldTimes::returned(Position place) {
  if (!deliveries_.empty()) ++returned_[place];
}

// Entries of one place are met in order of delivery, so those that came back are met first.
bool HoldTimes::is_over(const Delivered& delivery, const IsHeld& is_held) {
  if (!returned_.empty()) {
    const auto found = returned_.find(delivery.place);
    if (found != returned_.end()) {
      if (--found->second == 0) returned_.erase(found);
      return true;
    }
  }
  return !is_held(delivery.place);
}

void HoldTimes::tidy(const IsHeld& is_held) {
  std::erase_if(deliveries_, [&](const Delivered& delivery) { return is_over(delivery, is_held); });
  returned_.clear();
}

std::optional<Time> HoldTimes::oldest(const IsHeld& is_held) {
  while (!deliveries_.empty() && is_over(deliveries_.front(), is_held)) deliveries_.pop_front();
  if (deliveries_.empty()) return std::nullopt;
  return deliveries_.front().at;
}

std::vector<Position> HoldTimes::held(const IsHeld& is_held) {
  tidy(is_held);
  std::vector<Position> places;
  places.reserve(deliveries_.size());
  for (const Delivered& delivery : deliveries_) places.push_back(delivery.place);
  return places;
}

}  // namespace tern::queue
