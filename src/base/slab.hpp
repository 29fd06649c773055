// Slab: a ref-counted chunk of memory that holds many messages. Bytes grow from its front, the
// small structures that describe them (message.hpp) from its back, so reading a socket costs one
// allocation per slab and none per message.
//
//   | header | bytes read ->            free            <- Message | Message |
//
// One thread (the shard that reads, or a store reader) fills a slab; any thread may drop the last
// reference. Nothing in a slab is ever moved, and what was handed out is never changed.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/ensure.hpp"

namespace tern {

class Slab {
 public:
  /// Capacity of a pooled slab. Larger ones are made to measure and not pooled.
  static constexpr std::size_t standard_bytes = 128 * 1024;

  /// A slab with one reference and at least `bytes` of room (front and back together).
  [[nodiscard]] static Slab* create(std::size_t bytes = standard_bytes);
  /// A slab with one reference and exactly `bytes` of room (rounded up to 8), for one message.
  [[nodiscard]] static Slab* create_exact(std::size_t bytes);

  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;

  void add_references(std::uint32_t count) noexcept {
    references_.fetch_add(count, std::memory_order_relaxed);
  }
  void drop_references(std::uint32_t count) noexcept {
    const auto before = references_.fetch_sub(count, std::memory_order_acq_rel);
    ensure(before >= count, "slab reference count below zero");
    if (before == count) recycle(this);
  }

  /// The free room between front and back.
  [[nodiscard]] char* free_begin() noexcept { return data() + front_; }
  [[nodiscard]] std::size_t free_bytes() const noexcept { return back_ - front_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

  /// Takes `bytes` from the front: what has been written there now belongs to the slab.
  void advance(std::size_t bytes) noexcept {
    ensure(bytes <= free_bytes(), "slab overrun");
    front_ += static_cast<std::uint32_t>(bytes);
  }
  /// Gives back the last `bytes` of the front; nothing may refer to them.
  void retreat(std::size_t bytes) noexcept {
    ensure(bytes <= front_, "slab underrun");
    front_ -= static_cast<std::uint32_t>(bytes);
  }
  /// Takes `bytes` (a multiple of 8) from the back, or nullptr if they do not fit.
  [[nodiscard]] void* take_back(std::size_t bytes) noexcept {
    if (bytes > free_bytes()) return nullptr;
    back_ -= static_cast<std::uint32_t>(bytes);
    return data() + back_;
  }

  /// Bytes of slab memory alive in the process (gauge; relaxed).
  [[nodiscard]] static std::uint64_t alive_bytes() noexcept;

 private:
  explicit Slab(std::uint32_t capacity) : capacity_(capacity), back_(capacity) {}
  ~Slab() = default;

  [[nodiscard]] char* data() noexcept { return reinterpret_cast<char*>(this) + sizeof(Slab); }
  static void recycle(Slab* slab) noexcept;

  std::atomic<std::uint32_t> references_{1};
  std::uint32_t capacity_;
  std::uint32_t front_ = 0;
  std::uint32_t back_;
};
static_assert(sizeof(Slab) % 8 == 0);

/// One thread's exclusive hold on a slab that it is filling. References handed out to messages are
/// counted locally and settled with one atomic operation when the lease ends.
class SlabLease {
 public:
  SlabLease() = default;
  explicit SlabLease(Slab* slab) : slab_(slab) { slab_->add_references(bias - 1); }
  ~SlabLease() { reset(); }
  SlabLease(SlabLease&& other) noexcept : slab_(other.slab_), handed_out_(other.handed_out_) {
    other.slab_ = nullptr;
    other.handed_out_ = 0;
  }
  SlabLease& operator=(SlabLease&& other) noexcept {
    if (this != &other) {
      reset();
      slab_ = other.slab_;
      handed_out_ = other.handed_out_;
      other.slab_ = nullptr;
      other.handed_out_ = 0;
    }
    return *this;
  }

  [[nodiscard]] Slab* get() const noexcept { return slab_; }
  Slab* operator->() const noexcept { return slab_; }
  explicit operator bool() const noexcept { return slab_ != nullptr; }

  /// Counts `count` references as handed out; the receivers drop them with drop_references.
  void hand_out(std::uint32_t count = 1) noexcept { handed_out_ += count; }

  void reset() noexcept {
    if (slab_ != nullptr) slab_->drop_references(bias - handed_out_);
    slab_ = nullptr;
    handed_out_ = 0;
  }

 private:
  // Far above the number of messages that fit into a slab, far below the counter's range.
  static constexpr std::uint32_t bias = 1U << 30;

  Slab* slab_ = nullptr;
  std::uint32_t handed_out_ = 0;
};

}  // namespace tern
