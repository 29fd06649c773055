// TargetSet: each target once, in the order of arrival, small and large, across clears.
#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "unit/exchange/exchange_builders.hpp"

using namespace tern::exchange;
using namespace tern::exchange::test;

TEST_CASE("a target set holds each target once") {
  TargetSet targets;
  CHECK(targets.empty());
  CHECK(targets.add(to_queue(7)));
  CHECK_FALSE(targets.add(to_queue(7)));
  CHECK(targets.add(to_exchange(7)));
  CHECK(targets.size() == 2);
  CHECK(targets.items()[0] == to_queue(7));
  CHECK(targets.items()[1] == to_exchange(7));
  CHECK(targets.contains(to_exchange(7)));
  CHECK_FALSE(targets.contains(to_queue(8)));
}

TEST_CASE("a target set forgets everything when cleared") {
  TargetSet targets;
  for (int round = 0; round < 3; ++round) {
    for (std::uint32_t id = 0; id < 1000; ++id) CHECK(targets.add(to_queue(id * 64)));
    for (std::uint32_t id = 0; id < 1000; ++id) CHECK_FALSE(targets.add(to_queue(id * 64)));
    CHECK(targets.size() == 1000);
    targets.clear();
    CHECK(targets.empty());
    CHECK_FALSE(targets.contains(to_queue(0)));
    // A small set after a large one starts from the small form again.
    CHECK(targets.add(to_queue(64)));
    CHECK_FALSE(targets.add(to_queue(64)));
    CHECK_FALSE(targets.contains(to_queue(128)));
    targets.clear();
  }
}

TEST_CASE("a target set agrees with a model at every size") {
  const std::uint32_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  TargetSet targets;
  for (int round = 0; round < 300; ++round) {
    targets.clear();
    std::set<Target> model;
    std::vector<Target> order;
    const std::uint32_t range = 1 + random() % 200;
    for (std::uint32_t i = random() % 200; i > 0; --i) {
      const Target target{random() % 2 == 0 ? Target::Kind::queue : Target::Kind::exchange,
                          static_cast<std::uint32_t>(random() % range)};
      REQUIRE(targets.contains(target) == (model.count(target) == 1));
      const bool is_new = model.insert(target).second;
      REQUIRE(targets.add(target) == is_new);
      if (is_new) order.push_back(target);
    }
    REQUIRE(std::equal(order.begin(), order.end(), targets.items().begin(), targets.items().end()));
  }
}
