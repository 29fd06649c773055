// The table of exchange types: which there are, and what they say of arguments and bindings.
#include <catch2/catch.hpp>

#include "unit/exchange/exchange_builders.hpp"

using namespace tern;
using namespace tern::exchange;
using namespace tern::exchange::test;

namespace {

std::string fault(std::string_view type, const FieldTable& arguments) {
  const auto checked = check_exchange(type, arguments);
  return checked ? "none" : checked.error().text;
}

std::string binding_fault(std::string_view type, const FieldTable& arguments, Bytes key,
                          const std::string& binding_arguments = {}) {
  const auto checked = check_binding(type, arguments, {key, binding_arguments});
  return checked ? "none" : checked.error().text;
}

std::string key_fault(Bytes key) {
  return binding_fault("x-consistent-hash", {}, key);
}

}  // namespace

TEST_CASE("the exchange types are known by name") {
  std::vector<std::string_view> names;
  for (const ExchangeType& type : exchange_types()) {
    names.push_back(type.name);
    CHECK(find_exchange_type(type.name) == &type);
    if (type.name == "x-delayed-message") continue;
    CHECK(find_routing_type(type.name, {}) == &type);
    CHECK(make_matcher(type.name) != nullptr);
    CHECK(fault(type.name, {}) == "none");
    CHECK(binding_fault(type.name, {}, "1") == "none");
    const bool routes_once = type.name == "x-consistent-hash" || type.name == "x-modulus-hash" ||
                             type.name == "x-random";
    CHECK(type.routes_once == routes_once);
    const bool is_cacheable = type.name != "headers" && type.name != "x-random";
    CHECK(make_matcher(type.name)->is_cacheable() == is_cacheable);
  }
  CHECK(names == std::vector<std::string_view>{"direct", "fanout", "headers", "topic",
                                               "x-consistent-hash", "x-delayed-message",
                                               "x-modulus-hash", "x-random", "x-recent-history"});
  CHECK(make_matcher("nope") == nullptr);
  CHECK(make_matcher("") == nullptr);
  CHECK(find_exchange_type("Direct") == nullptr);
}

TEST_CASE("arguments of a consistent hash exchange are refused in its plugin's words") {
  CHECK(fault("x-consistent-hash", {{"hash-header", "h"}}) == "none");
  CHECK(fault("x-consistent-hash", {{"hash-header", ""}}) == "none");
  for (const char* property : {"message_id", "correlation_id", "timestamp"})
    CHECK(fault("x-consistent-hash", {{"hash-property", property}}) == "none");
  CHECK(fault("x-consistent-hash", {{"hash-property", "app_id"}}) ==
        "Unsupported property: app_id");
  CHECK(fault("x-consistent-hash", {{"hash-property", "app_id"}, {"hash-header", "h"}}) ==
        "hash-header and hash-property are mutually exclusive");
  CHECK(fault("x-consistent-hash", {{"hash-header", 1}}) ==
        "Invalid argument, 'hash-header' must be a string");
  CHECK(fault("x-consistent-hash", {{"hash-property", true}}) ==
        "Invalid argument, 'hash-property' must be a string");
  // They mean nothing to other types.
  CHECK(fault("x-modulus-hash", {{"hash-property", "app_id"}, {"hash-header", 1}}) == "none");
}

TEST_CASE("a weight is a positive integer, as Erlang reads it") {
  for (const char* good : {"1", "10", "+2", "007", "99999999999999999999999999"})
    CHECK(key_fault(good) == "none");
  for (const char* low : {"0", "-1", "-0", "-99999999999999999999999999"})
    CHECK(key_fault(low) == "The binding key must be greater than 0");
  const std::string no_integer = "The binding key must be an integer: ";
  CHECK(key_fault("abc") == no_integer + "<<\"abc\">>");
  CHECK(key_fault("") == no_integer + "<<>>");
  CHECK(key_fault("1.5") == no_integer + "<<\"1.5\">>");
  CHECK(key_fault(" 1") == no_integer + "<<\" 1\">>");
  CHECK(key_fault("1 ") == no_integer + "<<\"1 \">>");
  CHECK(key_fault("1\x01") == no_integer + "<<49,1>>");
  CHECK(key_fault("+") == no_integer + "<<\"+\">>");
  CHECK(key_fault("--1") == no_integer + "<<\"--1\">>");
}

