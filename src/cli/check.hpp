// `ternmq check`: says whether a configuration, and the definitions it names, are right, without
// running a broker. Runs on the main thread.
#pragma once

#include <span>
#include <string>

#include "cli/command_line.hpp"

namespace tern::cli {

/// Exit code 0: right (warnings and notes may have been printed), 1: not.
int run_check(const Invocation& invocation, std::span<const std::string> arguments);

}  // namespace tern::cli
