// Why a run could not go on: what happened, where, and what the user can do. Thrown by whatever
// talks to the broker; a thread's main function and perf.cpp catch it.
#pragma once

#include <stdexcept>

namespace tern::perf {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace tern::perf
