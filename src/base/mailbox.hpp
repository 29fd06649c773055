// Mailbox: batches handed from any thread to one receiving thread. The sender fills a local vector
// and pushes it whole; the receiver swaps the vector out whole. One lock per batch, none per item.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

namespace tern {

template <class T>
class Mailbox {
 public:
  /// `wake` runs on the sender's thread when the first item comes after a drain. It must not block
  /// and must not call the mailbox.
  explicit Mailbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  /// Takes every item of `batch` (left empty, with its memory) and counts `bytes` for the bound.
  void push(std::vector<T>& batch, std::uint64_t bytes) {
    if (batch.empty()) return;
    bool first = false;
    {
      const std::scoped_lock lock(mutex_);
      if (items_.empty()) {
        items_.swap(batch);
      } else {
        items_.insert(items_.end(), std::make_move_iterator(batch.begin()),
                      std::make_move_iterator(batch.end()));
      }
      bytes_.fetch_add(bytes, std::memory_order_relaxed);
      first = !std::exchange(signalled_, true);
    }
    batch.clear();
    if (first) wake_();
  }

  /// Receiver only: appends everything to `into`, which should be empty. False: nothing was there.
  bool drain(std::vector<T>& into) {
    const std::scoped_lock lock(mutex_);
    signalled_ = false;
    if (items_.empty()) return false;
    bytes_.store(0, std::memory_order_relaxed);
    if (into.empty()) {
      into.swap(items_);
    } else {
      into.insert(into.end(), std::make_move_iterator(items_.begin()),
                  std::make_move_iterator(items_.end()));
      items_.clear();
    }
    return true;
  }

  /// Whether something waits to be drained.
  [[nodiscard]] bool has_mail() {
    const std::scoped_lock lock(mutex_);
    return !items_.empty();
  }

  /// Bytes pushed and not drained (relaxed): senders hold their sources back above a bound.
  [[nodiscard]] std::uint64_t bytes() const noexcept {
    return bytes_.load(std::memory_order_relaxed);
  }

 private:
  std::function<void()> wake_;
  std::mutex mutex_;
  std::vector<T> items_;
  std::atomic<std::uint64_t> bytes_{0};
  bool signalled_ = false;
};

}  // namespace tern
