// Routing by pattern: exact keys here, wildcards in the trie (topic_matcher.hpp).
#include "exchange/topic_matcher.hpp"

namespace tern::exchange {

bool TopicMatcher::bind(const Binding& binding) {
  ListedBinding* const added = bindings_.insert(binding);
  if (added == nullptr) return false;
  if (TopicTrie::has_wildcard(binding.routing_key)) {
    patterns_.add(*added);
  } else {
    exact_.add(*added);
  }
  return true;
}

bool TopicMatcher::unbind(const Binding& binding) {
  const ListedBinding* const found = bindings_.find(binding);
  if (found == nullptr) return false;
  if (TopicTrie::has_wildcard(binding.routing_key)) {
    patterns_.remove(*found);
  } else {
    exact_.remove(*found);
  }
  bindings_.erase(*found);
  return true;
}

void TopicMatcher::route(const RouteInput& input, TargetSet& targets) const {
  exact_.collect(input.routing_key, targets);
  patterns_.collect(input.routing_key, targets);
}

}  // namespace tern::exchange
