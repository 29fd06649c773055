// Bindings: what makes two of them the same one, and the types an exchange may have.
#include <catch2/catch.hpp>

#include "unit/exchange/exchange_builders.hpp"

using namespace tern;
using namespace tern::exchange;
using namespace tern::exchange::test;

TEST_CASE("arguments in another order are the same arguments") {
  const FieldTable one{{"b", 1}, {"a", "x"}, {"c", FieldValue{}}};
  const FieldTable other{{"c", FieldValue{}}, {"a", "x"}, {"b", 1}};
  CHECK(encode_entries(one) != encode_entries(other));
  CHECK(arguments(one) == arguments(other));
  CHECK(arguments(one) == encode_entries({{"a", "x"}, {"b", 1}, {"c", FieldValue{}}}));
  CHECK(arguments(one) != arguments({{"b", 2}, {"a", "x"}, {"c", FieldValue{}}}));
}

TEST_CASE("arguments of equal names keep their order") {
  const FieldTable table{{"b", 1}, {"a", 2}, {"a", 1}};
  CHECK(arguments(table) == encode_entries({{"a", 2}, {"a", 1}, {"b", 1}}));
}

TEST_CASE("malformed arguments are refused") {
  CHECK_FALSE(canonical_arguments("\x01").has_value());
  CHECK_FALSE(canonical_arguments(std::string("\x01"
                                              "aI\0\0",
                                              5))
                  .has_value());
  CHECK(canonical_arguments("").value().empty());
}

TEST_CASE("unbinding an argument-different binding removes only that one") {
  for (const std::string type :
       {"direct", "fanout", "topic", "headers", "x-random", "x-modulus-hash"}) {
    INFO(type);
    const auto matcher = make_matcher(type);
    // x- arguments are no conditions, so both bindings match in a headers exchange, too.
    const Binding plain = binding(to_queue(1), "k");
    const Binding with_arguments = binding(to_queue(1), "k", {{"x-note", 1}});
    CHECK(matcher->bind(plain));
    CHECK(matcher->bind(with_arguments));
    CHECK_FALSE(matcher->bind(plain));
    CHECK_FALSE(matcher->bind(with_arguments));
    CHECK(matcher->size() == 2);
    CHECK(route(*matcher, "k") == std::vector{to_queue(1)});

    CHECK_FALSE(matcher->unbind(binding(to_queue(1), "k", {{"x-note", 2}})));
    CHECK_FALSE(matcher->unbind(binding(to_queue(1), "other")));
    CHECK_FALSE(matcher->unbind(binding(to_exchange(1), "k")));
    CHECK(matcher->unbind(plain));
    CHECK_FALSE(matcher->unbind(plain));
    CHECK(route(*matcher, "k") == std::vector{to_queue(1)});
    CHECK(matcher->unbind(with_arguments));
    CHECK(route(*matcher, "k").empty());
    CHECK(matcher->empty());
  }
}
