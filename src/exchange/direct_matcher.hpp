// DirectMatcher: a binding matches the message whose routing key equals its own.
#pragma once

#include "exchange/key_table.hpp"
#include "exchange/matcher.hpp"

namespace tern::exchange {

class DirectMatcher final : public Matcher {
 public:
  bool bind(const Binding& binding) override;
  bool unbind(const Binding& binding) override;
  void route(const RouteInput& input, TargetSet& targets) const override;
  [[nodiscard]] std::size_t size() const noexcept override { return bindings_.size(); }

 private:
  ListedBindings bindings_;
  KeyTable by_key_;
};

}  // namespace tern::exchange
