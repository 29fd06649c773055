// x-random and x-modulus-hash: one target for each message, and how often which.
#include <catch2/catch.hpp>
#include <map>

#include "unit/exchange/matcher_model.hpp"

using namespace tern;
using namespace tern::exchange;
using namespace tern::exchange::test;

namespace {

std::map<std::uint32_t, int> counts(const Matcher& matcher, int messages) {
  std::map<std::uint32_t, int> result;
  for (int i = 0; i < messages; ++i) {
    const auto targets = route(matcher, "key-" + std::to_string(i));
    REQUIRE(targets.size() == 1);
    ++result[targets[0].id];
  }
  return result;
}

}  // namespace

TEST_CASE("one of the bindings is picked, so a queue with nine of ten gets nine tenths") {
  for (const std::string type : {"x-random", "x-modulus-hash"}) {
    INFO(type);
    const auto matcher = make_matcher(type);
    CHECK(route(*matcher, "k").empty());
    for (int i = 0; i < 9; ++i) matcher->bind(binding(to_queue(2), std::to_string(i)));
    matcher->bind(binding(to_queue(1), "0"));
    const auto result = counts(*matcher, 10'000);
    CHECK(result.at(2) > 8'800);
    CHECK(result.at(2) < 9'200);
    CHECK(result.size() == 2);
  }
}

TEST_CASE("random routes differ for equal keys, and are the same in every run") {
  const auto one = make_matcher("x-random");
  const auto other = make_matcher("x-random");
  for (std::uint32_t id = 1; id <= 4; ++id) {
    one->bind(binding(to_queue(id), ""));
    other->bind(binding(to_queue(5 - id), ""));
  }
  std::map<std::uint32_t, int> result;
  for (int i = 0; i < 4000; ++i) {
    const auto targets = route(*one, "k");
    REQUIRE(targets.size() == 1);
    ++result[targets[0].id];
    REQUIRE(route(*other, "k") == targets);
  }
  CHECK(result.size() == 4);
  for (const auto& [id, count] : result) {
    INFO("queue " << id);
    CHECK(count > 900);
    CHECK(count < 1100);
  }
}

TEST_CASE("a modulus hash stays with its queue, in whatever order the queues were bound") {
  const auto one = make_matcher("x-modulus-hash");
  const auto other = make_matcher("x-modulus-hash");
  for (std::uint32_t id = 1; id <= 7; ++id) {
    one->bind(binding(to_queue(id), "x"));
    other->bind(binding(to_queue(8 - id), "x"));
  }
  other->bind(binding(to_queue(3), "more"));
  other->unbind(binding(to_queue(3), "x"));
  std::map<std::uint32_t, int> result;
  for (int i = 0; i < 7000; ++i) {
    const std::string key = std::to_string(i);
    const auto targets = route(*one, key, encode_entries({{"header", i}}));
    REQUIRE(targets.size() == 1);
    REQUIRE(route(*one, key) == targets);
    REQUIRE(route(*other, key) == targets);
    ++result[targets[0].id];
  }
  CHECK(result.size() == 7);
  for (const auto& [id, count] : result) {
    INFO("queue " << id);
    CHECK(count > 880);
    CHECK(count < 1120);
  }
}
