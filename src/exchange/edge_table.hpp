// EdgeTable: the edges of a trie, (node, word) -> child, in one flat table: following an edge is
// one probe of numbers, whatever the number of children. Part of TopicTrie, same thread.
#pragma once

#include <cstdint>
#include <vector>

namespace tern::exchange {

class EdgeTable {
 public:
  /// The child of `node` along `word`, or 0.
  [[nodiscard]] std::uint32_t find(std::uint32_t node, std::uint32_t word) const noexcept {
    if (count_ == 0) return 0;
    return slots_[find_slot(join(node, word))].child;
  }
  /// Adds an edge that is not there. `child` is not 0.
  void insert(std::uint32_t node, std::uint32_t word, std::uint32_t child);
  /// Removes an edge that is there.
  void erase(std::uint32_t node, std::uint32_t word);
  [[nodiscard]] std::size_t size() const noexcept { return count_; }

 private:
  struct Slot {
    std::uint64_t from = 0;
    std::uint32_t child = 0;  ///< 0: free
  };

  [[nodiscard]] static std::uint64_t join(std::uint32_t node, std::uint32_t word) noexcept {
    return std::uint64_t{node} << 32 | word;
  }
  [[nodiscard]] std::size_t home_of(std::uint64_t from) const noexcept {
    const std::uint64_t mixed = (from ^ from >> 29) * 0x9E3779B97F4A7C15ULL;
    return static_cast<std::size_t>(mixed ^ mixed >> 32) & (slots_.size() - 1);
  }
  [[nodiscard]] std::size_t find_slot(std::uint64_t from) const noexcept {
    std::size_t at = home_of(from);
    while (slots_[at].child != 0 && slots_[at].from != from) at = (at + 1) & (slots_.size() - 1);
    return at;
  }
  void grow();

  std::vector<Slot> slots_;  ///< linear probing, a power of two, at most half full
  std::size_t count_ = 0;
};

}  // namespace tern::exchange
