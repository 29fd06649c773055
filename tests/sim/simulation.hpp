// One run of the simulation: a node, clients that do random things, a store that is slow in random
// ways, crashes; checked by a Model after every step.
#pragma once

#include <cstdint>
#include <string>

namespace tern::sim {

/// What all runs have done: zeros would mean that something is not simulated at all.
struct Totals {
  std::uint64_t published = 0;
  std::uint64_t delivered = 0;
  std::uint64_t crashes = 0;
  std::uint64_t transactions = 0;
  std::uint64_t paged = 0;  ///< runs in which transient messages were paged out
};

/// Runs from a seed; empty if all was well, else what was wrong.
[[nodiscard]] std::string simulate(std::uint64_t seed, Totals& totals);

}  // namespace tern::sim
