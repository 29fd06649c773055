// TopicMatcher: a binding's routing key is a pattern of words between dots, where `*` stands for
// one word and `#` for any number of them, none included. Patterns without a wildcard are exact
// keys and cost one lookup together, however many there are; the others are in a trie.
#pragma once

#include "exchange/key_table.hpp"
#include "exchange/matcher.hpp"
#include "exchange/topic_trie.hpp"

namespace tern::exchange {

class TopicMatcher final : public Matcher {
 public:
  bool bind(const Binding& binding) override;
  bool unbind(const Binding& binding) override;
  void route(const RouteInput& input, TargetSet& targets) const override;
  [[nodiscard]] std::size_t size() const noexcept override { return bindings_.size(); }

 private:
  ListedBindings bindings_;
  KeyTable exact_;
  TopicTrie patterns_;
};

}  // namespace tern::exchange