TEST_CASE("the length of a history is a positive integer") {
  const auto length_fault = [](FieldValue value) {
    return fault("x-recent-history", {{"x-recent-history-length", std::move(value)}});
  };
  const std::string positive = ", 'x-recent-history-length' must be a positive integer";
  CHECK(length_fault(1) == "none");
  CHECK(length_fault(std::int64_t{1} << 40) == "none");
  CHECK(length_fault(0) == "Invalid argument 0" + positive);
  CHECK(length_fault(-1) == "Invalid argument -1" + positive);
  CHECK(length_fault("5") == "Invalid argument <<\"5\">>" + positive);
  CHECK(length_fault(true) == "Invalid argument true" + positive);
  CHECK(length_fault(3.5) == "Invalid argument 3.5" + positive);
}

TEST_CASE("a delayed exchange is of the type that it names") {
  const std::string unknown =
      "Invalid argument, 'x-delayed-type' must be an existing exchange type";
  CHECK(fault("x-delayed-message", {}) == unknown);
  CHECK(fault("x-delayed-message", {{"x-delayed-type", "nope"}}) == unknown);
  CHECK(fault("x-delayed-message", {{"x-delayed-type", 1}}) == unknown);
  CHECK(fault("x-delayed-message", {{"x-delayed-type", "x-delayed-message"}}) ==
        "Invalid argument, 'x-delayed-message' can't be used for 'x-delayed-type'");
  for (const ExchangeType& type : exchange_types()) {
    const FieldTable arguments{{"x-delayed-type", type.name}};
    if (type.name == "x-delayed-message") {
      CHECK(find_routing_type("x-delayed-message", arguments) == nullptr);
      CHECK(make_matcher("x-delayed-message", arguments) == nullptr);
      continue;
    }
    CHECK(fault("x-delayed-message", arguments) == "none");
    CHECK(find_routing_type("x-delayed-message", arguments) == &type);
    const auto matcher = make_matcher("x-delayed-message", arguments);
    REQUIRE(matcher != nullptr);
    CHECK(matcher->is_cacheable() == make_matcher(type.name)->is_cacheable());
  }
  // The rules of that type hold, with the exchange's other arguments.
  CHECK(fault("x-delayed-message", {{"x-delayed-type", "x-consistent-hash"},
                                    {"hash-property", "type"}}) == "Unsupported property: type");
  const FieldTable hashing{{"x-delayed-type", "x-consistent-hash"}, {"hash-header", "h"}};
  CHECK(binding_fault("x-delayed-message", hashing, "k") ==
        "The binding key must be an integer: <<\"k\">>");
  CHECK_FALSE(make_matcher("x-delayed-message", hashing)->is_cacheable());
  CHECK(binding_fault("x-delayed-message", {{"x-delayed-type", "headers"}}, "",
                      arguments({{"x-match", "bad"}})) ==
        "Invalid x-match field value <<\"bad\">>; expected all, any, all-with-x, or any-with-x");
  CHECK(make_matcher("x-delayed-message", {}) == nullptr);
  CHECK(make_matcher("x-delayed-message", {{"x-delayed-type", 1}}) == nullptr);
}

TEST_CASE("a delayed exchange routes by its type's rule") {
  const auto topic = make_matcher("x-delayed-message", {{"x-delayed-type", "topic"}});
  topic->bind(binding(to_queue(1), "a.*"));
  CHECK(route(*topic, "a.b") == std::vector{to_queue(1)});
  CHECK(route(*topic, "b").empty());
}
