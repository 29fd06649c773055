// One table of commands; a new sub-command is one entry here.
#include "cli/command_line.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <ostream>
#include <span>

#include "base/log.hpp"
#include "base/version.hpp"
#include "cli/check.hpp"
#include "cli/ctl.hpp"
#include "config/manual.hpp"
#include "config/nearest.hpp"
#include "outbox/outbox.hpp"
#include "perf/perf.hpp"

namespace tern::cli {

namespace {

using Arguments = std::span<const std::string>;

struct Command {
  std::string_view name;
  std::string_view summary;
  int (*run)(const Invocation&, Arguments);
};

int run_serve(const Invocation& invocation, Arguments arguments);
int run_perf(const Invocation& invocation, Arguments arguments);
int run_outbox(const Invocation& invocation, Arguments arguments);
int run_version(const Invocation& invocation, Arguments arguments);
int run_help(const Invocation& invocation, Arguments arguments);

constexpr Command commands[] = {
    {"serve", "Run a broker until it is told to stop.", run_serve},
    {"check", "Say whether a configuration and definitions are right.", run_check},
    {"ctl", "Ask or change a running broker: definitions, policies, users, queues.", run_ctl},
    {"perf", "Put load on a broker and measure it.", run_perf},
    {"outbox", "Carry rows of a PostgreSQL table to a broker.", run_outbox},
    {"version", "Print the version.", run_version},
    {"help", "Print this text.", run_help},
};

bool asks_for_help(Arguments arguments) {
  return std::any_of(arguments.begin(), arguments.end(), [](const std::string& argument) {
    return argument == "--help" || argument == "-h";
  });
}

std::string general_help() {
  std::string help = fmt::format("{} {}, a message broker that speaks RabbitMQ's AMQP 0-9-1\n\n",
                                 product_name, product_version);
  help += "Usage: ternmq COMMAND [FLAGS]\n\nCommands:\n";
  for (const Command& command : commands) {
    help += fmt::format("  {:<9}{}\n", command.name, command.summary);
  }
  help += "\n`ternmq serve --help` lists the flags, `ternmq ctl --help` the actions.\n";
  return help;
}

config::Loaded load(const Invocation& invocation, Arguments arguments) {
  return config::load({{arguments.begin(), arguments.end()}, invocation.environment});
}

void print_errors(const Invocation& invocation, const config::Loaded& loaded) {
  for (const auto& error : loaded.errors) invocation.err << error << '\n';
}

int run_serve(const Invocation& invocation, Arguments arguments) {
  if (asks_for_help(arguments)) {
    invocation.out << "Usage: ternmq serve [FLAGS]\n\n"
                   << "Runs a broker until SIGTERM or SIGINT. Each flag may also stand in the "
                      "file or the\nenvironment: see docs/configuration.md.\n\n"
                   << config::flags_help();
    return 0;
  }
  const auto loaded = load(invocation, arguments);
  if (!loaded.errors.empty()) {
    print_errors(invocation, loaded);
    return exit_failure;
  }
  set_log_level(loaded.config.log.level);
  if (!loaded.config.log.file.empty()) {
    if (const auto opened = set_log_file(loaded.config.log.file); !opened) {
      invocation.err << opened.error().text << '\n';
      return exit_failure;
    }
  }
  return invocation.serve(loaded.config);
}

int run_perf(const Invocation& invocation, Arguments arguments) {
  return perf::run({arguments, invocation.out, invocation.err, ::isatty(STDERR_FILENO) != 0});
}

int run_outbox(const Invocation& invocation, Arguments arguments) {
  return outbox::run({arguments, invocation.out, invocation.err});
}

int run_version(const Invocation& invocation, Arguments) {
  invocation.out << "ternmq " << product_version << '\n';
  return 0;
}

int run_help(const Invocation& invocation, Arguments) {
  invocation.out << general_help();
  return 0;
}

int unknown_command(const Invocation& invocation, const std::string& name) {
  if (name.starts_with("-")) {
    invocation.err << fmt::format(
        "ternmq: '{}' comes before any command; flags follow one, as in `ternmq serve {}`\n", name,
        name);
    return exit_usage;
  }
  std::vector<std::string> names;
  for (const Command& command : commands) names.emplace_back(command.name);
  invocation.err << fmt::format(
      "ternmq: unknown command '{}'; the nearest one is '{}' (`ternmq help` lists all)\n", name,
      config::nearest(name, names));
  return exit_usage;
}

}  // namespace

int run(const Invocation& invocation) {
  const Arguments arguments(invocation.arguments);
  if (arguments.empty()) {
    invocation.err << general_help();
    return exit_usage;
  }
  const std::string& name = arguments.front();
  if (name == "--help" || name == "-h") return run_help(invocation, {});
  if (name == "--version") return run_version(invocation, {});
  for (const Command& command : commands) {
    if (command.name == name) return command.run(invocation, arguments.subspan(1));
  }
  return unknown_command(invocation, name);
}

}  // namespace tern::cli
