// The three readers behind load(): each changes a Config and adds to a list of errors. Used by
// load.cpp only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/load.hpp"
#include "config/options.hpp"

namespace tern::config {

using Errors = std::vector<std::string>;

/// TOML. A syntax error ends the reading, anything else does not.
void apply_file(const File& file, Config& config, Errors& errors);

/// TERNMQ_*, then RABBITMQ_DEFAULT_* where the former says nothing. TERNMQ_CONFIG and what
/// container platforms add for a service named ternmq (TERNMQ_SERVICE_HOST, …) are passed over.
void apply_environment(const Environment& environment, Config& config, Errors& errors);

/// `--name value` or `--name=value`; a boolean alone is true. The last of several wins, the values
/// of a list add up.
void apply_flags(const std::vector<std::string>& flags, Config& config, Errors& errors);

/// The file named by the flags or the environment; empty = none.
[[nodiscard]] std::string file_name(const Sources& sources);

/// A value as its source wrote it: `amqp.port` ` = ` `70000`.
struct Given {
  const Option& option;
  std::string_view setting;
  std::string_view separator;
  std::string_view value;
  Notation notation;
};

/// "amqp.port = 70000 is out of range; it takes …". A secret's value is left out.
[[nodiscard]] std::string wrong_value(const Given& given, std::string_view problem);

}  // namespace tern::config
