// PriorityWeights: which priority level is served next if every level is to have its share. Smooth
// weighted round-robin among the levels that have messages: over as many deliveries as the weights
// of those levels add up to, each gets exactly its weight, spread evenly; so none is starved. Owned
// by a queue's machine, used on its shard's thread.
#pragma once

#include <cstdint>
#include <vector>

#include "queue/level_set.hpp"

namespace tern::queue {

class PriorityWeights {
 public:
  /// Weights of the levels, lowest first; 0, and levels without one, count as 1. Shares begin anew.
  PriorityWeights(const std::vector<std::uint32_t>& weights, std::size_t levels);

  /// The level to be served next of those in the set, which is not empty. The same until served().
  [[nodiscard]] std::uint8_t next(const LevelSet& levels) const noexcept;
  /// A message of `level` was delivered while those in the set had some.
  void served(std::uint8_t level, const LevelSet& levels) noexcept;

 private:
  struct Share {
    std::int64_t weight = 1;
    std::int64_t credit = 0;  ///< what it is owed; of all levels together it is 0
  };
  std::vector<Share> shares_;
};

}  // namespace tern::queue
