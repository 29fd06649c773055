// The index of due times beside a plain list of everything that was added.
#include "queue/due_index.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>

#include "unit/queue/null_sink.hpp"
#include "unit/queue/times.hpp"

namespace tern::queue::test {

namespace {

/// A store that commits and answers when told to.
class DueStore : public NullSink {
 public:
  void read_due(QueueId, const DuePoint& after, std::uint32_t count_max) override {
    REQUIRE_FALSE(asked);
    asked = true;
    ++reads;
    answer.clear();
    auto found = committed.upper_bound(after);
    for (; found != committed.end() && answer.size() != count_max; ++found)
      answer.push_back(*found);
    is_last = found == committed.end();
  }
  void trim_due(QueueId, const DuePoint& last) override {
    trims.push_back(last);
    committed.erase(committed.begin(), committed.upper_bound(last));
  }
  void give(DueIndex& index) {
    if (!asked) return;
    asked = false;
    index.loaded(answer, is_last);
  }

  std::set<DuePoint> committed;
  std::vector<DuePoint> trims;
  bool asked = false;
  int reads = 0;

 private:
  std::vector<DuePoint> answer;
  bool is_last = false;
};

/// An index with its store and what it ought to fire.
struct IndexBench {
  explicit IndexBench(std::uint64_t seed, std::size_t most = 64)
      : engine(seed), index(QueueId{1}, store, keeping(), most) {}

  DueIndex::KeepingOf keeping() {
    return [this](Position position) {
      const auto found = states.find(position);
      return found == states.end() ? DueIndex::Keeping::gone : found->second;
    };
  }
  std::uint64_t random(std::uint64_t below) { return engine() % below; }

  void add(std::int64_t due, bool stored) {
    const DuePoint point{at(due), ++last_position};
    states[point.position] = DueIndex::Keeping::memory;
    live.insert(point);
    if (stored) staged.push_back(point);
    index.add(point, stored);
  }
  void commit(std::size_t count) {
    for (; count != 0 && !staged.empty(); --count) {
      const DuePoint point = staged.front();
      staged.erase(staged.begin());
      store.committed.insert(point);
      if (states.count(point.position) != 0) states[point.position] = DueIndex::Keeping::stored;
    }
  }
  void settle_any() {
    if (live.empty()) return;
    auto chosen = live.lower_bound({at(now + static_cast<std::int64_t>(random(2000))), 0});
    if (chosen == live.end()) return;
    states.erase(chosen->position);
    live.erase(chosen);
  }
  void fire() {
    while (const auto point = index.pop_due(at(now))) {
      REQUIRE(point->due <= at(now));
      REQUIRE((live.empty() || *live.begin() >= *point));
      if (live.erase(*point) != 0) states.erase(point->position);
    }
    index.trim();
    index.read_on();
  }
  void fire_all() {
    fire();
    while (store.asked) {
      store.give(index);
      fire();
    }
  }

