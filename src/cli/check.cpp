#include "cli/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <ostream>
#include <sstream>

#include "broker/arguments.hpp"
#include "broker/definitions_files.hpp"
#include "broker/lint.hpp"
#include "config/manual.hpp"

namespace tern::cli {
namespace {

constexpr std::string_view check_help =
    R"(Usage: ternmq check [--config FILE] [--definitions PATH] [--strict] [--vhost NAME] [FLAGS]
       ternmq check --print-docs | --print-arguments

Reads the file, the environment and the flags as `ternmq serve` does, prints everything
that is wrong, and exits with 0 if nothing is, with 1 otherwise.

With --definitions (or the setting of that name) it reads that file, or all *.json of that
directory, and looks at the topology as a whole: bindings to nowhere, dead-letter exchanges
that do not exist, policies that match nothing, queues nothing can route to, loops. Each
finding is a line: file, JSON path, error, warning or note, text.

  --strict      Exit with 1 on warnings, too.
  --vhost NAME  The file is the export of one virtual host, and is to be looked at as NAME.
  --print-docs       Print docs/configuration.md instead.
  --print-arguments  Print docs/arguments.md instead.
)";

// What is check's own, taken out of the arguments that are settings.
struct Own {
  bool is_strict = false;
  std::optional<std::string> vhost;
  bool is_vhost_missing = false;
  std::vector<std::string> settings;
};

Own split(std::span<const std::string> arguments) {
  Own own;
  for (std::size_t index = 0; index < arguments.size(); ++index) {
    const std::string& argument = arguments[index];
    if (argument == "--strict") {
      own.is_strict = true;
    } else if (argument.starts_with("--vhost=")) {
      own.vhost = argument.substr(std::string_view("--vhost=").size());
    } else if (argument == "--vhost") {
      own.is_vhost_missing = index + 1 == arguments.size();
      if (!own.is_vhost_missing) own.vhost = arguments[++index];
    } else {
      own.settings.push_back(argument);
    }
  }
  return own;
}

// "shop.json: $.queues[3]: what is wrong" with the level where the linter's lines have it. A line
// without a path (no such file, no JSON) stays as it is.
std::string with_level(const std::string& line, std::string_view level) {
  const auto path = line.find(": $");
  const auto end = path == std::string::npos ? path : line.find(": ", path + 2);
  if (end == std::string::npos) return line;
  return fmt::format("{}: {}{}", line.substr(0, end), level, line.substr(end));
}

int check_definitions(const Invocation& invocation, const config::Config& config, const Own& own) {
  const auto loaded = broker::load_definitions(config.definitions, own.vhost);
  if (!loaded) {
    std::istringstream lines(loaded.error().text);
    for (std::string line; std::getline(lines, line);)
      invocation.err << with_level(line, "error") << '\n';
    return exit_failure;
  }
  broker::LintOptions options;
  options.default_vhost = config.default_vhost;
  options.default_user = config.default_user;
  options.policies_merge = config.policies.merge;
  std::array<std::size_t, 3> counts{};
  for (const std::string& warning : loaded->warnings)
    invocation.out << with_level(warning, "warning") << '\n';
  counts[static_cast<std::size_t>(broker::LintLevel::warning)] += loaded->warnings.size();
  for (const auto& finding : broker::lint_definitions(loaded->definitions, options)) {
    invocation.out << fmt::format("{}: {}: {}\n", finding.where, to_text(finding.level),
                                  finding.text);
    ++counts[static_cast<std::size_t>(finding.level)];
  }
  const auto [errors, warnings, notes] = counts;
  invocation.out << fmt::format("{}: {} file{}, {} errors, {} warnings, {} notes\n",
                                config.definitions, loaded->files.size(),
                                loaded->files.size() == 1 ? "" : "s", errors, warnings, notes);
  return errors > 0 || (own.is_strict && warnings > 0) ? exit_failure : 0;
}

}  // namespace

int run_check(const Invocation& invocation, std::span<const std::string> arguments) {
  const auto has = [&](std::string_view wanted) {
    return std::find(arguments.begin(), arguments.end(), wanted) != arguments.end();
  };
  if (has("--help") || has("-h")) {
    invocation.out << check_help;
    return 0;
  }
  if (has("--print-docs")) {
    invocation.out << config::docs_page();
    return 0;
  }
  if (has("--print-arguments")) {
    invocation.out << broker::arguments_page();
    return 0;
  }
  const Own own = split(arguments);
  if (own.is_vhost_missing) {
    invocation.err << "command line: --vhost needs a value: a virtual host's name\n";
    return exit_failure;
  }
  const auto loaded = config::load({own.settings, invocation.environment});
  for (const auto& error : loaded.errors) invocation.err << error << '\n';
  if (!loaded.errors.empty()) return exit_failure;
  invocation.out << (loaded.file.empty() ? "no file" : loaded.file)
                 << ": the configuration is valid\n";
  if (loaded.config.definitions.empty()) return 0;
  return check_definitions(invocation, loaded.config, own);
}

}  // namespace tern::cli
