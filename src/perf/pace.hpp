// When an open-loop producer means to send its messages: evenly, whatever the broker does. Latency
// counts from the intended time, so a stall is charged to every message that it delays. Pure.
#pragma once

#include <algorithm>

#include "perf/clock.hpp"

namespace tern::perf {

class Pace {
 public:
  struct Share {
    double rate = 0;  ///< of all producers together, messages per second; 0: as fast as it goes
    unsigned producers = 1;
    unsigned index = 0;
  };

  Pace() = default;
  Pace(const Share& share, Nanos start) : start_(start) {
    if (share.rate <= 0) return;
    step_ = static_cast<double>(nanos_per_second) * share.producers / share.rate;
    phase_ = step_ * share.index / share.producers;
  }

  [[nodiscard]] bool is_open_loop() const noexcept { return step_ > 0; }
  /// When message number `number` (from 0) is meant to be sent.
  [[nodiscard]] Nanos intended(std::uint64_t number) const noexcept {
    return start_ + static_cast<Nanos>(phase_ + step_ * static_cast<double>(number));
  }
  /// How many messages should have been sent at `now`.
  [[nodiscard]] std::uint64_t due(Nanos now) const noexcept {
    if (!is_open_loop()) return UINT64_MAX;
    const double elapsed = (now > start_ ? static_cast<double>(now - start_) : 0) - phase_;
    return elapsed < 0 ? 0 : static_cast<std::uint64_t>(elapsed / step_) + 1;
  }

 private:
  Nanos start_ = 0;
  double step_ = 0;
  double phase_ = 0;
};

}  // namespace tern::perf
