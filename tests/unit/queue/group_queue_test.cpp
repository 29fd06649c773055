// Message groups on a whole queue: named cases, and random operations checked for what groups
// promise.
#include <random>

#include "message/properties.hpp"
#include "unit/queue/fixture.hpp"

namespace tern::queue::test {

namespace {

MessageRef in_group(const std::string& group, const std::string& body, bool persistent = false,
                    MessageOptions options = {}) {
  Properties properties;
  if (!group.empty()) properties.headers = FieldTable{{"g", group}};
  const std::string encoded = encode_properties(properties);
  return MessageRef::gather({.names = std::string_view("\0\1q", 3),
                             .properties = encoded,
                             .body = body,
                             .persistent = persistent,
                             .priority = options.priority,
                             .has_ttl = options.ttl_ms.has_value(),
                             .ttl_ms = options.ttl_ms.value_or(0),
                             .received = options.received});
}

struct Grouped : Fixture {
  explicit Grouped(const Settings& settings = {.id = QueueId{7}}) : Fixture(settings) {
    configure({.group = "g"});
  }
  void publish_in(const std::string& group, const std::string& body, bool persistent = false,
                  MessageOptions options = {}) {
    options.received = now;
    queue.publish(in_group(group, body, persistent, options), {}, now);
  }
};

}  // namespace

TEST_CASE("of a group one message is out at a time, over all consumers") {
  Grouped f;
  f.consume(1);
  f.consume(2);
  f.publish_in("a", "a1");
  f.publish_in("a", "a2");
  f.publish_in("b", "b1");
  f.publish_in("", "x");
  f.publish_in("", "y");
  CHECK(f.taken() == "1:a1 2:b1 1:x 2:y");
  CHECK(f.queue.counts().ready == 1);
  f.settle(1, {1});
  CHECK(f.taken() == "1:a2");
}

TEST_CASE("a message that came back goes before the rest of its group") {
  Grouped f;
  f.consume(1);
  for (int number = 1; number <= 3; ++number) f.publish_in("a", std::to_string(number));
  CHECK(f.taken() == "1:1");
  f.settle(1, {1}, Settlement::requeued);
  CHECK(f.taken() == "1:1*");
  f.cancel(1);
  f.settle(1, {1}, Settlement::abandoned);
  f.consume(2);
  CHECK(f.taken() == "2:1*");
  f.settle(2, {1}, Settlement::dropped);
  CHECK(f.taken() == "2:2");
}

TEST_CASE("a poison message is dead-lettered, and its group goes on") {
  Grouped f;
  f.configure({.has_dead_letter_exchange = true, .delivery_limit = 1, .group = "g"});
  f.consume(1);
  f.publish_in("a", "poison");
  f.publish_in("a", "good");
  f.settle(1, {1}, Settlement::requeued);
  f.settle(1, {1}, Settlement::requeued);
  CHECK(f.forwarded() == "poison:delivery_limit");
  CHECK(f.taken() == "1:poison 1:poison* 1:good");
}

TEST_CASE("a group waits while its message waits for a retry") {
  Grouped f;
  Rules rules{.group = "g"};
  rules.retry = {.type = Retry::Type::all, .min = Millis{100}};
  f.configure(rules);
  f.consume(1);
  f.publish_in("a", "a1");
  f.publish_in("a", "a2");
  f.publish_in("b", "b1");
  f.settle(1, {1}, Settlement::requeued);
  CHECK(f.taken() == "1:a1 1:b1");
  f.pass(100);
  CHECK(f.taken() == "1:a1*");
  f.settle(1, {1});
  CHECK(f.taken() == "1:a2");
}

TEST_CASE("parked messages expire in time, by the queue's rule and their own") {
  Grouped f;
  f.configure({.message_ttl = Millis{100}, .group = "g"});
  f.consume(1);
  f.publish_in("a", "a1");
  f.publish_in("a", "a2");
  f.publish_in("a", "a3", false, {.ttl_ms = 30});
  f.pass(30);
  CHECK(f.queue.counts().ready == 1);
  f.pass(69);
  CHECK(f.queue.counts().ready == 1);
  f.pass(1);
  CHECK(f.queue.counts().ready == 0);
  CHECK(f.queue.counts().expired == 2);
  f.publish_in("a", "a4");
  f.settle(1, {1});
  CHECK(f.taken() == "1:a1 1:a4");
}

TEST_CASE("the oldest go when there are too many, parked or not") {
  Grouped f;
  f.configure({.length_max = 2, .has_dead_letter_exchange = true, .group = "g"});
  f.consume(1, prefetching(2));
  f.publish_in("a", "a1");
  f.publish_in("a", "a2");
  f.publish_in("b", "b1");
  f.publish_in("c", "c1");
  f.publish_in("c", "c2");
  CHECK(f.taken() == "1:a1 1:b1");
  CHECK(f.forwarded() == "a2:maxlen");
  f.settle(1, {1});
  CHECK(f.taken() == "1:c1");
}

TEST_CASE("a purge takes parked messages, too") {
  Grouped f(Fixture::durable());
  f.consume(1);
  for (int number = 1; number <= 5; ++number) f.publish_in("a", std::to_string(number), true);
  f.commit();
  CHECK(f.queue.purge(f.now) == 4);
  CHECK(f.queue.counts().ready == 0);
  CHECK(f.sink.stored.size() == 1);
  f.publish_in("a", "6", true);
  CHECK(f.taken() == "1:1");
  f.settle(1, {1});
  CHECK(f.taken() == "1:6");
}

TEST_CASE("a get finds a queue whose messages are all parked empty, and is not kept waiting") {
  Grouped f;
  f.publish_in("a", "a1");
  f.publish_in("a", "a2");
  f.get(1, false);
  f.get(2, false);
  REQUIRE(f.sink.gots.size() == 2);
  CHECK(f.sink.gots[0].delivered.body == "a1");
  CHECK(f.sink.gots[1].empty);
  f.settle(0, {1});
  f.get(3);
  CHECK(f.sink.gots[2].delivered.body == "a2");
}

TEST_CASE("groups may be asked for and ended on a queue in use") {
  Fixture f;
  f.consume(1, prefetching(3));
  for (int number = 1; number <= 6; ++number)
    f.queue.publish(in_group("a", std::to_string(number)), {}, f.now);
  f.configure({.group = "g"});
  f.settle(1, {1, 2, 3});
  CHECK(f.taken() == "1:1 1:2 1:3 1:4");
  f.configure({});
  CHECK(f.taken() == "1:5 1:6");
  f.settle(1, {4, 5, 6});
  CHECK(f.queue.counts().unacked == 0);
}

TEST_CASE("permits are not kept for parked messages") {
  Grouped f;
  f.consume(1, {.id = {}, .gated = true});
  f.publish_in("a", "a1");
  f.publish_in("a", "a2");
  f.queue.permit(consumer_id(1), 2, f.now);
  CHECK(f.taken() == "1:a1");
  REQUIRE(f.sink.returned.size() == 1);
  CHECK(f.sink.returned[0].count == 1);
}

TEST_CASE("the delivered mark is above a message that was parked when its turn comes") {
  Grouped f({.id = QueueId{7}, .durable = true});
  f.consume(1);
  f.publish_in("a", "a1", true);
  f.publish_in("a", "a2", true);
  CHECK(f.taken() == "1:a1");
  f.settle(1, {1});
  CHECK(f.taken() == "1:a2");
  std::vector<StreamMark> marks;
  f.queue.take_marks(marks);
  REQUIRE(marks.size() == 1);
  CHECK(marks[0].delivered == 3);
}

TEST_CASE("stored parked messages leave memory above the window, and are read for their turn") {
  Grouped f(Fixture::durable(2000));
  f.consume(1);
  const std::string rest(200, ' ');
  for (int number = 1; number <= 60; ++number)
    f.publish_in("a", std::to_string(number) + rest, true);
  f.commit();
  f.commit();
  CHECK(f.queue.counts().resident_bytes <= 7000);
  for (Position position = 1; position <= 60; ++position) {
    f.answer_reads();
    REQUIRE(f.taken() == "1:" + std::to_string(position));
    f.settle(1, {position});
  }
  f.commit();
  CHECK(f.sink.stored.empty());
}

namespace {

/// A random life of a queue with groups; the sink side checks every delivery.
struct Life : FakeSink {
  struct Seen {
    std::string group;
    bool out = false;
    bool returned = false;  ///< may wait for a retry
  };
  std::map<Position, Seen> messages;
  std::map<std::string, Position> busy;
  std::map<ConsumerNumber, std::set<Position>> unacked;
  std::set<Position> passed_over;

