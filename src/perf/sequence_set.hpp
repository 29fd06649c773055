// Which sequence numbers of a stream have arrived: one bit each, so loss and duplication are
// counted exactly. Several consumers of one queue share a set; pieces are allocated as the stream
// grows.
//
//   piece:      0          1          2         ...   piece k holds 4096 * 2^k numbers
//   numbers: [0,4096) [4096,12288) [12288,28672)
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>

#include "base/ensure.hpp"

namespace tern::perf {

class SequenceSet {
 public:
  /// Numbers from here on are nothing that this tool has sent.
  static constexpr std::uint64_t limit = std::uint64_t{1} << 40;

  SequenceSet() = default;
  ~SequenceSet() {
    for (auto& piece : pieces_) std::free(piece.load(std::memory_order_relaxed));
  }
  SequenceSet(const SequenceSet&) = delete;
  SequenceSet& operator=(const SequenceSet&) = delete;

  /// Enters a number below `limit`; true if it was not there. `is_shared`: other threads do the
  /// same at the same time.
  bool insert(std::uint64_t number, bool is_shared) noexcept {
    ensure(number < limit, "a sequence number out of range");
    const std::uint64_t place = number + first_numbers;
    const unsigned top = 63U - static_cast<unsigned>(__builtin_clzll(place));
    const std::uint64_t offset = place - (std::uint64_t{1} << top);
    Word* piece = pieces_[top - first_bits].load(std::memory_order_acquire);
    if (piece == nullptr) [[unlikely]]
      piece = allocate(top - first_bits);
    Word& word = piece[offset / 64];
    const std::uint64_t bit = std::uint64_t{1} << (offset % 64);
    std::uint64_t before;
    if (is_shared) {
      before = word.fetch_or(bit, std::memory_order_relaxed);
    } else {
      before = word.load(std::memory_order_relaxed);
      word.store(before | bit, std::memory_order_relaxed);
    }
    return (before & bit) == 0;
  }

 private:
  using Word = std::atomic<std::uint64_t>;
  static constexpr unsigned first_bits = 12;
  static constexpr std::uint64_t first_numbers = std::uint64_t{1} << first_bits;

  // Untouched pages of a big zeroed piece cost no memory.
  Word* allocate(unsigned index) noexcept {
    auto* fresh = static_cast<Word*>(std::calloc((first_numbers << index) / 64, sizeof(Word)));
    ensure(fresh != nullptr, "out of memory");
    Word* present = nullptr;
    if (pieces_[index].compare_exchange_strong(present, fresh)) return fresh;
    std::free(fresh);
    return present;
  }

  std::array<std::atomic<Word*>, 29> pieces_{};
};

}  // namespace tern::perf
