// serve(): the broker from start to stop, behind the sub-command of the same name.
#pragma once

#include "config/config.hpp"

namespace tern::cli {

/// What a broker exits with that does not start because its definitions are wrong.
inline constexpr int exit_definitions = 2;

/// Runs a broker until it is told to stop (SIGTERM, SIGINT) and returns the process's exit code:
/// 0 after an orderly stop, 1 or exit_definitions if it does not start. Runs on the main thread.
int serve(const config::Config& config);

}  // namespace tern::cli
