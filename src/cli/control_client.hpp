// The other end of the control socket: one line of JSON out, one in. Blocking; for the command
// line.
#pragma once

#include <string>

#include "base/result.hpp"

namespace tern::cli {

/// Where a running broker's socket should be.
struct ControlPlace {
  std::string socket;
  std::string data_dir;  ///< empty: the socket was named by itself
};

/// Sends `request` and returns the reply, both without their line ends. The error says where it
/// looked, whether a broker seems to run there, and what to do.
[[nodiscard]] Result<std::string> ask_broker(const ControlPlace& place, const std::string& request);

}  // namespace tern::cli
