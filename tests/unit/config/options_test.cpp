// The table as a whole: names are distinct, defaults are allowed, and what is printed is read back.
#include "config/options.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>

#include "config/manual.hpp"
#include "unit/config/sources_support.hpp"

namespace tern::config {

TEST_CASE("every option has its own flag and variable, and a help text that is a sentence") {
  std::set<std::string> flags;
  std::set<std::string> variables;
  for (const Option& option : options()) {
    CAPTURE(option.key);
    CHECK(flags.insert(flag_name(option)).second);
    CHECK(variables.insert(environment_name(option)).second);
    CHECK(option.help.ends_with('.'));
    CHECK(find_option(option.key) == &option);
  }
  CHECK(flags.count("--amqp-handshake-timeout") == 1);
  CHECK(variables.count("TERNMQ_AMQP_HANDSHAKE_TIMEOUT") == 1);
}

TEST_CASE("options of one section stand together") {
  std::set<std::string_view> closed;
  std::string_view section;
  for (const Option& option : options()) {
    const auto dot = option.key.find('.');
    const auto own = dot == std::string_view::npos ? "" : option.key.substr(0, dot);
    if (own == section) continue;
    CAPTURE(option.key);
    CHECK(closed.insert(section).second);
    CHECK(closed.count(own) == 0);
    section = own;
  }
}

TEST_CASE("every bound fits its field and every default its bounds") {
  for (const Option& option : options()) {
    CAPTURE(option.key);
    const auto kind = kind_of(option);
    if (kind == Kind::number || kind == Kind::size || kind == Kind::duration) {
      CHECK(option.min < option.max);
      // assign() stops the process if the largest value does not fit.
      Config config;
      const auto largest =
          kind == Kind::duration ? std::to_string(option.max) + "ms" : std::to_string(option.max);
      CHECK(assign(option, config, largest).has_value());
    }
  }
  CHECK(check_together({}).empty());
}

TEST_CASE("the file of all defaults on the docs page is valid and changes nothing") {
  const std::string page = docs_page();
  const auto begin = page.find("```toml\n");
  REQUIRE(begin != std::string::npos);
  const auto text = page.substr(begin + 8, page.find("\n```\n", begin) - begin - 8);
  const auto [config, errors] = from_file(text);
  CHECK(errors == Errors{});
  for (const Option& option : options()) {
    CAPTURE(option.key);
    CHECK(text.find(format_value(option, {}, Notation::file)) != std::string::npos);
    CHECK(format_value(option, config, Notation::file) == format_value(option, {}, Notation::file));
  }
}

TEST_CASE("docs/configuration.md is what the table says") {
  std::ifstream page(TERN_SOURCE_DIR "/docs/configuration.md");
  std::ostringstream committed;
  committed << page.rdbuf();
  INFO("make it again: ternmq check --print-docs > docs/configuration.md");
  // Not CHECK(a == b): on a difference that would print both pages whole.
  const bool is_current = committed.str() == docs_page();
  CHECK(is_current);
}

TEST_CASE("the help names every flag with its default and fits a terminal") {
  const std::string help = flags_help();
  for (const Option& option : options()) {
    CAPTURE(option.key);
    CHECK(help.find("  " + flag_name(option)) != std::string::npos);
  }
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 80);
}

}  // namespace tern::config
