// The front of the one binary: `ternmq COMMAND …`. Finds the command, loads the configuration for
// those that need one, prints what is wrong with it. Runs on the main thread.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "config/load.hpp"

namespace tern::cli {

/// Exit codes: 0 success, 1 the command failed (a wrong configuration among others), 2 the command
/// line names no command.
inline constexpr int exit_failure = 1;
inline constexpr int exit_usage = 2;

struct Invocation {
  /// Without the program's name.
  std::vector<std::string> arguments;
  config::Environment environment;
  std::ostream& out;
  std::ostream& err;
  /// What `serve` runs once the configuration is right and the log is set up.
  int (*serve)(const config::Config&);
};

/// Runs one command and returns the process's exit code.
int run(const Invocation& invocation);

}  // namespace tern::cli
