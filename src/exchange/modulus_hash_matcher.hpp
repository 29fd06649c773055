// ModulusHashMatcher: each message goes to the target of one binding, by the hash of its routing
// key modulo the number of bindings, whose own keys mean nothing. Equal keys share a target as long
// as the bindings stay; one more or less moves nearly all of them (ConsistentHashMatcher moves
// few).
#pragma once

#include "exchange/bound_targets.hpp"
#include "exchange/matcher.hpp"

namespace tern::exchange {

class ModulusHashMatcher final : public Matcher {
 public:
  explicit ModulusHashMatcher(const FieldTable& /*arguments*/) {}

  bool bind(const Binding& binding) override { return bound_.add(binding); }
  bool unbind(const Binding& binding) override { return bound_.remove(binding); }
  void route(const RouteInput& input, TargetSet& targets) const override;
  [[nodiscard]] std::size_t size() const noexcept override { return bound_.size(); }

 private:
  BoundTargets bound_;
};

}  // namespace tern::exchange
