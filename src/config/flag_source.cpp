// Command-line flags, from the table of options. Written by hand because a flag library stops at
// the first mistake and knows neither our ranges nor the nearest name.
#include <fmt/format.h>

#include <optional>
#include <unordered_map>

#include "config/nearest.hpp"
#include "config/sources.hpp"

namespace tern::config {

namespace {

constexpr std::string_view file_flag = "--config";

struct Flag {
  std::string name;
  /// Nothing: the flag stood alone.
  std::optional<std::string> value;
};

bool is_flag(std::string_view argument) {
  return argument.starts_with("--");
}

const Option* option_of_flag(std::string_view name) {
  for (const Option& option : options()) {
    if (flag_name(option) == name) return &option;
  }
  return nullptr;
}

bool takes_value(std::string_view name) {
  if (name == file_flag) return true;
  const Option* option = option_of_flag(name);
  // A value after an unknown flag most likely belongs to it: one mistake, one error.
  return option == nullptr || kind_of(*option) != Kind::boolean;
}

std::vector<std::string> known_flags() {
  std::vector<std::string> names;
  for (const Option& option : options()) names.push_back(flag_name(option));
  names.emplace_back(file_flag);
  return names;
}

// Cuts arguments into flags. What is no flag is reported if there is a list to report it in.
std::vector<Flag> split(const std::vector<std::string>& arguments, Errors* errors) {
  std::vector<Flag> flags;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (!is_flag(argument)) {
      if (errors != nullptr) {
        errors->push_back(fmt::format(
            "command line: unexpected argument '{}'; flags start with --, as in --amqp-port 5672",
            argument));
      }
      continue;
    }
    const auto equals = argument.find('=');
    if (equals != std::string::npos) {
      flags.push_back({argument.substr(0, equals), argument.substr(equals + 1)});
    } else if (takes_value(argument) && i + 1 < arguments.size() && !is_flag(arguments[i + 1])) {
      flags.push_back({argument, arguments[++i]});
    } else {
      flags.push_back({argument, std::nullopt});
    }
  }
  return flags;
}

std::string no_value(std::string_view name, std::string_view allowed) {
  return fmt::format("command line: {} needs a value: {}", name, allowed);
}

}  // namespace

void apply_flags(const std::vector<std::string>& arguments, Config& config, Errors& errors) {
  // Values of a list given by several flags, joined as assign() reads them.
  std::unordered_map<const Option*, std::string> lists;
  for (const Flag& flag : split(arguments, &errors)) {
    if (flag.name == file_flag) {
      if (flag.value.value_or("").empty()) errors.push_back(no_value(flag.name, "a TOML file"));
      continue;
    }
    const Option* option = option_of_flag(flag.name);
    if (option == nullptr) {
      errors.push_back(fmt::format("command line: unknown flag {}; the nearest valid one is {}",
                                   flag.name, nearest(flag.name, known_flags())));
      continue;
    }
    if (!flag.value && kind_of(*option) != Kind::boolean) {
      errors.push_back(no_value(flag.name, allowed_values(*option, Notation::plain)));
      continue;
    }
    std::string value = flag.value.value_or("true");
    if (kind_of(*option) == Kind::list) {
      auto& joined = lists[option];
      joined = joined.empty() ? value : joined + "," + value;
      value = joined;
    }
    if (const auto result = assign(*option, config, value); !result) {
      errors.push_back(
          "command line: " +
          wrong_value({*option, flag.name, " ", value, Notation::plain}, result.error().text));
    }
  }
}

std::string file_name(const Sources& sources) {
  std::string name;
  for (const auto& [variable, value] : sources.environment) {
    if (variable == "TERNMQ_CONFIG") name = value;
  }
  for (const Flag& flag : split(sources.flags, nullptr)) {
    if (flag.name == file_flag && flag.value) name = *flag.value;
  }
  return name;
}

}  // namespace tern::config
