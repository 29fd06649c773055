// TargetSet: the targets that one message is routed to, each once, in the order they were found.
// Owned by the shard that routes and reused for every message: once warm it allocates nothing.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "exchange/binding.hpp"

namespace tern::exchange {

class TargetSet {
 public:
  /// Adds a target. False: it was there already.
  bool add(Target target) {
    if (items_.size() < scan_count_max) return add_by_scan(target);
    return add_by_table(target);
  }
  /// Forgets all targets and keeps the memory. O(1).
  void clear() noexcept;

  [[nodiscard]] bool contains(Target target) const noexcept;
  /// The targets; valid until the next add() or clear().
  [[nodiscard]] std::span<const Target> items() const noexcept { return items_; }
  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }

 private:
  /// Up to here a scan of the list is quicker than a table.
  static constexpr std::size_t scan_count_max = 8;

  struct Slot {
    Target target;
    std::uint32_t generation = 0;  ///< taken if it equals generation_
  };

  bool add_by_scan(Target target);
  bool add_by_table(Target target);
  [[nodiscard]] std::size_t find_slot(Target target) const noexcept;
  void fill_table();

  std::vector<Target> items_;
  std::vector<Slot> table_;  ///< open addressing, a power of two, at most half full
  std::uint32_t generation_ = 1;
  bool has_table_ = false;  ///< the items are in the table, too
};

}  // namespace tern::exchange
