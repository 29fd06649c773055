// Consumers that keep messages too long, on Consumers alone.
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>

#include "queue/consumers.hpp"
#include "unit/queue/null_sink.hpp"
#include "unit/queue/times.hpp"

namespace tern::queue::test {

namespace {
struct Held final : Consumers::Holdings {
  NullSink sink;
  std::map<Consumers::Index, std::map<Position, Time>> held;
  Consumers consumers{sink, this};

  bool holds(Consumers::Index index, Position place) override {
    return held[index].count(place) != 0;
  }

  static ConsumerId id_of(std::uint32_t number) {
    return {.session = {.shard = ShardId{0}, .number = 1}, .number = number};
  }
  Consumers::Index add(std::uint32_t number, std::optional<Millis> timeout = std::nullopt) {
    REQUIRE(consumers.add({.id = id_of(number), .timeout = timeout}) == ConsumeError::none);
    return consumers.find(id_of(number));
  }
  void give(Consumers::Index index, Position place, std::int64_t now) {
    held[index][place] = at(now);
    consumers.checked_out(index);
    if (consumers.has_timeout(index)) consumers.held(index, place, at(now));
  }
  void settle(Consumers::Index index, Position place, bool back = false) {
    REQUIRE(held[index].erase(place) == 1);
    if (back) consumers.returned(index, place);
    consumers.settled(index, 1);
  }
};
}  // namespace

TEST_CASE("the oldest unacked message of a consumer decides when it times out") {
  Held h;
  const auto one = h.add(1, Millis{100});
  const auto two = h.add(2);
  h.give(one, 1, 1000);
  h.give(two, 2, 1000);
  h.give(one, 3, 1050);
  h.give(one, 4, 1060);
  CHECK(h.consumers.next_deadline() == at(1100));
  CHECK_FALSE(h.consumers.timed_out(at(1099)));
  h.settle(one, 1);
  CHECK_FALSE(h.consumers.timed_out(at(1100)));
  CHECK(h.consumers.next_deadline() == at(1150));
  const auto late = h.consumers.timed_out(at(1150));
  REQUIRE(late);
  CHECK(late->index == one);
  CHECK(late->timeout == Millis{100});
  CHECK(late->places == std::vector<Position>{3, 4});
  CHECK_FALSE(h.consumers.timed_out(at(1'000'000)));
}

TEST_CASE("a message that came back and went out again counts from then") {
  Held h;
  const auto one = h.add(1, Millis{100});
  h.give(one, 1, 0);
  h.give(one, 2, 10);
  h.settle(one, 1, true);
  h.give(one, 1, 80);
  h.settle(one, 2);
  CHECK_FALSE(h.consumers.timed_out(at(179)));
  const auto late = h.consumers.timed_out(at(180));
  REQUIRE(late);
  CHECK(late->places == std::vector<Position>{1});
}

TEST_CASE("the queue's timeout holds for consumers without one, and may change") {
  Held h;
  h.consumers.set_timeout(Millis{500});
  const auto one = h.add(1, Millis{100});
  const auto two = h.add(2);
  const auto three = h.add(3, Millis{0});
  h.give(one, 1, 0);
  h.give(two, 2, 0);
  h.give(three, 3, 0);
  CHECK(h.consumers.timed_out(at(100))->index == one);
  h.settle(one, 1);
  CHECK_FALSE(h.consumers.timed_out(at(100)));
  CHECK_FALSE(h.consumers.timed_out(at(499)));
  h.consumers.set_timeout(Millis{200});
  CHECK(h.consumers.next_deadline() == at(200));
  h.consumers.set_timeout(Millis{600});
  CHECK_FALSE(h.consumers.timed_out(at(599)));
  h.consumers.set_timeout(std::nullopt);
  CHECK_FALSE(h.consumers.timed_out(at(10'000)));
  CHECK_FALSE(h.consumers.has_timeout(two));
  CHECK_FALSE(h.consumers.has_timeout(three));
}

TEST_CASE("gets do not time out; a removed consumer's messages do") {
  Held h;
  h.consumers.set_timeout(Millis{100});
  const auto getter = h.consumers.holder(Held::id_of(0));
  h.give(getter, 1, 0);
  CHECK_FALSE(h.consumers.next_deadline());
  const auto one = h.add(1);
  h.give(one, 2, 0);
  h.consumers.remove(Held::id_of(1));
  CHECK(h.consumers.timed_out(at(100))->index == one);
}

TEST_CASE("a record used again has no deadline of its former consumer") {
  Held h;
  const auto one = h.add(1, Millis{1000});
  h.give(one, 1, 0);
  h.settle(one, 1);
  h.consumers.remove(Held::id_of(1));
  const auto two = h.add(2, Millis{100});
  REQUIRE(two == one);
  h.give(two, 2, 50);
  CHECK_FALSE(h.consumers.timed_out(at(149)));
  CHECK(h.consumers.timed_out(at(150)));
}

TEST_CASE("a message kept for long costs no memory for those that passed") {
  HoldTimes times;
  std::set<Position> held{1};
  const auto is_held = [&held](Position place) { return held.count(place) != 0; };
  times.delivered(1, at(0), 1, is_held);
  for (Position place = 2; place != 100'000; ++place) {
    held.insert(place);
    times.delivered(place, at(1), 2, is_held);
    held.erase(place);
    if (place % 3 == 0) times.returned(place);
  }
  CHECK(times.resident() <= 100);
  CHECK(times.oldest(is_held) == at(0));
}

TEST_CASE("random deliveries and settlements: who times out, and when") {
  std::mt19937_64 engine(5);
  const auto random = [&engine](std::uint64_t below) { return engine() % below; };
  Held h;
  h.consumers.set_timeout(Millis{300});
  std::vector<Consumers::Index> indices;
  for (std::uint32_t number = 1; number <= 5; ++number)
    indices.push_back(
        h.add(number, number % 2 == 0 ? std::optional(Millis{number * 50}) : std::nullopt));
  std::vector<Position> back;
  Position last = 0;
  std::int64_t now = 0;
  int timeouts = 0;
  for (int step = 0; step != 50'000; ++step) {
    const auto index = indices[random(indices.size())];
    if (random(2) == 0) {
      // One that came back, or a new one; places of settled messages are not used again.
      const bool fresh = back.empty() || random(3) == 0;
      const Position place = fresh ? ++last : back.back();
      if (!fresh) back.pop_back();
      h.give(index, place, now);
    } else if (!h.held[index].empty()) {
      auto chosen = h.held[index].begin();
      std::advance(chosen, static_cast<std::ptrdiff_t>(random(h.held[index].size())));
      const bool returns = random(2) == 0;
      if (returns) back.push_back(chosen->first);
      h.settle(index, chosen->first, returns);
    }
    now += static_cast<std::int64_t>(random(8));
    while (const auto late = h.consumers.timed_out(at(now))) {
      ++timeouts;
      Time oldest = Time::max();
      for (const auto& [place, since] : h.held[late->index]) oldest = std::min(oldest, since);
      REQUIRE(oldest + late->timeout <= at(now));
      REQUIRE(late->places.size() == h.held[late->index].size());
      for (const Position place : late->places) {
        back.push_back(place);
        h.settle(late->index, place, true);
      }
    }
    for (const auto i : indices)
      for (const auto& [place, since] : h.held[i]) {
        const auto number = h.consumers.at(i).id.number;
        REQUIRE(since + Millis{number % 2 == 0 ? number * 50 : 300} > at(now));
      }
  }
  CHECK(timeouts > 20);
}

}  // namespace tern::queue::test
