// Levels: the lanes of a queue with priorities, one a level, made when they are first needed. Each
// has an even share of the queue's windows, so that they keep them together. Owned by the queue's
// machine, used on its shard's thread.
#pragma once

#include <memory>
#include <vector>

#include "queue/lane.hpp"
#include "queue/level_set.hpp"
#include "queue/priority_weights.hpp"

namespace tern::queue {

class Levels {
 public:
  /// `zero`: the lane of level 0.
  Levels(Context& context, Lane& zero);

  /// The lane of a level up to the highest; it counts as touched.
  Lane& at(std::uint8_t level);
  /// The lane of a level, null if it has none yet; it counts as touched.
  [[nodiscard]] Lane* find(std::uint8_t level) noexcept;
  /// The lane of a stream of the queue; it counts as touched.
  Lane& of_stream(QueueId stream);
  /// The level of a message with this priority.
  [[nodiscard]] std::uint8_t level_for(std::uint8_t priority) const noexcept {
    return priority < lanes_.size() ? priority : static_cast<std::uint8_t>(lanes_.size() - 1);
  }

  /// From now on each level has its share of the deliveries; empty: strictly highest first.
  void set_weights(const std::vector<std::uint32_t>& weights);
  /// The lane whose turn it is of those with ready messages; null if there is none.
  [[nodiscard]] Lane* next() noexcept { return weights_ == nullptr ? highest() : chosen(); }
  /// A message of the level that was next() was delivered.
  void served(std::uint8_t level) noexcept {
    if (weights_ != nullptr) weights_->served(level, choice_);
  }
  /// The lowest lane with ready messages, null if there is none.
  [[nodiscard]] Lane* lowest() noexcept;
  /// Messages of a lane may have become ready.
  void note_ready(std::uint8_t level) noexcept { ready_.insert(level); }

  void touch_all() noexcept { touched_ = made_; }
  void touch_none() noexcept { touched_.clear(); }
  /// Calls `visit` for every lane.
  template <typename Visit>
  void each(Visit&& visit) {
    each_of(made_, visit);
  }
  /// Calls `visit` for those that were touched.
  template <typename Visit>
  void each_touched(Visit&& visit) {
    each_of(touched_, visit);
  }

  /// What one lane of a queue may keep in memory.
  [[nodiscard]] static Lane::Config share_of(const Settings& settings, std::uint8_t level);

 private:
  [[nodiscard]] Lane* highest() noexcept;
  [[nodiscard]] Lane* chosen() noexcept;
  template <typename Visit>
  void each_of(LevelSet levels, Visit&& visit) {
    for (int level = levels.highest(); level >= 0; level = levels.highest()) {
      levels.erase(static_cast<std::uint8_t>(level));
      visit(*lanes_[static_cast<std::size_t>(level)]);
    }
  }

  Context& context_;
  std::vector<Lane*> lanes_;  ///< by level; null until made
  std::vector<std::unique_ptr<Lane>> owned_;
  LevelSet made_;
  LevelSet ready_;                            ///< all that have ready messages, and some more
  LevelSet touched_;                          ///< by the command being carried out
  std::unique_ptr<PriorityWeights> weights_;  ///< if the levels have shares
  LevelSet choice_;                           ///< the levels of which the last one was chosen
};

}  // namespace tern::queue
