// Moments of a virtual clock, for tests.
#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace tern::queue::test {

inline Time at(std::int64_t ms) {
  return Time{Millis{ms}};
}

}  // namespace tern::queue::test
