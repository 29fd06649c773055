// PositionSet: positions in clusters of 64: one bit each where they lie close together. For the
// holes in the middle of a lane, and for delayed messages. Used on its owner's thread.
#pragma once

#include <bit>
#include <cstdint>
#include <map>

#include "message/ids.hpp"

namespace tern::queue {

class PositionSet {
 public:
  void insert(Position position) { clusters_[position / 64] |= bit(position); }
  [[nodiscard]] bool contains(Position position) const noexcept {
    const auto found = clusters_.find(position / 64);
    return found != clusters_.end() && (found->second & bit(position)) != 0;
  }
  void erase(Position position) noexcept {
    const auto found = clusters_.find(position / 64);
    if (found == clusters_.end()) return;
    found->second &= ~bit(position);
    if (found->second == 0) clusters_.erase(found);
  }
  /// The lowest, 0 if there is none.
  [[nodiscard]] Position first() const noexcept {
    if (clusters_.empty()) return 0;
    const auto& [number, bits] = *clusters_.begin();
    return number * 64 + static_cast<Position>(std::countr_zero(bits));
  }
  /// Forgets positions below; such as share a cluster with others may stay.
  void forget_below(Position position) noexcept {
    clusters_.erase(clusters_.begin(), clusters_.lower_bound(position / 64));
  }
  void clear() noexcept { clusters_.clear(); }
  [[nodiscard]] bool empty() const noexcept { return clusters_.empty(); }

 private:
  [[nodiscard]] static std::uint64_t bit(Position position) noexcept {
    return std::uint64_t{1} << position % 64;
  }
  std::map<std::uint64_t, std::uint64_t> clusters_;
};

}  // namespace tern::queue
