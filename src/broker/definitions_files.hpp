// Definitions from disk: one file, or all *.json of a directory as if they were one. Blocking I/O:
// for a program's start and for command lines, never on a shard.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "broker/definitions.hpp"

namespace tern::broker {

struct LoadedDefinitions {
  Definitions definitions;
  std::vector<std::string> files;     ///< in the order in which they were read: by name
  std::vector<std::string> warnings;  ///< a line each, with file and JSON path
};

/// Reads `path`. The error has a line for each fault; two files that define one thing differently
/// are a fault, and so is a directory without a file.
[[nodiscard]] Result<LoadedDefinitions> load_definitions(
    const std::string& path, const std::optional<std::string>& vhost = {});

}  // namespace tern::broker
