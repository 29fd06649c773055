// BoundTargets: the targets of all bindings of an exchange that picks one of them, in an order that
// does not depend on the order of binding: all shards and all restarts agree on number n. A target
// counts once for each of its bindings, as in RabbitMQ. Part of a matcher, same thread.
#pragma once

#include <algorithm>
#include <vector>

#include "base/ensure.hpp"
#include "exchange/binding_index.hpp"

namespace tern::exchange {

class BoundTargets {
 public:
  /// False: the binding was there.
  bool add(const Binding& binding) {
    if (bindings_.insert(binding) == nullptr) return false;
    sorted_.insert(std::upper_bound(sorted_.begin(), sorted_.end(), binding.target),
                   binding.target);
    return true;
  }
  /// False: the binding is not there.
  bool remove(const Binding& binding) {
    const auto* const found = bindings_.find(binding);
    if (found == nullptr) return false;
    const auto at = std::lower_bound(sorted_.begin(), sorted_.end(), binding.target);
    ensure(at != sorted_.end() && *at == binding.target, "target of a binding is not listed");
    sorted_.erase(at);
    bindings_.erase(*found);
    return true;
  }
  [[nodiscard]] std::size_t size() const noexcept { return sorted_.size(); }
  /// The target of that number, which is below size().
  [[nodiscard]] Target at(std::size_t number) const noexcept { return sorted_[number]; }

 private:
  ListedBindings bindings_;
  std::vector<Target> sorted_;
};

}  // namespace tern::exchange
