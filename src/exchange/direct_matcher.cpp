// Routing by equal keys (direct_matcher.hpp).
#include "exchange/direct_matcher.hpp"

namespace tern::exchange {

bool DirectMatcher::bind(const Binding& binding) {
  ListedBinding* const added = bindings_.insert(binding);
  if (added == nullptr) return false;
  by_key_.add(*added);
  return true;
}

bool DirectMatcher::unbind(const Binding& binding) {
  const ListedBinding* const found = bindings_.find(binding);
  if (found == nullptr) return false;
  by_key_.remove(*found);
  bindings_.erase(*found);
  return true;
}

void DirectMatcher::route(const RouteInput& input, TargetSet& targets) const {
  by_key_.collect(input.routing_key, targets);
}

}  // namespace tern::exchange
