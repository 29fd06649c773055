// KeyTable: target lists by exact routing key. Part of the direct and the topic matcher.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/ensure.hpp"
#include "exchange/binding_index.hpp"

namespace tern::exchange {

/// Hashes owned and viewed strings alike, so that a lookup makes no string.
struct TextHash {
  using is_transparent = void;
  [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};
template <class Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

class KeyTable {
 public:
  void add(ListedBinding& binding) { lists_[binding.first.routing_key].add(binding); }
  void remove(const ListedBinding& binding) {
    const auto at = lists_.find(binding.first.routing_key);
    ensure(at != lists_.end(), "binding is under no key");
    at->second.remove(binding);
    if (at->second.empty()) lists_.erase(at);
  }
  void collect(std::string_view key, TargetSet& targets) const {
    if (lists_.empty()) return;
    if (const auto at = lists_.find(key); at != lists_.end()) at->second.collect(targets);
  }
  [[nodiscard]] std::size_t key_count() const noexcept { return lists_.size(); }

 private:
  TextMap<TargetList> lists_;
};

}  // namespace tern::exchange
