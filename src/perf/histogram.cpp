#include "perf/histogram.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tern::perf {

void Histogram::merge(const Histogram& other) noexcept {
  for (std::size_t bucket = 0; bucket < bucket_count; ++bucket)
    counts_[bucket] += other.counts_[bucket];
  count_ += other.count_;
  sum_ += other.sum_;
  maximum_ = std::max(maximum_, other.maximum_);
}

double Histogram::mean() const noexcept {
  return count_ != 0 ? sum_ / static_cast<double>(count_) : 0;
}

Nanos Histogram::percentile(double percent) const noexcept {
  const auto wanted = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::ceil(percent / 100 * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
    seen += counts_[bucket];
    if (seen >= wanted) return std::min(end_of(bucket), maximum_);
  }
  return maximum_;
}

std::uint64_t Histogram::count_between(Nanos from, Nanos to) const noexcept {
  std::uint64_t sum = 0;
  for (std::size_t bucket = bucket_of(from); bucket < bucket_of(to); ++bucket)
    sum += counts_[bucket];
  return sum;
}

Nanos Histogram::end_of(std::size_t bucket) noexcept {
  if (bucket < (1U << step_bits)) return bucket;
  const unsigned shift = static_cast<unsigned>(bucket >> step_bits) - 1;
  const Nanos step = (bucket & ((1U << step_bits) - 1)) | (1U << step_bits);
  return (step << shift) + ((Nanos{1} << shift) - 1);
}

std::string draw(const Histogram& histogram) {
  constexpr unsigned octaves = 48;  // 2^48 ns are three days.
  constexpr std::size_t bar_width = 50;
  std::uint64_t counts[octaves] = {};
  unsigned first = octaves, last = 0;
  std::uint64_t largest = 1;
  for (unsigned octave = 0; octave < octaves; ++octave) {
    const Nanos from = octave == 0 ? 0 : Nanos{1} << octave;
    counts[octave] = histogram.count_between(from, Nanos{2} << octave);
    if (counts[octave] == 0) continue;
    first = std::min(first, octave);
    last = octave;
    largest = std::max(largest, counts[octave]);
  }
  std::string text;
  for (unsigned octave = first; octave <= last && octave < octaves; ++octave) {
    const auto width = counts[octave] * bar_width / largest;
    const double share =
        100 * static_cast<double>(counts[octave]) / static_cast<double>(histogram.count());
    text +=
        fmt::format("  {:>11.1f} .. {:>11.1f} us {:>8.3f} % {}\n",
                    static_cast<double>(Nanos{1} << octave) / 1e3,
                    static_cast<double>(Nanos{2} << octave) / 1e3, share, std::string(width, '#'));
  }
  return text;
}

}  // namespace tern::perf
