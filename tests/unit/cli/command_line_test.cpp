// The sub-commands: which one runs, what it prints where, and its exit code.
#include "cli/command_line.hpp"

#include <catch2/catch.hpp>
#include <optional>
#include <sstream>

#include "base/log.hpp"
#include "base/version.hpp"
#include "config/manual.hpp"

namespace tern::cli {

namespace {

// What serve was called with; a plain function cannot capture.
std::optional<config::Config> served;

int fake_serve(const config::Config& config) {
  served = config;
  return 42;
}

struct Outcome {
  int code;
  std::string out;
  std::string err;
};

Outcome run_with(std::vector<std::string> arguments, config::Environment environment = {}) {
  served.reset();
  std::ostringstream out;
  std::ostringstream err;
  const int code = run({std::move(arguments), std::move(environment), out, err, fake_serve});
  return {code, out.str(), err.str()};
}

}  // namespace

TEST_CASE("serve hands over the configuration and returns the broker's exit code") {
  const auto outcome =
      run_with({"serve", "--amqp-port", "0", "--log-level=warn"}, {{"TERNMQ_SHARDS", "2"}});
  const bool info_enabled = log_enabled(LogLevel::info);
  set_log_level(LogLevel::info);
  CHECK(outcome.code == 42);
  CHECK(outcome.out.empty());
  CHECK(outcome.err.empty());
  REQUIRE(served.has_value());
  CHECK(served->amqp.port == 0);
  CHECK(served->shards == 2);
  CHECK_FALSE(info_enabled);
}

TEST_CASE("outbox is a sub-command of its own") {
  CHECK(run_with({"outbox", "--print-schema"}).out.starts_with("-- The outbox of"));
  CHECK(run_with({"outbox", "--nonsense"}).code == exit_usage);
}

TEST_CASE("serve does not start with a wrong configuration and prints every mistake") {
  const auto outcome = run_with({"serve", "--shards", "x", "--amqp-prot", "1"});
  CHECK(outcome.code == exit_failure);
  CHECK_FALSE(served.has_value());
  CHECK(outcome.err ==
        "command line: --shards x is not a whole number; it takes a whole number from 0 to 1024\n"
        "command line: unknown flag --amqp-prot; the nearest valid one is --amqp-port\n");
}

TEST_CASE("serve does not start without its log file") {
  const auto outcome = run_with({"serve", "--log-file", "/nowhere/log"});
  CHECK(outcome.code == exit_failure);
  CHECK_FALSE(served.has_value());
  CHECK(outcome.err.starts_with("cannot open the log file '/nowhere/log'"));
}

TEST_CASE("check says whether a configuration is right and never starts a broker") {
  auto outcome = run_with({"check"});
  CHECK(outcome.code == 0);
  CHECK(outcome.out == "no file: the configuration is valid\n");
  outcome = run_with({"check", "--config", "/dev/null"});
  CHECK(outcome.code == 0);
  CHECK(outcome.out == "/dev/null: the configuration is valid\n");
  outcome = run_with({"check"}, {{"TERNMQ_SHARDS", "x"}});
  CHECK(outcome.code == exit_failure);
  CHECK(outcome.out.empty());
  CHECK(outcome.err.starts_with("environment: TERNMQ_SHARDS=x is not a whole number"));
  CHECK_FALSE(served.has_value());
}

TEST_CASE("check prints the docs page") {
  const auto outcome = run_with({"check", "--print-docs"});
  CHECK(outcome.code == 0);
  const bool is_page = outcome.out == config::docs_page();
  CHECK(is_page);
}

TEST_CASE("version and help") {
  const std::string version = "ternmq " + std::string(product_version) + "\n";
  CHECK(run_with({"version"}).out == version);
  CHECK(run_with({"--version"}).out == version);
  for (const auto* word : {"help", "--help", "-h"}) {
    const auto outcome = run_with({word});
    CHECK(outcome.code == 0);
    CHECK(outcome.out.find("  serve ") != std::string::npos);
  }
  const auto outcome = run_with({"serve", "--shards", "x", "--help"});
  CHECK(outcome.code == 0);
  CHECK(outcome.out.find(config::flags_help()) != std::string::npos);
  CHECK_FALSE(served.has_value());
  CHECK(run_with({"check", "-h"}).out.starts_with("Usage: ternmq check"));
}

TEST_CASE("no command and an unknown one are errors that say what to do") {
  auto outcome = run_with({});
  CHECK(outcome.code == exit_usage);
  CHECK(outcome.err.find("Usage: ternmq COMMAND") != std::string::npos);
  outcome = run_with({"serv"});
  CHECK(outcome.code == exit_usage);
  CHECK(outcome.err ==
        "ternmq: unknown command 'serv'; the nearest one is 'serve' (`ternmq help` lists all)\n");
  outcome = run_with({"--data-dir", "x"});
  CHECK(outcome.code == exit_usage);
  CHECK(outcome.err ==
        "ternmq: '--data-dir' comes before any command; flags follow one, as in `ternmq serve "
        "--data-dir`\n");
}

}  // namespace tern::cli
