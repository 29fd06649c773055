// Routing at random (random_matcher.hpp).
#include "exchange/random_matcher.hpp"

#include "exchange/stable_hash.hpp"

namespace tern::exchange {

void RandomMatcher::route(const RouteInput& /*input*/, TargetSet& targets) const {
  if (bound_.size() == 0) return;
  state_ += 0x9E3779B97F4A7C15ULL;
  targets.add(bound_.at(mix_bits(state_) % bound_.size()));
}

}  // namespace tern::exchange
