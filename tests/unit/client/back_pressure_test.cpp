// How long to wait after a refusal: growth, bounds, jitter, and what the drain rate has to do with
// it. The publishing and watching around it is tested against a real broker (tests/client/sdk).
#include "ternmq/back_pressure.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using ternmq::retry_after;

namespace {

ternmq::back_pressure_options without_jitter() {
  ternmq::back_pressure_options options;
  options.delay_min = 10ms;
  options.delay_max = 1000ms;
  options.jitter = 0;
  return options;
}

const retry_after::time_point start{1h};

/// A queue of which 100 messages a second are taken.
retry_after drained_by_100_per_second(ternmq::back_pressure_options options) {
  retry_after wait(options, 1);
  wait.observed(start, 500);
  wait.observed(start + 1s, 400);
  return wait;
}

}  // namespace

TEST_CASE("waits double with each round, up to the longest") {
  retry_after wait(without_jitter(), 1);
  auto now = start;
  std::vector<milliseconds> waits;
  for (int round = 0; round < 9; ++round) {
    waits.push_back(wait.refused(now));
    now += waits.back();
  }
  CHECK(waits ==
        std::vector<milliseconds>{10ms, 20ms, 40ms, 80ms, 160ms, 320ms, 640ms, 1000ms, 1000ms});
}

TEST_CASE("what is accepted ends the growth") {
  retry_after wait(without_jitter(), 1);
  CHECK(wait.refused(start) == 10ms);
  CHECK(wait.refused(start + 10ms) == 20ms);
  wait.accepted();
  CHECK(wait.refused(start + 30ms) == 10ms);
}

TEST_CASE("refusals before the wait is over are of one round") {
  retry_after wait(without_jitter(), 1);
  for (int i = 0; i < 50; ++i) CHECK(wait.refused(start + 1ms) == 10ms);
  CHECK(wait.refused(start + 11ms) == 20ms);
}

TEST_CASE("the drain rate is what was there and came, less what is left") {
  retry_after wait(without_jitter(), 1);
  CHECK_FALSE(wait.drained_per_second());
  wait.observed(start, 100);
  CHECK_FALSE(wait.drained_per_second());
  CHECK(wait.depth() == 100U);
  wait.accepted(50);
  wait.observed(start + 2s, 30);
  CHECK(wait.drained_per_second() == Approx(60));  // 100 + 50 - 30 in two seconds
  wait.observed(start + 4s, 30);
  CHECK(wait.drained_per_second() == Approx(30));  // half of it is the past
  CHECK(wait.depth() == 30U);
}

TEST_CASE("a queue that others fill is not drained, and two looks at once are one") {
  retry_after wait(without_jitter(), 1);
  wait.observed(start, 10);
  wait.observed(start, 1000);
  CHECK_FALSE(wait.drained_per_second());
  wait.observed(start + 1s, 5000);
  CHECK(wait.drained_per_second() == Approx(0));
  CHECK(wait.refused(start + 1s) == 10ms);
}

TEST_CASE("each refused message of a round waits for a place of its own") {
  auto options = without_jitter();
  options.delay_min = 1ms;
  auto wait = drained_by_100_per_second(options);
  const auto now = start + 1s;
  CHECK(wait.refused(now) == 10ms);
  CHECK(wait.refused(now) == 20ms);
  CHECK(wait.refused(now) == 30ms);
  CHECK(wait.refused(now + 10ms) == 20ms);  // the next round
  for (int i = 0; i < 500; ++i) CHECK(wait.refused(now + 10ms) <= 1000ms);
}

TEST_CASE("a queue that is drained slowly is left alone for longer") {
  retry_after wait(without_jitter(), 1);
  wait.observed(start, 10);
  wait.observed(start + 10s, 5);  // one in two seconds, which is above the longest wait
  CHECK(wait.refused(start + 10s) == 1000ms);
}

TEST_CASE("jitter shortens waits, differs by seed, and keeps to the bounds") {
  auto options = without_jitter();
  options.jitter = 0.5;
  std::set<milliseconds> seen;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    retry_after wait(options, seed);
    auto now = start;
    for (int round = 0; round < 5; ++round) now += wait.refused(now);
    const auto last = wait.refused(now);  // 320 ms without jitter
    CHECK(last >= 160ms);
    CHECK(last <= 320ms);
    seen.insert(last);
  }
  CHECK(seen.size() > 20);
  retry_after one(options, 7);
  retry_after same(options, 7);
  CHECK(one.refused(start) == same.refused(start));
}

TEST_CASE("options that make no sense are put right") {
  ternmq::back_pressure_options options;
  options.delay_min = -5ms;
  options.delay_max = -10ms;
  options.jitter = 7;
  retry_after wait(options, 1);
  CHECK(wait.refused(start) == 1ms);
  CHECK(wait.refused(start + 1h) == 1ms);
}
