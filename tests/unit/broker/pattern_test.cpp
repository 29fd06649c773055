// Patterns: RabbitMQ's dialect, what an error says, and the bound on a match's work.
#include "broker/pattern.hpp"

#include <catch2/catch.hpp>
#include <chrono>

using namespace tern;
using namespace tern::broker;

namespace {

bool matches(const std::string& pattern, std::string_view name) {
  const auto compiled = Pattern::compile(pattern);
  REQUIRE(compiled.has_value());
  return (*compiled)->matches(name);
}

std::string error(const std::string& pattern) {
  const auto compiled = Pattern::compile(pattern);
  return compiled ? "compiled" : compiled.error().text;
}

}  // namespace

TEST_CASE("a pattern is searched, not anchored") {
  CHECK(matches("b", "abc"));
  CHECK_FALSE(matches("^b", "abc"));
  CHECK_FALSE(matches("b$", "abc"));
  CHECK(matches("^(amq\\.|orders-[0-9]+$)", "orders-17"));
  CHECK_FALSE(matches("^(amq\\.|orders-[0-9]+$)", "orders-x"));
  CHECK(matches("", "anything"));
  CHECK(matches("(?i)ORDERS", "my-orders"));
  CHECK(matches("^a(?!b)", "ac"));
  CHECK_FALSE(matches("^a(?!b)", "ab"));
}

TEST_CASE("the pattern for everything matches everything that the engine says it does") {
  CHECK(matches(".*", ""));
  CHECK(matches(".*", "a"));
  CHECK(matches("^.*$", "a"));
  CHECK_FALSE(matches("^.*$", "a\nb"));
  CHECK(matches(".*", "a\nb"));
  CHECK(matches("^.*", std::string_view("a\0b", 3)));
}

TEST_CASE("names are octets") {
  CHECK(matches("^..$", "\xC3\xA4"));
  CHECK(matches("\xC3\xA4", "gr\xC3\xA4n"));
  CHECK(matches("^.$", "\xFF"));
}

TEST_CASE("an error quotes the pattern and says what is wrong and where") {
  CHECK(error("a(b") ==
        "pattern 'a(b' should be a regular expression but is invalid: missing closing parenthesis "
        "at offset 3");
  CHECK(error("*a").find("quantifier does not follow a repeatable item at offset") !=
        std::string::npos);
  CHECK(error(std::string(5000, 'a')) ==
        "a pattern of 5000 octets is too long: at most 4096 are taken");
  CHECK(error(std::string(300, '(') + std::string(300, ')')) != "compiled");
}

TEST_CASE("a pattern that would take for ever gives up and does not match") {
  const auto start = std::chrono::steady_clock::now();
  CHECK_FALSE(matches("^(a+)+$", std::string(200, 'a') + "b"));
  CHECK_FALSE(matches("^(([a-z])+.)+[A-Z]([a-z])+$", std::string(250, 'a')));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(2));
}

TEST_CASE("a quoted text finds just itself") {
  for (const std::string& text :
       {std::string("a.b*c"), std::string("\\E(x"), std::string("a\nb"), std::string("gr\xC3\xA4n"),
        std::string("a\0b", 3), std::string("{username}")}) {
    CHECK(matches("^" + quote_for_pattern(text) + "$", text));
  }
  CHECK_FALSE(matches("^" + quote_for_pattern("a.b") + "$", "axb"));
}
