#include "queue/retry.hpp"

#include <algorithm>
#include <limits>

namespace tern::queue {
namespace {

/// Beyond this no delay grows: about 300 years, far from any overflow of a Time.
constexpr std::uint64_t delay_ms_max = 10'000'000'000'000;

std::uint64_t capped_product(std::uint64_t one, std::uint64_t other) noexcept {
  if (one == 0 || other == 0) return 0;
  return one > delay_ms_max / other ? delay_ms_max : one * other;
}

}  // namespace

bool is_retried_later(const Retry& retry, Settlement settlement) noexcept {
  switch (retry.type) {
    case Retry::Type::disabled:
      return false;
    case Retry::Type::all:
      return settlement == Settlement::requeued || settlement == Settlement::abandoned;
    case Retry::Type::failed:
      return settlement == Settlement::abandoned;
    case Retry::Type::returned:
      return settlement == Settlement::requeued;
  }
  return false;
}

Millis retry_delay(const Retry& retry, std::uint32_t count, std::uint64_t random) noexcept {
  const auto bound = [](Millis time) {
    return static_cast<std::uint64_t>(std::clamp<std::int64_t>(time.count(), 0, delay_ms_max));
  };
  std::uint64_t delay = bound(retry.min);
  if (retry.multiplier == 0) {
    delay = capped_product(delay, count);
  } else if (retry.multiplier > 1) {
    for (std::uint32_t step = 1; step < count && delay != 0 && delay < delay_ms_max; ++step)
      delay = capped_product(delay, retry.multiplier);
  }
  if (retry.max.count() > 0) delay = std::min(delay, bound(retry.max));
  const std::uint64_t spread =
      delay / 100 * retry.jitter_percent + delay % 100 * retry.jitter_percent / 100;
  if (spread != 0) delay = delay - spread + random % (2 * spread + 1);
  if (retry.max.count() > 0) delay = std::min(delay, bound(retry.max));
  return Millis{static_cast<std::int64_t>(delay)};
}

// The finalizer of splitmix64 over the sum of differently spread parts.
std::uint64_t retry_random(std::uint64_t seed, Position place, std::uint32_t count) noexcept {
  std::uint64_t value =
      seed + place * 0x9E3779B97F4A7C15ULL + std::uint64_t{count} * 0xD1B54A32D192ED03ULL;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31);
}

}  // namespace tern::queue