  std::mt19937_64 engine;
  DueStore store;
  std::map<Position, DueIndex::Keeping> states;
  std::set<DuePoint> live;
  std::vector<DuePoint> staged;
  DueIndex index;
  Position last_position = 0;
  std::int64_t now = 0;
};

}  // namespace

TEST_CASE("due entries fire in order, when their time has come") {
  IndexBench bench(1);
  CHECK_FALSE(bench.index.next());
  bench.add(30, false);
  bench.add(10, true);
  bench.add(20, false);
  CHECK(bench.index.next() == at(10));
  CHECK_FALSE(bench.index.pop_due(at(9)));
  CHECK(bench.index.pop_due(at(25)) == DuePoint{at(10), 2});
  CHECK(bench.index.pop_due(at(25)) == DuePoint{at(20), 3});
  CHECK_FALSE(bench.index.pop_due(at(25)));
  CHECK(bench.index.next() == at(30));
  CHECK(bench.store.reads == 0);
}

TEST_CASE("what is not in the store stays in memory, what is gone does not") {
  IndexBench bench(1);
  for (int due = 1; due <= 500; ++due) bench.add(due, false);
  CHECK(bench.index.resident() == 500);
  bench.states.clear();
  bench.live.clear();
  for (int due = 501; due <= 1000; ++due) {
    bench.add(due, false);
    bench.states.clear();
    bench.live.clear();
  }
  CHECK(bench.index.resident() <= 64);
  bench.now = 2000;
  bench.fire_all();
  CHECK(bench.store.reads == 0);
}

TEST_CASE("an index is read after a restart, and from then on as it runs low") {
  IndexBench bench(1);
  for (int due = 1; due <= 100; ++due) {
    const DuePoint point{at(due), static_cast<Position>(due)};
    bench.store.committed.insert(point);
    bench.live.insert(point);
    bench.states[point.position] = DueIndex::Keeping::stored;
  }
  bench.last_position = 100;
  bench.index.restore(true);
  CHECK_FALSE(bench.index.is_empty());
  bench.index.read_on();
  CHECK(bench.store.asked);
  // Something earlier comes while the answer is on its way.
  bench.add(1, false);
  bench.store.give(bench.index);
  CHECK(bench.index.next() == at(1));
  CHECK(bench.index.resident() <= 64);
  bench.now = 100;
  bench.fire_all();
  CHECK(bench.live.empty());
  CHECK(bench.index.is_empty());
  CHECK(bench.store.reads > 3);
}

TEST_CASE("the store's index is trimmed rarely, and never past what is still to fire") {
  IndexBench bench(1, 40'000);
  for (int due = 1; due <= 10'000; ++due) bench.add(due, true);
  bench.commit(10'000);
  bench.now = 4000;
  bench.fire();
  CHECK(bench.store.trims.empty());
  bench.now = 5000;
  bench.fire();
  REQUIRE(bench.store.trims.size() == 1);
  CHECK(bench.store.trims[0] == DuePoint{at(5000), 5000});
  // An entry that comes late holds the trim back until it has fired.
  bench.now = 9900;
  while (bench.index.pop_due(at(bench.now))) {
  }
  bench.add(5500, true);
  bench.index.trim();
  REQUIRE(bench.store.trims.size() == 2);
  CHECK(bench.store.trims[1] == DuePoint{at(5500), 10'000});
  bench.index.trim(DuePoint{at(5200), 1});
  CHECK(bench.store.trims.size() == 2);
}

TEST_CASE("a trim leaves what fired and is not finished") {
  IndexBench bench(1, 40'000);
  for (int due = 1; due <= 5000; ++due) bench.add(due, true);
  while (bench.index.pop_due(at(5000))) {
  }
  bench.index.trim(DuePoint{at(4001), 4001});
  REQUIRE(bench.store.trims.size() == 1);
  CHECK(bench.store.trims[0] == DuePoint{at(4001), 4000});
}

TEST_CASE("a trim leaves what came late and is in the store only") {
  IndexBench bench(1);
  bench.add(30'000, true);
  bench.add(50'000, true);
  bench.now = 50'000;
  bench.fire();
  REQUIRE(bench.store.trims.size() == 1);
  for (int due = 1; due <= 60; ++due) {
    bench.add(20'000 + due, true);
    bench.commit(1);
  }
  REQUIRE(bench.index.resident() < 60);
  bench.fire_all();
  CHECK(bench.live.empty());
}

TEST_CASE("after quiet times the store's index is trimmed, too") {
  IndexBench bench(1);
  bench.add(1000, true);
  bench.add(2000, true);
  bench.add(11'000, true);
  bench.now = 2000;
  bench.fire();
  CHECK(bench.store.trims.empty());
  bench.now = 11'000;
  bench.fire();
  CHECK(bench.store.trims.size() == 1);
  IndexBench transient(1);
  transient.add(1000, false);
  transient.add(50'000, false);
  transient.now = 50'000;
  transient.fire();
  CHECK(transient.store.trims.empty());
}

TEST_CASE("random additions, commits, reads and time: exact order, nothing lost") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    INFO("seed " << seed);
    IndexBench bench(seed, 16 + seed * 4);
    for (int step = 0; step != 6000; ++step) {
      const auto dice = bench.random(100);
      const bool filling = step / 500 % 2 == 0;
      if (dice < (filling ? 80U : 30U)) {
        const auto spread = bench.random(4) == 0 ? 20U : 3000U;
        const auto late = bench.random(50) == 0 ? bench.random(3000) : 0;
        bench.add(bench.now + static_cast<std::int64_t>(bench.random(spread) - late),
                  bench.random(8) != 0);
      } else if (dice < 84) {
        bench.commit(bench.random(20));
      } else if (dice < 88) {
        bench.settle_any();
      } else if (dice < 93) {
        bench.store.give(bench.index);
      } else {
        bench.now += static_cast<std::int64_t>(bench.random(filling ? 20 : 200));
        bench.fire();
        // As long as no read is under way nothing may be late.
        if (!bench.store.asked)
          REQUIRE((bench.live.empty() || bench.live.begin()->due > at(bench.now)));
      }
    }
    bench.now += 10'000;
    bench.commit(1'000'000);
    bench.fire_all();
    REQUIRE(bench.live.empty());
    REQUIRE(bench.index.resident() == 0);
  }
}

namespace {
/// A store of `total` entries that takes no memory: position p is due at (p * factor) mod total.
class ComputedStore : public NullSink {
 public:
  static constexpr std::uint64_t total = 5'000'000;
  static constexpr std::uint64_t factor = 1'234'567;

  ComputedStore() {
    // The inverse of the factor: factor * inverse = 1 (mod total).
    std::int64_t a = factor, b = total, x = 1, y = 0;
    while (b != 0) {
      const std::int64_t quotient = a / b;
      a = std::exchange(b, a - quotient * b);
      x = std::exchange(y, x - quotient * y);
    }
    REQUIRE(a == 1);
    inverse_ = static_cast<std::uint64_t>(x < 0 ? x + static_cast<std::int64_t>(total) : x);
  }
  static DuePoint point(std::uint64_t position) {
    return {at(static_cast<std::int64_t>(position * factor % total)), position};
  }
  void read_due(QueueId, const DuePoint& after, std::uint32_t count_max) override {
    answer.clear();
    auto due = static_cast<std::uint64_t>(after.due.time_since_epoch().count());
    for (; due != total && answer.size() != count_max; ++due) {
      const std::uint64_t position = due * inverse_ % total;
      const DuePoint entry{at(static_cast<std::int64_t>(due)), position};
      if (position != 0 && position < committed && entry > after) answer.push_back(entry);
    }
    is_last = due == total;
    asked = true;
  }

  std::uint64_t committed = 1;
  std::vector<DuePoint> answer;
  bool is_last = false;
  bool asked = false;

 private:
  std::uint64_t inverse_ = 0;
};
}  // namespace

TEST_CASE("five million entries need no more memory than thirty thousand") {
  ComputedStore store;
  DueIndex index(QueueId{1}, store, [&store](Position position) {
    return position < store.committed ? DueIndex::Keeping::stored : DueIndex::Keeping::memory;
  });
  for (Position position = 1; position != ComputedStore::total; ++position) {
    index.add(ComputedStore::point(position), true);
    if (position % 1000 == 0) store.committed = position + 1;
    if (position % 1000 == 0) REQUIRE(index.resident() <= DueIndex::entries_max);
  }
  store.committed = ComputedStore::total;
  std::int64_t fired = 0;
  bool exact = true;
  for (;;) {
    while (const auto point = index.pop_due(at(1LL << 40)))
      exact = exact && point->due == at(++fired);
    index.read_on();
    if (!store.asked) break;
    store.asked = false;
    index.loaded(store.answer, store.is_last);
    REQUIRE(index.resident() <= DueIndex::entries_max);
  }
  CHECK(exact);
  CHECK(fired == ComputedStore::total - 1);
}

}  // namespace tern::queue::test
