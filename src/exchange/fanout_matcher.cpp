// Routing to all (fanout_matcher.hpp).
#include "exchange/fanout_matcher.hpp"

namespace tern::exchange {

bool FanoutMatcher::bind(const Binding& binding) {
  ListedBinding* const added = bindings_.insert(binding);
  if (added == nullptr) return false;
  list_.add(*added);
  return true;
}

bool FanoutMatcher::unbind(const Binding& binding) {
  const ListedBinding* const found = bindings_.find(binding);
  if (found == nullptr) return false;
  list_.remove(*found);
  bindings_.erase(*found);
  return true;
}

void FanoutMatcher::route(const RouteInput& /*input*/, TargetSet& targets) const {
  list_.collect(targets);
}

}  // namespace tern::exchange
