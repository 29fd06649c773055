// Changing the table: linear probing without tombstones (edge_table.hpp).
#include "exchange/edge_table.hpp"

#include <algorithm>
#include <utility>

#include "base/ensure.hpp"

namespace tern::exchange {

void EdgeTable::insert(std::uint32_t node, std::uint32_t word, std::uint32_t child) {
  ensure(child != 0, "edge to the root");
  if (2 * (count_ + 1) > slots_.size()) grow();
  Slot& slot = slots_[find_slot(join(node, word))];
  ensure(slot.child == 0, "edge is there already");
  slot = {join(node, word), child};
  ++count_;
}

void EdgeTable::erase(std::uint32_t node, std::uint32_t word) {
  ensure(count_ > 0, "edge of an empty table");
  const std::size_t mask = slots_.size() - 1;
  std::size_t hole = find_slot(join(node, word));
  ensure(slots_[hole].child != 0, "edge is not there");
  // What follows in the same run of taken slots moves up if the hole would cut it off from its
  // home. No tombstones: a table with much coming and going would fill up with them.
  for (std::size_t at = (hole + 1) & mask; slots_[at].child != 0; at = (at + 1) & mask) {
    const std::size_t home = home_of(slots_[at].from);
    if (((at - home) & mask) < ((at - hole) & mask)) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = {};
  if (--count_ == 0) std::vector<Slot>().swap(slots_);
}

void EdgeTable::grow() {
  const auto old =
      std::exchange(slots_, std::vector<Slot>(std::max<std::size_t>(16, slots_.size() * 2)));
  for (const Slot& slot : old)
    if (slot.child != 0) slots_[find_slot(slot.from)] = slot;
}

}  // namespace tern::exchange
