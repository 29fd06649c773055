// The command line: help, the schema, or the relay.
#include "outbox/outbox.hpp"

#include <fmt/format.h>

#include <fstream>
#include <optional>
#include <ostream>
#include <sstream>

#include "base/log.hpp"
#include "base/version.hpp"
#include "outbox/client_publisher.hpp"
#include "outbox/libpq.hpp"
#include "outbox/postgres_table.hpp"
#include "outbox/relay.hpp"

namespace tern::outbox {
namespace {

constexpr int exit_failure = 1;
constexpr int exit_usage = 2;

constexpr std::string_view usage =
    R"(Usage: ternmq outbox --config FILE [--log-level LEVEL]
       ternmq outbox --print-schema [--config FILE]

Reads rows of an outbox table in PostgreSQL, publishes each with confirms under an id by
which a queue with x-message-deduplication knows it again, and marks them as sent in the
transaction that has locked them. Any number of relays may serve one table. Runs until
SIGTERM or SIGINT. See docs/outbox.md.

  --config FILE      What to read and where to publish, in TOML; its keys are below.
  --print-schema     Print the SQL that makes the table and its trigger.
  --log-level LEVEL  error, warn, info or debug; info by default.

The keys of the file, with their defaults:
)";

struct CommandLine {
  std::optional<std::string> config;
  std::string log_level = "info";
  bool prints_schema = false;
  bool asks_for_help = false;
  std::string error;
};

// The value of `--name value` or `--name=value`, or nothing if it is another flag.
std::optional<std::string> value_of(std::span<const std::string> arguments, std::size_t& index,
                                    std::string_view name, std::string& error) {
  const std::string& argument = arguments[index];
  if (argument.starts_with(name) && argument.substr(name.size()).starts_with('='))
    return argument.substr(name.size() + 1);
  if (argument != name) return std::nullopt;
  if (index + 1 == arguments.size()) {
    error = fmt::format("{} needs a value", name);
    return std::string();
  }
  return arguments[++index];
}

CommandLine parse(std::span<const std::string> arguments) {
  CommandLine line;
  for (std::size_t index = 0; index < arguments.size() && line.error.empty(); ++index) {
    const std::string& argument = arguments[index];
    if (argument == "--help" || argument == "-h") {
      line.asks_for_help = true;
    } else if (argument == "--print-schema") {
      line.prints_schema = true;
    } else if (auto file = value_of(arguments, index, "--config", line.error)) {
      line.config = std::move(*file);
    } else if (auto level = value_of(arguments, index, "--log-level", line.error)) {
      line.log_level = std::move(*level);
    } else {
      line.error = fmt::format("unknown argument '{}'", argument);
    }
  }
  return line;
}

std::optional<LogLevel> level_of(std::string_view name) {
  for (const auto level : {LogLevel::error, LogLevel::warn, LogLevel::info, LogLevel::debug})
    if (log_level_name(level) == name) return level;
  return std::nullopt;
}

std::optional<Settings> load_settings(const std::string& name, std::ostream& err) {
  const std::ifstream file(name);
  if (!file) {
    err << fmt::format("{}: cannot be read; --config takes the path of a TOML file\n", name);
    return std::nullopt;
  }
  std::ostringstream text;
  text << file.rdbuf();
  auto read = read_settings({name, text.str()});
  for (const std::string& error : read.errors) err << error << '\n';
  if (!read.errors.empty()) return std::nullopt;
  if (!PostgresTable::is_connection_string(read.settings.database_url)) {
    err << fmt::format(
        "{}: database.url cannot be read; it takes a connection string of libpq, "
        "\"host=… dbname=…\" or postgresql://…\n",
        name);
    return std::nullopt;
  }
  if (const auto right = ClientPublisher::check_urls(read.settings.broker_urls); !right) {
    err << fmt::format("{}: broker.urls: {}; it takes amqp:// or amqps:// URLs\n", name,
                       right.error().text);
    return std::nullopt;
  }
  return std::move(read.settings);
}

int relay(const Settings& settings) {
  StopSignal stop;
  PostgresTable table(settings, stop);
  ClientPublisher publisher(settings, stop);
  log_info("outbox", "ternmq outbox {} table={} batch={}", product_version, settings.table,
           settings.batch);
  Relay(settings, table, publisher, stop).run();
  return 0;
}

}  // namespace

int run(const Invocation& invocation) {
  const CommandLine line = parse(invocation.arguments);
  if (line.asks_for_help) {
    invocation.out << usage << settings_help();
    return 0;
  }
  const auto level = level_of(line.log_level);
  if (!line.error.empty() || !level || (!line.config && !line.prints_schema)) {
    invocation.err << fmt::format("ternmq outbox: {} (`ternmq outbox --help`)\n",
                                  !line.error.empty() ? line.error
                                  : !level ? "--log-level takes error, warn, info or debug"
                                           : "--config FILE is missing");
    return exit_usage;
  }
  std::optional<Settings> settings = Settings();
  if (line.config) {
    if (const auto loaded = load_libpq(); !loaded) {
      invocation.err << fmt::format("ternmq outbox: {}\n", loaded.error().text);
      return exit_failure;
    }
    settings = load_settings(*line.config, invocation.err);
    if (!settings) return exit_failure;
  }
  if (line.prints_schema) {
    invocation.out << make_statements(settings->table, false).schema;
    return 0;
  }
  set_log_level(*level);
  return relay(*settings);
}

}  // namespace tern::outbox
