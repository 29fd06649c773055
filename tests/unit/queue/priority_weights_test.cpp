// Shares of priority levels.
#include "queue/priority_weights.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <random>

namespace tern::queue::test {

namespace {
LevelSet levels_of(std::initializer_list<int> levels) {
  LevelSet set;
  for (const int level : levels) set.insert(static_cast<std::uint8_t>(level));
  return set;
}
std::string serve(PriorityWeights& weights, const LevelSet& levels, int count) {
  std::string text;
  for (; count != 0; --count) {
    const auto level = weights.next(levels);
    weights.served(level, levels);
    text += static_cast<char>('0' + level);
  }
  return text;
}
}  // namespace

TEST_CASE("every level gets its share, spread evenly") {
  PriorityWeights weights({1, 2, 4}, 3);
  const LevelSet all = levels_of({0, 1, 2});
  CHECK(serve(weights, all, 7) == "2120212");
  CHECK(serve(weights, all, 7) == "2120212");
}

TEST_CASE("levels without messages leave their share to the others") {
  PriorityWeights weights({1, 2, 4}, 3);
  CHECK(serve(weights, levels_of({0, 1}), 6) == "101101");
  CHECK(serve(weights, levels_of({0}), 3) == "000");
}

TEST_CASE("levels without a weight, or with none to speak of, count as one") {
  PriorityWeights weights({0, 3}, 3);
  CHECK(serve(weights, levels_of({0, 1, 2}), 5) == "12101");
}

TEST_CASE("shares are exact over a cycle, for any weights and 256 levels") {
  std::mt19937 engine(3);
  std::vector<std::uint32_t> given;
  std::uint32_t total = 0;
  LevelSet all;
  for (int level = 0; level != 256; ++level) {
    given.push_back(static_cast<std::uint32_t>(1 + engine() % 9));
    total += given.back();
    all.insert(static_cast<std::uint8_t>(level));
  }
  PriorityWeights weights(given, 256);
  for (int cycle = 0; cycle != 2; ++cycle) {
    std::vector<std::uint32_t> got(256);
    for (std::uint32_t count = 0; count != total; ++count) {
      const auto level = weights.next(all);
      weights.served(level, all);
      ++got[level];
    }
    CHECK(got == given);
  }
}

TEST_CASE("no level is starved while others come and go") {
  std::mt19937 engine(4);
  PriorityWeights weights({1, 50, 50, 50}, 4);
  int since = 0;
  for (int count = 0; count != 20'000; ++count) {
    LevelSet levels = levels_of({0});
    for (const int level : {1, 2, 3})
      if (engine() % 2 == 0) levels.insert(static_cast<std::uint8_t>(level));
    const auto level = weights.next(levels);
    weights.served(level, levels);
    since = level == 0 ? 0 : since + 1;
    REQUIRE(since < 600);
  }
}

}  // namespace tern::queue::test
