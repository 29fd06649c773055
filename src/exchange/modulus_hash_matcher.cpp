// Routing by a hash modulo the number of bindings (modulus_hash_matcher.hpp).
#include "exchange/modulus_hash_matcher.hpp"

#include "exchange/stable_hash.hpp"

namespace tern::exchange {

void ModulusHashMatcher::route(const RouteInput& input, TargetSet& targets) const {
  if (bound_.size() == 0) return;
  targets.add(bound_.at(stable_hash(input.routing_key) % bound_.size()));
}

}  // namespace tern::exchange
