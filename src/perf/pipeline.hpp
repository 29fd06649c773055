// Many questions of one kind on one connection: several are on their way before the first is
// answered, so that a broker which syncs to disk for each can take them together.
#pragma once

#include <cstdint>

#include "perf/connection.hpp"

namespace tern::perf {

/// Calls `put(number)` for each number below `count`, which puts one question, and waits for as
/// many answers, at most `depth` of them behind. Calls `answered(number)` after each.
template <class Reply, class Put, class Answered>
void ask_all(Connection& connection, std::uint64_t count, std::uint64_t depth, Put&& put,
             Answered&& answered) {
  std::uint64_t asked = 0;
  for (std::uint64_t got = 0; got < count; ++got) {
    while (asked < count && asked - got < depth) put(asked++);
    connection.flush();
    connection.wait_for<Reply>();
    answered(got);
  }
}

template <class Reply, class Put>
void ask_all(Connection& connection, std::uint64_t count, Put&& put) {
  constexpr std::uint64_t depth = 100;
  ask_all<Reply>(connection, count, depth, put, [](std::uint64_t) {});
}

}  // namespace tern::perf
