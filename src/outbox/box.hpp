// Box: a result that comes on another thread, for somebody who waits in poll(). Put once, taken
// once.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <mutex>
#include <utility>

#include "base/ensure.hpp"

namespace tern::outbox {

template <class T>
class Box {
 public:
  Box() : descriptor_(::eventfd(0, EFD_CLOEXEC)) {
    ensure(descriptor_ >= 0, "a relay needs few descriptors");
  }
  Box(const Box&) = delete;
  Box& operator=(const Box&) = delete;
  ~Box() { ::close(descriptor_); }

  /// Any thread.
  void put(T value) {
    const std::lock_guard lock(mutex_);
    value_ = std::move(value);
    ::eventfd_write(descriptor_, 1);
  }
  /// Readable once the result is there.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] T take() {
    const std::lock_guard lock(mutex_);
    return std::move(value_);
  }

 private:
  std::mutex mutex_;
  int descriptor_;
  T value_{};
};

}  // namespace tern::outbox
