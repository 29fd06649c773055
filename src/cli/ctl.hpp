// `ternmq ctl`: what operators ask of a running broker, over its control socket. Runs on the main
// thread.
#pragma once

#include <span>
#include <string>

#include "cli/command_line.hpp"

namespace tern::cli {

/// Exit code 0: done, 1: the broker refused or is not there, 2: the command line is wrong.
int run_ctl(const Invocation& invocation, std::span<const std::string> arguments);

}  // namespace tern::cli
