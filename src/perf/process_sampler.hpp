// What processes cost, read from /proc: CPU time, memory, bytes written to disk. Main thread.
#pragma once

#include <vector>

#include "perf/clock.hpp"

namespace tern::perf {

/// Seconds since the start of the process or machine.
struct CpuTime {
  double user = 0;
  double kernel = 0;

  [[nodiscard]] double all() const noexcept { return user + kernel; }
  friend CpuTime operator-(CpuTime left, CpuTime right) noexcept {
    return {left.user - right.user, left.kernel - right.kernel};
  }
};

/// Of all these processes together. Throws Failure if one is not there.
[[nodiscard]] CpuTime cpu_of(const std::vector<int>& pids);
[[nodiscard]] double resident_bytes(const std::vector<int>& pids);
/// 0 where the system does not let us look.
[[nodiscard]] double written_bytes(const std::vector<int>& pids);

[[nodiscard]] CpuTime own_cpu();
/// Everything that any processor has done.
[[nodiscard]] CpuTime machine_cpu();

}  // namespace tern::perf
