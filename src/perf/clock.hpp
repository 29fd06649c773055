// The load tool's time: nanoseconds of the monotonic clock, in one 64-bit number, because it
// travels in message bodies. Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>

namespace tern::perf {

using Nanos = std::uint64_t;

inline constexpr Nanos nanos_per_second = 1'000'000'000;

[[nodiscard]] inline Nanos now_nanos() noexcept {
  return static_cast<Nanos>(
      std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count());
}
[[nodiscard]] inline Nanos to_nanos(double seconds) noexcept {
  return static_cast<Nanos>(seconds * static_cast<double>(nanos_per_second));
}
[[nodiscard]] inline double to_seconds(Nanos nanos) noexcept {
  return static_cast<double>(nanos) / static_cast<double>(nanos_per_second);
}
/// Seconds from `from` to `to`; 0 if `to` is not later.
[[nodiscard]] inline double seconds_between(Nanos from, Nanos to) noexcept {
  return to > from ? to_seconds(to - from) : 0;
}

}  // namespace tern::perf
