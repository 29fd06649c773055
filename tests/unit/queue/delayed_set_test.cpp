// Messages that wait for their time, with a store that commits and answers when told to.
#include "queue/delayed_set.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "message/properties.hpp"
#include "queue/place.hpp"
#include "unit/queue/null_sink.hpp"

namespace tern::queue::test {

namespace {

Time at(std::int64_t ms) {
  return Time{Millis{ms}};
}

MessageRef make(const std::string& body, bool persistent) {
  return MessageRef::gather({.names = std::string_view("\0\1q", 3),
                             .properties = no_properties,
                             .body = body,
                             .persistent = persistent});
}

class DelayStore : public NullSink {
 public:
  struct Staged {
    Position position;
    MessageRef message;
    Time due;
    bool spilled;
    bool gone = false;
  };
  struct Kept {
    MessageRef message;
    bool spilled;
  };

  std::uint64_t stage(QueueId stream, Position position, const MessageRef& message,
                      const PublisherToken&, Time due) override {
    REQUIRE(stream == delayed_stream(QueueId{5}));
    staged.push_back({position, message, due, false});
    return staged.size();
  }
  std::uint64_t spill(QueueId, Position position, const MessageRef& message, Time due) override {
    staged.push_back({position, message, due, true});
    return staged.size();
  }
  bool unstage(std::uint64_t stage) override {
    REQUIRE(stage > committed_stage_);
    staged[stage - 1].gone = true;
    ++withdrawn;
    return true;
  }
  void settle_stored(QueueId, const StoredRange& range) override {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
    for (Position position = range.first; position != range.last; ++position) {
      const auto found = kept.find(position);
      if (found != kept.end() && found->second.spilled == range.spilled) {
        ++count;
        bytes += found->second.message->bytes();
        kept.erase(found);
        continue;
      }
      for (std::size_t stage = committed_stage_; stage != staged.size(); ++stage) {
        Staged& entry = staged[stage];
        if (entry.position != position || entry.gone || entry.spilled != range.spilled) continue;
        entry.gone = true;
        ++count;
        bytes += entry.message->bytes();
      }
    }
    REQUIRE(count == range.count);
    REQUIRE(bytes == range.bytes);
  }
  void read(QueueId, Position from, Position to, std::uint64_t) override {
    REQUIRE_FALSE(reading);
    reading = Range{from, to};
    ++reads;
  }
  void read_due(QueueId, const DuePoint& after, std::uint32_t count_max) override {
    REQUIRE_FALSE(asked);
    asked = true;
    entries.clear();
    auto found = index.upper_bound(after);
    for (; found != index.end() && entries.size() != count_max; ++found) entries.push_back(*found);
    is_last = found == index.end();
  }
  void trim_due(QueueId, const DuePoint& last) override {
    index.erase(index.begin(), index.upper_bound(last));
  }
  void publish_settled(const PublisherToken&, PublishOutcome) override { ++told; }
  void wake_on_commit(QueueId) override { ++wakes; }

  void commit_to(std::uint64_t stage) {
    for (; committed_stage_ != stage; ++committed_stage_) {
      Staged& entry = staged[committed_stage_];
      if (!entry.gone) {
        kept[entry.position] = {entry.message, entry.spilled};
        index.insert({entry.due, entry.position});
      }
      entry.message.reset();
    }
  }
  void restart() {
    std::erase_if(kept, [](const auto& entry) { return entry.second.spilled; });
    staged.clear();
    committed_stage_ = 0;
    reading.reset();
    asked = false;
  }

  struct Range {
    Position from;
    Position to;
  };
  std::vector<Staged> staged;
  std::map<Position, Kept> kept;
  std::set<DuePoint> index;
  std::optional<Range> reading;
  std::vector<DuePoint> entries;
  bool asked = false;
  bool is_last = false;
  int reads = 0;
  int withdrawn = 0;
  int told = 0;
  int wakes = 0;
};

struct Bench {
  DelayStore store;
  std::unique_ptr<Context> context;
  std::unique_ptr<DelayedSet> set;
  std::vector<std::string> released;

  explicit Bench(std::uint64_t window = 16 << 20) { make_set(window); }

