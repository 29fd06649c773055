// Pacing: keeps a queue short whose consumers are fast, by holding its publishers for moments. A
// short queue stays in the processor's caches and needs no disk; a publisher that runs ahead of
// consumers which take all they are given gains nothing but latency. (RabbitMQ's credit flow slows
// publishers for the same reason.) Owned by a queue's machine.
//
//   idle --a publish leaves too much ready--> holding --little is left-----------> idle
//                                              ^   `--the consumers are slow--> resting --> idle
//                                              `-------after a while-------------'
//
// Consumers that take less than 512 KiB in 20 ms are slow: the queue is there to absorb what they
// cannot take. It rests from pacing until it is short again, or tries again after a rest, each time
// twice as long as the last, while what waits still fits into memory.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.hpp"

namespace tern::queue {

class Pacing {
 public:
  /// `window_bytes`: how much of the queue's tail is kept in memory.
  explicit Pacing(std::uint64_t window_bytes) noexcept
      : ready_bytes_max_(std::min(window_bytes / 4, std::uint64_t{2} << 20)),
        window_bytes_(window_bytes) {}

  /// A publish has left `ready_bytes` ready: whether its publisher is to be held.
  [[nodiscard]] bool holds(std::uint64_t ready_bytes, bool has_consumers, Time now) noexcept {
    if (ready_bytes <= ready_bytes_max_ || !has_consumers) [[likely]]
      return false;
    const bool is_rested = now >= step_end_ && ready_bytes <= window_bytes_;
    if (state_ == State::resting && !is_rested) return false;
    if (state_ != State::holding) begin_step(ready_bytes, now);
    return true;
  }
  /// At the end of a command: whether those who were held may go on.
  [[nodiscard]] bool releases(std::uint64_t ready_bytes, bool has_consumers, Time now) noexcept {
    if (state_ == State::idle) [[likely]]
      return true;
    if (ready_bytes <= ready_bytes_max_ / 2) {
      state_ = State::idle;
      rest_ = rest_min;
      return true;
    }
    if (state_ == State::resting) return true;
    if (has_consumers && now < step_end_) return false;
    if (has_consumers && ready_bytes + step_bytes_min <= step_ready_bytes_) {
      begin_step(ready_bytes, now);
      return false;
    }
    state_ = State::resting;
    step_end_ = now + rest_;
    rest_ = std::min(rest_ * 2, rest_max);
    return true;
  }
  /// When releases() must be asked again, whatever happens.
  [[nodiscard]] Time next_due() const noexcept {
    return state_ == State::holding ? step_end_ : Time::max();
  }

 private:
  enum class State : std::uint8_t { idle, holding, resting };
  static constexpr Millis step{20};
  static constexpr std::uint64_t step_bytes_min = 512ULL << 10;
  static constexpr Millis rest_min{100};
  static constexpr Millis rest_max{2'000};

  void begin_step(std::uint64_t ready_bytes, Time now) noexcept {
    state_ = State::holding;
    step_ready_bytes_ = ready_bytes;
    step_end_ = now + step;
  }

  std::uint64_t ready_bytes_max_;
  std::uint64_t window_bytes_;
  std::uint64_t step_ready_bytes_ = 0;
  Time step_end_{};  ///< of holding, or of the rest
  Millis rest_ = rest_min;
  State state_ = State::idle;
};

}  // namespace tern::queue