  void deliver(const ConsumerId& consumer, Delivery&& delivery) override {
    const Position place = delivery.position;
    REQUIRE(messages.count(place) == 1);
    Seen& seen = messages[place];
    if (!seen.group.empty()) {
      REQUIRE(busy.count(seen.group) == 0);
      // One that is passed over must be on its way out of the queue.
      if (passed_over.count(place) != 0) FAIL("delivered after a later one of its group");
      for (const auto& [other, message] : messages)
        if (other < place && message.group == seen.group) passed_over.insert(other);
    }
    if (delivery.auto_ack) {
      messages.erase(place);
      return;
    }
    seen.out = true;
    if (!seen.group.empty()) busy[seen.group] = place;
    unacked[consumer.number].insert(place);
  }
  void forward(QueueId, Forward&& forward) override {
    if (forward.stored.count != 0) settle_stored(forward.stream, forward.stored);
    const Position place = std::stoull(std::string(forward.message->body()));
    if (const auto seen = messages.find(place); seen != messages.end()) {
      if (seen->second.out) busy.erase(seen->second.group);
      messages.erase(seen);
    }
  }
};

}  // namespace

TEST_CASE("random operations on a queue with groups: one at a time, in order, none stranded") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 engine(seed);
    const auto random = [&engine](std::uint64_t below) { return engine() % below; };
    Life life;
    Settings settings = Fixture::durable(1024 + random(4096));
    settings.durable = random(4) != 0;
    Queue queue(settings, life);
    Rules rules{.has_dead_letter_exchange = true, .group = "g"};
    if (random(2) == 0) rules.delivery_limit = 2;
    if (random(3) == 0) rules.length_max = 20 + random(50);
    if (random(3) == 0) rules.message_ttl = Millis{200};
    if (random(3) == 0) rules.retry = {.type = Retry::Type::all, .min = Millis{20}};
    Time now{};
    queue.configure(rules, now);
    Position next = 1;
    for (ConsumerNumber number = 1; number <= 3; ++number)
      REQUIRE(queue.consume({.id = consumer_id(number),
                             .auto_ack = number == 3 && seed % 3 == 0,
                             .prefetch = static_cast<std::uint32_t>(1 + random(10)),
                             .window_bytes = 1ULL << 40},
                            now) == ConsumeError::none);
    const auto answer = [&] {
      while (!life.reads.empty() || !life.due_reads.empty()) {
        if (!life.reads.empty()) life.answer_read(queue, now);
        if (!life.due_reads.empty()) life.answer_due_read(queue, now);
      }
    };
    const auto settle_some = [&](bool all) {
      for (auto& [number, places] : life.unacked) {
        if (places.empty()) continue;
        const Position place =
            *std::next(places.begin(), static_cast<std::ptrdiff_t>(random(places.size())));
        const auto how = all ? Settlement::acked
                             : std::array{Settlement::acked, Settlement::requeued,
                                          Settlement::dropped, Settlement::abandoned}[random(4)];
        places.erase(place);
        auto& seen = life.messages.at(place);
        // Whether it comes back, and when, is the queue's business; it may be out at once again.
        if (how == Settlement::acked) {
          if (!seen.group.empty()) life.busy.erase(seen.group);
          life.messages.erase(place);
        } else {
          seen.out = false;
          seen.returned = true;
          if (!seen.group.empty()) life.busy.erase(seen.group);
        }
        queue.settle(consumer_id(number), std::vector{place}, how, now);
        if (!all) return;
      }
    };
    for (int step = 0; step != 1500; ++step) {
      const auto dice = random(100);
      if (dice < 45) {
        std::string body = std::to_string(next);
        body.resize(body.size() + random(300), ' ');
        const auto group = random(6);
        const std::string name = group == 0 ? "" : std::to_string(group);
        life.messages[next++] = {.group = name};
        MessageOptions options{.received = now};
        if (random(6) == 0) options.ttl_ms = static_cast<std::uint32_t>(1 + random(300));
        queue.publish(in_group(name, body, random(2) == 0, options), {}, now);
      } else if (dice < 75) {
        settle_some(false);
      } else if (dice < 80) {
        life.commit_to(life.committed_stage() +
                       random(life.staged.size() - life.committed_stage() + 1));
        queue.commit_advanced(now);
      } else if (dice < 90) {
        answer();
      } else if (dice < 99) {
        now += Millis{static_cast<std::int64_t>(random(10))};
        if (life.wake && *life.wake <= now) {
          life.wake.reset();
          queue.tick(now);
        }
      } else if (random(10) == 0) {
        std::erase_if(life.messages, [](const auto& entry) {
          return !entry.second.out && !entry.second.returned;
        });
        queue.purge(now);
      }
    }
    // In the end everything goes out, group by group.
    for (int round = 0; round != 3000 &&
                        queue.counts().ready + queue.counts().unacked + queue.counts().delayed != 0;
         ++round) {
      life.commit_all();
      queue.commit_advanced(now);
      answer();
      settle_some(true);
      now += Millis{5};
      queue.tick(now);
    }
    REQUIRE(queue.counts().ready == 0);
    REQUIRE(queue.counts().unacked == 0);
    REQUIRE(queue.counts().delayed == 0);
    life.commit_all();
    queue.commit_advanced(now);
    answer();
    REQUIRE(life.stored.empty());
    REQUIRE(queue.counts().resident_bytes == 0);
  }
}

}  // namespace tern::queue::test