  void make_set(std::uint64_t window) {
    const Settings settings{.id = QueueId{5}, .durable = true, .window_tail_bytes = window};
    context = std::make_unique<Context>(Context{.settings = settings, .sink = store});
    set = std::make_unique<DelayedSet>(*context, [this](MessageRef&& message, const StoredRange&) {
      released.emplace_back(message->body());
    });
  }
  void add(const std::string& body, std::int64_t due, bool persistent = true) {
    set->add(make(body, persistent), {.session = {}, .sequence = 1}, at(due));
    set->balance();
  }
  void run(std::int64_t now) {
    context->now = at(now);
    context->wake_asked = false;
    std::uint32_t budget = 1000;
    set->fire(budget);
    set->balance();
  }
  void answer() {
    if (store.asked) {
      store.asked = false;
      set->due_loaded(store.entries, store.is_last);
    }
    if (store.reading) {
      const auto range = *store.reading;
      store.reading.reset();
      std::vector<Loaded> messages;
      for (auto found = store.kept.lower_bound(range.from);
           found != store.kept.end() && found->first < range.to; ++found)
        messages.push_back({found->first, found->second.message, 0});
      set->loaded(range.from, range.to, messages);
    }
  }
  void run_all(std::int64_t now) {
    run(now);
    while (store.asked || store.reading) {
      answer();
      run(now);
    }
  }
  void commit() {
    store.commit_to(store.staged.size());
    set->balance();
  }
  /// What was released since the last call.
  std::string taken() {
    std::string text;
    for (const auto& body : released) text += (text.empty() ? "" : " ") + body;
    released.clear();
    return text;
  }
  Recovered recovered() const {
    Recovered result{.has_due = !store.index.empty()};
    for (const auto& [position, kept] : store.kept) {
      if (result.count++ == 0) result.low_water_mark = position;
      result.next = position + 1;
    }
    return result;
  }
};

}  // namespace

TEST_CASE("delayed messages are released in order of their time") {
  Bench bench;
  bench.add("c", 300);
  bench.add("a", 100, false);
  bench.add("b", 200);
  CHECK(bench.set->count() == 3);
  CHECK(bench.context->counts.delayed == 3);
  CHECK(bench.set->next_due() == at(100));
  CHECK(bench.store.told == 1);
  bench.run(99);
  CHECK(bench.taken().empty());
  bench.run(250);
  CHECK(bench.taken() == "a b");
  CHECK(bench.set->next_due() == at(300));
  bench.run(300);
  CHECK(bench.taken() == "c");
  // What was staged is settled with the new copy, not withdrawn: its publisher waits for that.
  CHECK(bench.store.withdrawn == 0);
  bench.commit();
  CHECK(bench.store.kept.empty());
  CHECK(bench.context->counts.delayed == 0);
  CHECK(bench.context->counts.resident_bytes == 0);
}

TEST_CASE("what is stored leaves memory, and is read when it is due") {
  Bench bench;
  for (int number = 1; number <= 100; ++number) bench.add(std::to_string(number), 1000 + number);
  CHECK(bench.context->counts.resident_bytes != 0);
  CHECK(bench.store.wakes == 1);
  bench.commit();
  CHECK(bench.context->counts.resident_bytes == 0);
  CHECK(bench.set->count() == 100);
  bench.run_all(1003);
  CHECK(bench.taken() == "1 2 3");
  CHECK(bench.store.reads == 1);
  CHECK(bench.store.kept.size() == 97);
  bench.run_all(2000);
  CHECK(bench.store.reads == 2);
  CHECK(bench.released.size() == 97);
  CHECK(bench.store.kept.empty());
  CHECK(bench.set->count() == 0);
}

TEST_CASE("a message that must be read is not overtaken by one in memory") {
  Bench bench;
  bench.add("a", 100);
  bench.commit();
  bench.add("b", 101);
  bench.run(200);
  CHECK(bench.taken().empty());
  bench.commit();
  bench.answer();
  bench.run(200);
  CHECK(bench.taken() == "a b");
  CHECK(bench.store.reads == 1);
  CHECK(bench.context->counts.resident_bytes == 0);
}

TEST_CASE("transient messages are spilled when there are too many of them") {
  Bench bench(10'000);
  const std::string body(1000, 'x');
  for (int number = 0; number != 50; ++number) bench.add(body, 1000 - number, false);
  CHECK(bench.store.staged.size() > 35);
  CHECK(bench.set->is_overfull());
  bench.commit();
  CHECK(bench.set->is_relaxed());
  CHECK(bench.set->count() == 50);
  bench.run_all(2000);
  CHECK(bench.released.size() == 50);
  CHECK(bench.store.kept.empty());
  CHECK(bench.context->counts.resident_bytes == 0);
}

TEST_CASE("no more than the budget is released in one go") {
  Bench bench;
  for (int number = 1; number <= 10; ++number) bench.add(std::to_string(number), number);
  bench.context->now = at(20);
  std::uint32_t budget = 4;
  bench.set->fire(budget);
  CHECK(budget == 0);
  CHECK(bench.taken() == "1 2 3 4");
}

TEST_CASE("a waiting message can be cancelled, in memory and in the store") {
  Bench bench;
  bench.add("a", 100);
  bench.add("b", 200);
  bench.commit();
  bench.add("c", 300);
  CHECK(bench.set->remove(1));
  CHECK(bench.set->remove(3));
  CHECK_FALSE(bench.set->remove(3));
  CHECK_FALSE(bench.set->remove(4));
  CHECK(bench.store.withdrawn == 1);
  CHECK(bench.set->count() == 1);
  bench.run_all(50);
  CHECK(bench.store.kept.size() == 1);
  bench.run_all(500);
  CHECK(bench.taken() == "b");
  CHECK(bench.store.kept.empty());
}

TEST_CASE("a waiting message can be released before its time, once") {
  Bench bench;
  bench.add("a", 100);
  bench.add("b", 200);
  bench.commit();
  bench.add("c", 300);
  CHECK(bench.set->run_now(2));
  CHECK(bench.set->run_now(2));
  CHECK(bench.set->run_now(3));
  bench.run_all(10);
  CHECK(bench.taken() == "c b");
  CHECK_FALSE(bench.set->run_now(2));
  bench.run_all(500);
  CHECK(bench.taken() == "a");
}

TEST_CASE("cancelling a message that is being read for its release drops it") {
  Bench bench;
  bench.add("a", 100);
  bench.add("b", 100);
  bench.commit();
  bench.run(150);
  REQUIRE(bench.store.reading);
  CHECK(bench.set->remove(1));
  bench.run_all(150);
  CHECK(bench.taken() == "b");
  CHECK(bench.store.kept.empty());
  CHECK(bench.context->counts.resident_bytes == 0);
}

TEST_CASE("delayed messages are there after a restart, released once, and marked") {
  Bench bench;
  for (int number = 1; number <= 20; ++number)
    bench.add(std::to_string(number), number * 10, number % 4 != 0);
  bench.commit();
  bench.run_all(55);
  CHECK(bench.taken() == "1 2 3 4 5");
  REQUIRE(bench.set->has_marks());
  CHECK(bench.set->take_marks().low_water == 6);
  CHECK_FALSE(bench.set->has_marks());

  bench.set.reset();
  bench.store.restart();
  bench.make_set(16 << 20);
  bench.set->restore(bench.recovered());
  CHECK(bench.set->count() == 11);
  bench.run_all(55);
  // The index still named those that were released.
  CHECK(bench.taken().empty());
  CHECK(bench.set->count() == 11);
  CHECK(bench.set->next_due() == at(60));
  bench.add("21", 65);
  bench.commit();
  bench.run_all(75);
  CHECK(bench.taken() == "6 21 7");
  CHECK(bench.set->remove(9));
  bench.run_all(1000);
  CHECK(bench.taken() == "10 11 13 14 15 17 18 19");
  CHECK(bench.set->count() == 0);
  CHECK(bench.store.kept.empty());
  CHECK(bench.set->take_marks().low_water == 21);
}

TEST_CASE("until what is due was read, the store keeps its entry and its place") {
  Bench bench;
  bench.add("a", 100);
  bench.add("b", 20'000);
  bench.add("c", 90'000);
  bench.commit();
  bench.run(30'000);
  REQUIRE(bench.store.reading);
  CHECK(bench.store.index.size() == 3);
  CHECK(bench.set->remove(1));
  CHECK(bench.set->take_marks().low_water == 1);
  bench.run_all(30'000);
  CHECK(bench.taken() == "b");
  CHECK(bench.store.index.size() == 1);
  CHECK(bench.set->take_marks().low_water == 3);
}

TEST_CASE("a read that fails is tried again, and a lost message blocks nobody") {
  Bench bench;
  bench.add("a", 100);
  bench.add("b", 101);
  bench.commit();
  bench.run(200);
  const auto range = *bench.store.reading;
  bench.store.reading.reset();
  bench.set->loaded(range.from, range.from, {});
  bench.run(200);
  CHECK_FALSE(bench.store.reading);
  CHECK(bench.set->next_due() == at(200) + DelayedSet::read_again);
  bench.store.kept.erase(1);
  bench.run_all(300);
  CHECK(bench.taken() == "b");
  CHECK(bench.set->count() == 0);
}

TEST_CASE("hundreds of thousands of delayed messages take no memory each") {
  Bench bench;
  std::mt19937 engine(1);
  for (int number = 0; number != 300'000; ++number) {
    const auto due = static_cast<std::int64_t>(1000 + engine() % 1'000'000);
    bench.set->add(make("x", true), {}, at(due));
    if (number % 1000 != 999) continue;
    bench.store.commit_to(bench.store.staged.size());
    bench.set->balance();
    REQUIRE(bench.context->counts.resident_bytes == 0);
  }
  CHECK(bench.set->count() == 300'000);
  bench.run_all(2000);
  CHECK(bench.released.size() > 200);
  CHECK(bench.context->counts.resident_bytes == 0);
}

TEST_CASE("random delays, commits, cancellations and restarts: each once, in order") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 engine(seed);
    const auto random = [&engine](std::uint64_t below) { return engine() % below; };
    const std::uint64_t window = 2000 + random(5000);
    Bench bench(window);
    struct Waiting {
      Time due;
      bool persistent;
    };
    std::map<Position, Waiting> model;
    std::int64_t now = 0;
    Position next = 1;
    Time last{};
    const auto check_released = [&] {
      for (const std::string& body : bench.released) {
        const Position position = std::stoull(body);
        REQUIRE(model.count(position) == 1);
        REQUIRE(model[position].due <= at(now));
        REQUIRE(model[position].due >= last);
        last = model[position].due;
        model.erase(position);
      }
      bench.released.clear();
    };
    for (int step = 0; step != 3000; ++step) {
      const auto dice = random(1000);
      if (dice < 450) {
        const Position position = next++;
        const bool persistent = random(3) != 0;
        const auto due = now + 1 + static_cast<std::int64_t>(random(2000));
        std::string body = std::to_string(position);
        body.resize(body.size() + random(200), ' ');
        model[position] = {at(due), persistent};
        bench.add(body, due, persistent);
      } else if (dice < 600) {
        const auto ahead = bench.store.staged.size() - bench.store.committed_stage();
        bench.store.commit_to(bench.store.committed_stage() + random(ahead + 1));
        bench.set->balance();
      } else if (dice < 750) {
        bench.answer();
        bench.run(now);
      } else if (dice < 800 && !model.empty()) {
        auto chosen = model.lower_bound(1 + random(next));
        if (chosen == model.end()) continue;
        REQUIRE(bench.set->remove(chosen->first));
        model.erase(chosen);
      } else if (dice < 803) {
        // Nothing in the middle of a command: the store has what was committed.
        std::erase_if(model, [&](const auto& entry) {
          return bench.store.kept.count(entry.first) == 0 || !entry.second.persistent;
        });
        bench.set.reset();
        bench.store.restart();
        std::erase_if(bench.store.kept,
                      [&](const auto& entry) { return model.count(entry.first) == 0; });
        bench.make_set(window);
        Recovered recovered = bench.recovered();
        recovered.next = std::max(recovered.next, next);
        bench.set->restore(recovered);
        last = {};
      } else {
        now += static_cast<std::int64_t>(random(30));
        bench.run(now);
      }
      check_released();
      REQUIRE(bench.set->count() == model.size());
      REQUIRE(bench.context->counts.delayed == model.size());
    }
    now += 5000;
    bench.commit();
    for (int round = 0; round != 50; ++round) {
      bench.run_all(now);
      now += 200;
    }
    check_released();
    REQUIRE(model.empty());
    bench.commit();
    REQUIRE(bench.store.kept.empty());
    REQUIRE(bench.context->counts.resident_bytes == 0);
    REQUIRE(bench.set->count() == 0);
  }
}

}  // namespace tern::queue::test
