// One run of a simulation: a node, clients that do random things, a store that is slow in random
// ways, crashes. Two kinds: plain queues that come and go, checked by a Model; and queues with all
// kinds of arguments that dead-letter to each other, checked by a Lineage.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

namespace tern::sim {

/// What all runs have done: zeros would mean that something is not simulated at all.
struct Totals {
  std::uint64_t published = 0;
  std::uint64_t delivered = 0;
  std::uint64_t crashes = 0;
  std::uint64_t transactions = 0;
  std::uint64_t paged = 0;  ///< runs in which transient messages were paged out
  // Lineage only.
  std::uint64_t commits = 0;  ///< each one a moment at which a crash would have found the disk
  std::array<std::uint64_t, 3> crashes_by_kind{};  ///< as TestNode::Crash
  std::uint64_t crashes_in_commit = 0;             ///< of them, while a commit was under way
  std::uint64_t moved = 0;                         ///< stored messages that changed their queue
  std::map<std::string, std::uint64_t> deaths;     ///< of delivered dead letters, by reason
  std::uint64_t refused = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t limits = 0;  ///< queues filled to their limit at the end
};

/// Runs from a seed; empty if all was well, else what was wrong.
[[nodiscard]] std::string simulate(std::uint64_t seed, Totals& totals);
[[nodiscard]] std::string simulate_lineage(std::uint64_t seed, Totals& totals);

}  // namespace tern::sim
