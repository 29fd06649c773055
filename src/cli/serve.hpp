// serve(): the broker from start to stop, behind the sub-command of the same name.
#pragma once

#include "config/config.hpp"

namespace tern::cli {

/// Runs a broker until it is told to stop (SIGTERM, SIGINT) and returns the process's exit code:
/// 0 after an orderly stop. Runs on the main thread.
int serve(const config::Config& config);

}  // namespace tern::cli
