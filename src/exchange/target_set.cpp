// The table behind a large target set (target_set.hpp).
#include "exchange/target_set.hpp"

#include <algorithm>

namespace tern::exchange {
namespace {

// Neighbouring ids stay together, sixteen at a time: queues made one after the other are often
// bound one after the other, and a large fan-out would miss the cache at every single one
// otherwise.
std::size_t home_of(Target target) noexcept {
  const auto bits = std::uint64_t{target.id} << 1 | static_cast<std::uint64_t>(target.kind);
  const std::uint64_t block = ((bits >> 5) * 0x9E3779B97F4A7C15ULL) >> 32;
  return static_cast<std::size_t>(block << 5 | (bits & 31));
}

}  // namespace

void TargetSet::clear() noexcept {
  items_.clear();
  if (!has_table_) return;
  has_table_ = false;
  // Slots of older generations count as free, so that a clear touches one number, not the table.
  if (++generation_ != 0) return;
  for (Slot& slot : table_) slot.generation = 0;
  generation_ = 1;
}

bool TargetSet::contains(Target target) const noexcept {
  if (has_table_) return table_[find_slot(target)].generation == generation_;
  return std::find(items_.begin(), items_.end(), target) != items_.end();
}

bool TargetSet::add_by_scan(Target target) {
  if (std::find(items_.begin(), items_.end(), target) != items_.end()) return false;
  items_.push_back(target);
  return true;
}

bool TargetSet::add_by_table(Target target) {
  if (!has_table_ || 2 * (items_.size() + 1) > table_.size()) fill_table();
  Slot& slot = table_[find_slot(target)];
  if (slot.generation == generation_) return false;
  slot = {target, generation_};
  items_.push_back(target);
  return true;
}

// The slot that holds the target, or the free one where it belongs.
std::size_t TargetSet::find_slot(Target target) const noexcept {
  const std::size_t mask = table_.size() - 1;
  std::size_t at = home_of(target) & mask;
  while (table_[at].generation == generation_ && table_[at].target != target) at = (at + 1) & mask;
  return at;
}

void TargetSet::fill_table() {
  if (2 * (items_.size() + 1) > table_.size())
    table_.assign(std::max<std::size_t>(8 * scan_count_max, table_.size() * 4), Slot{});
  has_table_ = true;
  for (const Target target : items_) table_[find_slot(target)] = {target, generation_};
}

}  // namespace tern::exchange
