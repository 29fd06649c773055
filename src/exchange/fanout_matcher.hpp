// FanoutMatcher: every binding matches every message.
#pragma once

#include "exchange/binding_index.hpp"
#include "exchange/matcher.hpp"

namespace tern::exchange {

class FanoutMatcher final : public Matcher {
 public:
  bool bind(const Binding& binding) override;
  bool unbind(const Binding& binding) override;
  void route(const RouteInput& input, TargetSet& targets) const override;
  [[nodiscard]] std::size_t size() const noexcept override { return bindings_.size(); }

 private:
  ListedBindings bindings_;
  TargetList list_;
};

}  // namespace tern::exchange
