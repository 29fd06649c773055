// Latencies counted in buckets whose width grows with the value: 64 equal steps per power of two,
// so a percentile is at most 1.6 % too high whatever its size (the idea of HDR histograms). Owned
// by one thread; merged when the threads have ended.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "perf/clock.hpp"

namespace tern::perf {

class Histogram {
 public:
  void add(Nanos value) noexcept {
    ++counts_[bucket_of(value)];
    ++count_;
    sum_ += static_cast<double>(value);
    if (value > maximum_) maximum_ = value;
  }
  void merge(const Histogram& other) noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] Nanos maximum() const noexcept { return maximum_; }
  [[nodiscard]] double mean() const noexcept;
  /// The least value such that `percent` of all are not above it, rounded up to its bucket's end.
  [[nodiscard]] Nanos percentile(double percent) const noexcept;
  /// How many values lie in [from, to), both powers of two.
  [[nodiscard]] std::uint64_t count_between(Nanos from, Nanos to) const noexcept;

 private:
  static constexpr unsigned step_bits = 6;
  static constexpr std::size_t bucket_count = (64 - step_bits + 1) << step_bits;

  static std::size_t bucket_of(Nanos value) noexcept {
    if (value < (1U << step_bits)) return value;
    const unsigned octave = 63U - static_cast<unsigned>(__builtin_clzll(value));
    const std::size_t step = value >> (octave - step_bits) & ((1U << step_bits) - 1);
    return (static_cast<std::size_t>(octave - step_bits + 1) << step_bits) + step;
  }
  /// The largest value of a bucket.
  static Nanos end_of(std::size_t bucket) noexcept;

  std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>(bucket_count);
  std::uint64_t count_ = 0;
  Nanos maximum_ = 0;
  double sum_ = 0;
};

/// One line per power of two with a bar, for a terminal; values in microseconds.
[[nodiscard]] std::string draw(const Histogram& histogram);

}  // namespace tern::perf
