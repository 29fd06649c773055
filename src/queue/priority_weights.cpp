#include "queue/priority_weights.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace tern::queue {

PriorityWeights::PriorityWeights(const std::vector<std::uint32_t>& weights, std::size_t levels)
    : shares_(levels) {
  for (std::size_t level = 0; level != std::min(levels, weights.size()); ++level)
    shares_[level].weight = std::max<std::int64_t>(weights[level], 1);
}

// Each level there gets its weight as credit before every choice; the richest is chosen and pays
// for all. Among equals the highest goes first.
std::uint8_t PriorityWeights::next(const LevelSet& levels) const noexcept {
  ensure(levels.highest() >= 0, "a choice of nothing");
  int chosen = -1;
  std::int64_t most = 0;
  LevelSet left = levels;
  for (int level = left.highest(); level >= 0; level = left.highest()) {
    left.erase(static_cast<std::uint8_t>(level));
    const Share& share = shares_[static_cast<std::size_t>(level)];
    const std::int64_t credit = share.credit + share.weight;
    if (chosen >= 0 && credit <= most) continue;
    chosen = level;
    most = credit;
  }
  return static_cast<std::uint8_t>(chosen);
}

void PriorityWeights::served(std::uint8_t level, const LevelSet& levels) noexcept {
  ensure(level < shares_.size(), "served a level above the highest");
  LevelSet left = levels;
  for (int other = left.highest(); other >= 0; other = left.highest()) {
    left.erase(static_cast<std::uint8_t>(other));
    Share& share = shares_[static_cast<std::size_t>(other)];
    share.credit += share.weight;
    shares_[level].credit -= share.weight;
  }
}

}  // namespace tern::queue
