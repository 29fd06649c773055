// BindingIndex and TargetList: the two halves of every matcher. The index knows each binding by its
// identity; lists, one per place in a matcher's structure, hold the targets that routing collects.
// A binding remembers its slot in its list, so adding and removing are O(1) however long the list
// is (100,000 queues on one fan-out). Part of a matcher, same thread.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/ensure.hpp"
#include "exchange/binding.hpp"
#include "exchange/target_set.hpp"

namespace tern::exchange {

/// Each binding once, with what the matcher notes about it (`Note`). Entries never move in memory.
template <class Note>
class BindingIndex {
 public:
  using Map = std::unordered_map<Binding, Note, BindingHash>;
  using Node = typename Map::value_type;

  /// The new entry, or null if the binding was there.
  Node* insert(const Binding& binding) {
    const auto [at, is_new] = map_.try_emplace(binding);
    return is_new ? &*at : nullptr;
  }
  [[nodiscard]] Node* find(const Binding& binding) {
    const auto at = map_.find(binding);
    return at == map_.end() ? nullptr : &*at;
  }
  void erase(const Node& node) { map_.erase(map_.find(node.first)); }
  [[nodiscard]] std::size_t size() const noexcept { return map_.size(); }

 private:
  Map map_;
};

/// A slot in a TargetList.
using ListSlot = std::uint32_t;
/// The index of matchers whose bindings are each in exactly one list.
using ListedBindings = BindingIndex<ListSlot>;
using ListedBinding = ListedBindings::Node;

/// Bindings that match together, without order.
class TargetList {
 public:
  void add(ListedBinding& binding) {
    binding.second = static_cast<ListSlot>(items_.size());
    items_.push_back({binding.first.target, &binding});
  }
  void remove(const ListedBinding& binding) {
    ensure(binding.second < items_.size(), "binding is not in this list");
    Item& item = items_[binding.second];
    ensure(item.binding == &binding, "slot belongs to another binding");
    item = items_.back();
    item.binding->second = binding.second;
    items_.pop_back();
  }
  void collect(TargetSet& targets) const {
    for (const Item& item : items_) targets.add(item.target);
  }
  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }

 private:
  struct Item {
    Target target;  ///< repeated here, so that routing does not follow the pointer
    ListedBinding* binding;
  };
  std::vector<Item> items_;
};

}  // namespace tern::exchange
