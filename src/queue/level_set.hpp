// LevelSet: priority levels as bits, so that the highest and the lowest of a set are found at once.
// A plain value.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace tern::queue {

class LevelSet {
 public:
  void insert(std::uint8_t level) noexcept { words_[level / 64] |= bit(level); }
  void erase(std::uint8_t level) noexcept { words_[level / 64] &= ~bit(level); }
  void clear() noexcept { words_ = {}; }
  [[nodiscard]] bool contains(std::uint8_t level) const noexcept {
    return (words_[level / 64] & bit(level)) != 0;
  }
  /// -1 if the set is empty.
  [[nodiscard]] int highest() const noexcept {
    for (int word = 3; word >= 0; --word) {
      const std::uint64_t bits = words_[static_cast<std::size_t>(word)];
      if (bits != 0) return word * 64 + 63 - std::countl_zero(bits);
    }
    return -1;
  }
  /// -1 if the set is empty.
  [[nodiscard]] int lowest() const noexcept {
    for (int word = 0; word != 4; ++word) {
      const std::uint64_t bits = words_[static_cast<std::size_t>(word)];
      if (bits != 0) return word * 64 + std::countr_zero(bits);
    }
    return -1;
  }

 private:
  [[nodiscard]] static constexpr std::uint64_t bit(std::uint8_t level) noexcept {
    return std::uint64_t{1} << level % 64;
  }
  std::array<std::uint64_t, 4> words_{};
};

}  // namespace tern::queue
