// Where settings come from, weakest first: the defaults, the file, RABBITMQ_DEFAULT_*, TERNMQ_*,
// the flags. Every source reports all that is wrong in it, so that one run shows every mistake.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.hpp"

namespace tern::config {

using Environment = std::vector<std::pair<std::string, std::string>>;

/// A file's text and the name by which errors call it.
struct File {
  std::string name;
  std::string text;
};

struct Sources {
  /// The arguments after the sub-command.
  std::vector<std::string> flags;
  Environment environment;
};

struct Loaded {
  Config config;
  /// The file that was read; empty = none.
  std::string file;
  /// Empty = `config` may be used. Each is one line: where, what, and what to write instead.
  std::vector<std::string> errors;
};

/// Reads all sources. The file is the one named by `--config`, or else by TERNMQ_CONFIG; without
/// either there is none. Reads that file and nothing else.
[[nodiscard]] Loaded load(const Sources& sources);

/// The process's environment, from `environ`.
[[nodiscard]] Environment read_environment(const char* const* variables);

}  // namespace tern::config
