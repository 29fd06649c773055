// The messages of one channel that the broker has not confirmed yet, with the time each was sent.
// Owned by a producer. Understands confirms in any order, single or multiple.
#pragma once

#include <cstdint>
#include <vector>

#include "perf/clock.hpp"

namespace tern::perf {

class ConfirmWindow {
 public:
  /// At most `size` messages outstanding; 0: the channel is not in confirm mode.
  explicit ConfirmWindow(std::uint64_t size) : size_(size) {
    // Single confirms leave holes behind which the window moves on, so there is room to spare.
    std::size_t slots = 1;
    while (size != 0 && slots < size * 4 + 64) slots <<= 1;
    sent_at_.resize(slots);
  }

  [[nodiscard]] bool is_used() const noexcept { return size_ != 0; }
  [[nodiscard]] bool has_room() const noexcept {
    return size_ == 0 || (outstanding_ < size_ && next_ - first_ < sent_at_.size());
  }
  [[nodiscard]] std::uint64_t outstanding() const noexcept { return outstanding_; }

  void published(Nanos sent_at) noexcept {
    slot(next_++) = sent_at;
    ++outstanding_;
  }

  /// Calls `settled(sent_at)` for every message that a confirm is about; returns how many there
  /// were. 0: the broker has confirmed what is not outstanding.
  template <class Settled>
  std::uint64_t settle(std::uint64_t tag, bool multiple, Settled&& settled) {
    if (multiple && tag == 0) tag = next_ - 1;
    if (tag < first_ || tag >= next_) return 0;
    std::uint64_t count = 0;
    for (std::uint64_t one = multiple ? first_ : tag; one <= tag; ++one) {
      if (slot(one) == is_settled) continue;
      settled(slot(one));
      slot(one) = is_settled;
      ++count;
    }
    outstanding_ -= count;
    while (first_ < next_ && slot(first_) == is_settled) ++first_;
    return count;
  }

 private:
  static constexpr Nanos is_settled = 0;

  Nanos& slot(std::uint64_t tag) noexcept { return sent_at_[tag & (sent_at_.size() - 1)]; }

  std::uint64_t size_;
  std::vector<Nanos> sent_at_;
  std::uint64_t first_ = 1;  ///< the oldest tag that is outstanding
  std::uint64_t next_ = 1;   ///< the tag of the next message
  std::uint64_t outstanding_ = 0;
};

}  // namespace tern::perf
