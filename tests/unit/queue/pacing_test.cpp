// Pacing: publishers are held for consumers that are fast, and for those only.
#include "queue/pacing.hpp"

#include <catch2/catch.hpp>

namespace tern::queue::test {
namespace {

constexpr std::uint64_t window = 16ULL << 20;
constexpr std::uint64_t much = 3ULL << 20;
constexpr std::uint64_t little = 1ULL << 20;
constexpr Time begin{Millis{1000}};

}  // namespace

TEST_CASE("a short queue and one without consumers hold nobody") {
  Pacing pacing(window);
  CHECK_FALSE(pacing.holds(little, true, begin));
  CHECK_FALSE(pacing.holds(much, false, begin));
  CHECK(pacing.releases(much, false, begin));
  CHECK(pacing.next_due() == Time::max());
}

TEST_CASE("publishers are held until little is left") {
  Pacing pacing(window);
  REQUIRE(pacing.holds(much, true, begin));
  CHECK(pacing.holds(much, true, begin));
  CHECK_FALSE(pacing.releases(much - 1, true, begin + Millis{1}));
  CHECK_FALSE(pacing.releases(little + 1, true, begin + Millis{1}));
  CHECK(pacing.releases(little, true, begin + Millis{2}));
  CHECK(pacing.next_due() == Time::max());
}

TEST_CASE("consumers that go on taking keep publishers held beyond a step") {
  Pacing pacing(window);
  REQUIRE(pacing.holds(2 * much, true, begin));
  const Time end = pacing.next_due();
  CHECK(end == begin + Millis{20});
  CHECK_FALSE(pacing.releases(much, true, end));
  CHECK(pacing.next_due() == end + Millis{20});
}

TEST_CASE("slow consumers get no pacing, and are tried again after a rest") {
  Pacing pacing(window);
  REQUIRE(pacing.holds(much, true, begin));
  const Time end = pacing.next_due();
  CHECK(pacing.releases(much, true, end));
  CHECK_FALSE(pacing.holds(much, true, end + Millis{99}));
  CHECK_FALSE(pacing.holds(window + 1, true, end + Millis{100}));
  CHECK(pacing.holds(much, true, end + Millis{100}));
  // Slow again: the next rest is twice as long.
  const Time second = pacing.next_due();
  CHECK(pacing.releases(much, true, second));
  CHECK_FALSE(pacing.holds(much, true, second + Millis{199}));
  CHECK(pacing.holds(much, true, second + Millis{200}));
}

TEST_CASE("the last consumer's end lets publishers go on at once") {
  Pacing pacing(window);
  REQUIRE(pacing.holds(much, true, begin));
  CHECK(pacing.releases(much, false, begin + Millis{1}));
}

TEST_CASE("a queue that was short meanwhile is paced at once") {
  Pacing pacing(window);
  REQUIRE(pacing.holds(much, true, begin));
  REQUIRE(pacing.releases(much, true, begin + Millis{20}));
  REQUIRE(pacing.releases(little, true, begin + Millis{21}));
  CHECK(pacing.holds(much, true, begin + Millis{22}));
}

}  // namespace tern::queue::test
