// `ternmq perf`: the load tool, for any broker that speaks AMQP 0-9-1. This is its door; cli
// registers it. Runs on the main thread and starts threads of its own.
#pragma once

#include <iosfwd>
#include <span>
#include <string>

namespace tern::perf {

struct Invocation {
  std::span<const std::string> arguments;  ///< behind `perf`
  std::ostream& out;                       ///< results
  std::ostream& err;                       ///< the progress line, and what is wrong
  bool is_terminal = false;                ///< whether `err` shows a progress line
};

/// Exit code 0: done and nothing lost; 1: the run failed; 2: the command line is wrong.
int run(const Invocation& invocation);

}  // namespace tern::perf
