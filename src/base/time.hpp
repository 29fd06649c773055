// Time as the broker sees it: 64-bit milliseconds, handed in with each command. Pure machines never
// read a clock.
#pragma once

#include <chrono>

namespace tern {

using Millis = std::chrono::milliseconds;

/// Milliseconds since the Unix epoch. Within one run it never goes backwards (Clock).
using Time = std::chrono::sys_time<Millis>;

/// Reads the time. The wall clock is read once at construction and then advanced by the monotonic
/// clock, so a step of the system clock neither expires nor revives a message.
class Clock {
 public:
  Clock()
      : wall_start_(std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now())),
        steady_start_(std::chrono::steady_clock::now()) {}

  [[nodiscard]] Time now() const {
    return wall_start_ +
           std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - steady_start_);
  }

 private:
  Time wall_start_;
  std::chrono::steady_clock::time_point steady_start_;
};

}  // namespace tern
