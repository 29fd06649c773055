// Message groups on a whole queue, case by case; group_queue_random_test.cpp has the random ones.
#include "unit/queue/group_builders.hpp"

namespace tern::queue::test {

namespace {

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

}  // namespace tern::queue::test
