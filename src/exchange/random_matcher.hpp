// RandomMatcher: each message goes to the target of one binding, picked at random whatever the
// keys. The numbers come from a generator in the matcher that starts the same way each time, so a
// simulated broker repeats itself.
#pragma once

#include "exchange/bound_targets.hpp"
#include "exchange/matcher.hpp"

namespace tern::exchange {

class RandomMatcher final : public Matcher {
 public:
  explicit RandomMatcher(const FieldTable& /*arguments*/) {}

  bool bind(const Binding& binding) override { return bound_.add(binding); }
  bool unbind(const Binding& binding) override { return bound_.remove(binding); }
  void route(const RouteInput& input, TargetSet& targets) const override;
  [[nodiscard]] std::size_t size() const noexcept override { return bound_.size(); }
  [[nodiscard]] bool is_cacheable() const noexcept override { return false; }

 private:
  BoundTargets bound_;
  mutable std::uint64_t state_ = 0;
};

}  // namespace tern::exchange
