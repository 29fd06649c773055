// Ring: a queue in one growing block of memory. Once warm it allocates nothing; emptied, it gives
// a large block back. Single-threaded.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "base/ensure.hpp"

namespace tern::amqp {

/// `first_count`: values that it has room for at first, a power of two.
template <class T, std::size_t first_count = 16>
class Ring {
 public:
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] T& operator[](std::size_t index) noexcept { return slots_[slot(index)]; }
  [[nodiscard]] const T& operator[](std::size_t index) const noexcept {
    return slots_[slot(index)];
  }
  [[nodiscard]] T& front() noexcept { return (*this)[0]; }
  [[nodiscard]] T& back() noexcept { return (*this)[size_ - 1]; }
  [[nodiscard]] const T& back() const noexcept { return (*this)[size_ - 1]; }

  void push_back(T value) {
    if (size_ == slots_.size()) grow();
    slots_[slot(size_)] = std::move(value);
    ++size_;
  }
  void pop_front() noexcept {
    ensure(size_ > 0, "ring is empty");
    slots_[head_] = T{};
    head_ = slot(1);
    if (--size_ == 0) emptied();
  }
  /// Cuts the ring down to its first `size` values.
  void truncate(std::size_t size) noexcept {
    ensure(size <= size_, "ring is shorter");
    while (size_ > size) slots_[slot(--size_)] = T{};
    if (size_ == 0) emptied();
  }

 private:
  static constexpr std::size_t kept_count = 4096;

  [[nodiscard]] std::size_t slot(std::size_t index) const noexcept {
    return (head_ + index) & (slots_.size() - 1);
  }
  void emptied() noexcept {
    head_ = 0;
    if (slots_.size() > kept_count) std::vector<T>().swap(slots_);
  }
  void grow() {
    std::vector<T> larger(slots_.empty() ? first_count : slots_.size() * 2);
    for (std::size_t i = 0; i < size_; ++i) larger[i] = std::move(slots_[slot(i)]);
    slots_.swap(larger);
    head_ = 0;
  }

  std::vector<T> slots_;  // a power of two, or empty
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

}  // namespace tern::amqp
