// Reads one source into a fresh Config, for the tests of this folder.
#pragma once

#include <string>
#include <vector>

#include "config/sources.hpp"

namespace tern::config {

struct Outcome {
  Config config;
  Errors errors;
};

inline Outcome from_file(const std::string& text) {
  Outcome outcome;
  apply_file({"ternmq.toml", text}, outcome.config, outcome.errors);
  return outcome;
}

inline Outcome from_environment(const Environment& environment) {
  Outcome outcome;
  apply_environment(environment, outcome.config, outcome.errors);
  return outcome;
}

inline Outcome from_flags(const std::vector<std::string>& flags) {
  Outcome outcome;
  apply_flags(flags, outcome.config, outcome.errors);
  return outcome;
}

}  // namespace tern::config
