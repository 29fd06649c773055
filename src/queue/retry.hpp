// Retry: how long a returned message waits before it is ready again. Pure; any thread.
#pragma once

#include "queue/queue.hpp"

namespace tern::queue {

/// Whether a message that came back this way has to wait.
[[nodiscard]] bool is_retried_later(const Retry& retry, Settlement settlement) noexcept;

/// How long, the `count`-th time (from 1). `random` is any number; the jitter hangs on it alone.
[[nodiscard]] Millis retry_delay(const Retry& retry, std::uint32_t count,
                                 std::uint64_t random) noexcept;

/// A number for retry_delay that hangs on nothing but its arguments, well mixed.
[[nodiscard]] std::uint64_t retry_random(std::uint64_t seed, Position place,
                                         std::uint32_t count) noexcept;

}  // namespace tern::queue
