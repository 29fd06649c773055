// Limits, priorities and what leaves a queue unconsumed.
#include "unit/queue/fixture.hpp"

namespace tern::queue::test {

namespace {

constexpr std::size_t body = 200;
/// A window for ten messages.
const std::uint64_t ten = 10 * message_bytes(body);

Rules dead_lettering(Rules rules = {}) {
  rules.has_dead_letter_exchange = true;
  return rules;
}

Settings levels(std::uint8_t most, std::uint64_t window = 16 << 20) {
  Settings settings = Fixture::durable(window);
  settings.priority_max = most;
  settings.levels_begin = QueueId{level_streams + 1};
  return settings;
}

}  // namespace

TEST_CASE("drop-head keeps the newest, and the oldest are dead-lettered first") {
  Fixture f(Fixture::durable());
  f.configure(dead_lettering({.length_max = 2}));
  f.publish_numbers(1, 4, true);
  CHECK(f.queue.counts().ready == 2);
  CHECK(f.queue.counts().overflown == 2);
  CHECK(f.forwarded() == "1:maxlen 2:maxlen");
  // Not withdrawn: the copy here is settled with what is written there.
  CHECK_FALSE(f.sink.staged[0].withdrawn);
  REQUIRE(f.sink.ranges.size() == 2);
  CHECK(f.sink.ranges[0].body_bytes == 1);
  f.consume(1, automatic());
  CHECK(f.taken() == "1:3 1:4");
}

TEST_CASE("without a dead-letter exchange dropped messages are taken back") {
  Fixture f(Fixture::durable());
  f.configure({.length_max = 1});
  f.publish_numbers(1, 2, true);
  CHECK(f.sink.staged[0].withdrawn);
  CHECK(f.sink.forwarded.empty());
  CHECK(f.queue.counts().overflown == 1);
}

TEST_CASE("a message that is delivered at once does not count against drop-head") {
  Fixture f;
  f.configure({.length_max = 0});
  f.consume(1, prefetching(1));
  f.publish_numbers(1, 2, false);
  CHECK(f.taken() == "1:1");
  CHECK(f.queue.counts().overflown == 1);
  // Given back it is one too many, unless somebody takes it.
  f.cancel(1);
  f.settle(1, {1}, Settlement::requeued);
  CHECK(f.queue.counts().ready == 0);
  CHECK(f.queue.counts().overflown == 2);
}

TEST_CASE("reject-publish refuses before anybody is served, and may dead-letter") {
  Fixture f;
  f.configure(dead_lettering({.length_max = 1, .overflow = Overflow::reject_publish}));
  f.publish("a", true, 1);
  f.publish("b", true, 2);
  f.publish("c", true, 0);
  CHECK(f.sink.refused == std::vector<std::uint64_t>{2});
  CHECK(f.queue.counts().refused == 2);
  CHECK(f.forwarded().empty());
  f.configure(dead_lettering({.length_max = 1, .overflow = Overflow::reject_publish_dlx}));
  f.publish("d", true, 4);
  CHECK(f.forwarded() == "d:maxlen");
  CHECK(f.sink.refused.back() == 4);
  f.consume(1, automatic());
  CHECK(f.taken() == "1:a");
  f.configure({.length_max = 0, .overflow = Overflow::reject_publish});
  f.publish("e", true, 5);
  CHECK(f.taken().empty());
  CHECK(f.sink.refused.back() == 5);
}

TEST_CASE("bytes of bodies are limited, of ready messages only") {
  Fixture f;
  f.configure({.length_bytes_max = 10});
  f.publish("aaaaa");
  f.publish("bbbbb");
  CHECK(f.queue.counts().ready_body_bytes == 10);
  f.publish("c");
  CHECK(f.queue.counts().ready == 2);
  CHECK(f.queue.counts().ready_body_bytes == 6);
  f.publish("more than the limit");
  CHECK(f.queue.counts().ready == 0);
  CHECK(f.queue.counts().overflown == 4);
}

TEST_CASE("a lowered limit drops at once what is queued, a part at a time") {
  Fixture f;
  f.publish_numbers(1, 2500, false);
  f.configure({.length_max = 100});
  CHECK(f.queue.counts().ready == 1500);
  REQUIRE(f.sink.wake);
  CHECK(*f.sink.wake <= f.now);
  f.pass(0);
  CHECK(f.queue.counts().ready == 100);
  CHECK_FALSE(f.sink.wake);
  f.get(1);
  CHECK(f.sink.gots.back().delivered.body == "2401");
}

TEST_CASE("overflowing messages on disk count no more at once, and leave when they are read") {
  Fixture f(Fixture::durable(ten));
  f.publish_numbers(1, 60, true, body);
  f.commit();
  f.configure(dead_lettering({.length_max = 15}));
  CHECK(f.queue.counts().ready == 15);
  CHECK(f.queue.counts().overflown == 45);
  f.consume(1, automatic());
  CHECK(f.taken().empty());
  f.answer_reads();
  const std::string left = f.forwarded();
  CHECK(left.substr(0, 17) == "1:maxlen 2:maxlen");
  CHECK(left.substr(left.size() - 9) == "45:maxlen");
  CHECK(f.taken().substr(0, 9) == "1:46 1:47");
  CHECK(f.sink.stored.empty());
}

TEST_CASE("for a limit in bytes no more is dropped than needed, though sizes must be read") {
  Fixture f(Fixture::durable(ten));
  f.publish_numbers(1, 60, true, body);
  f.commit();
  for (std::uint64_t number = 1; number <= 10; ++number) f.get(number);
  // The front is on disk only, and unknown.
  f.configure(dead_lettering({.length_bytes_max = 45 * body}));
  f.answer_reads();
  CHECK(f.queue.counts().ready == 45);
  CHECK(f.queue.counts().ready_body_bytes == 45 * body);
  CHECK(f.forwarded() == "11:maxlen 12:maxlen 13:maxlen 14:maxlen 15:maxlen");
}

TEST_CASE("what overflowed before a purge leaves all the same, and what comes after it stays") {
  Fixture f(Fixture::durable(ten));
  f.publish_numbers(1, 60, true, body);
  f.commit();
  f.configure(dead_lettering({.length_max = 30}));
  f.consume(1, {.id = {}, .auto_ack = true, .window_bytes = 1});
  CHECK(f.queue.purge(f.now) == 30);
  f.publish_numbers(61, 100, true, body);
  f.commit();
  CHECK(f.queue.counts().ready == 30);
  f.answer_reads();
  CHECK(f.queue.counts().ready + f.sink.delivered.size() == 30);
  const std::string left = f.forwarded();
  CHECK(left.find(" 30:maxlen") != std::string::npos);
  CHECK(left.find("31:maxlen") == std::string::npos);
  CHECK(left.find("70:maxlen") != std::string::npos);
  CHECK(f.sink.stored.size() == f.queue.counts().ready);
}

TEST_CASE("rejected messages go on, also when only the store has them") {
  Fixture f(Fixture::durable(ten));
  f.configure(dead_lettering());
  f.consume(1);
  f.publish_numbers(1, 50, true, body);
  f.commit();
  f.cancel(1);
  f.settle(1, {1, 50}, Settlement::dropped);
  CHECK(f.forwarded() == "50:rejected");
  CHECK(f.queue.counts().unacked == 48);
  CHECK(f.sink.stored.count(1) == 1);
  f.answer_reads();
  CHECK(f.forwarded() == "1:rejected");
  CHECK(f.sink.stored.count(1) == 0);
  CHECK(f.queue.counts().rejected == 2);
}

TEST_CASE("the highest level is served first, in order within each") {
  Fixture f(levels(3));
  f.configure({});
  const auto publish = [&f](const char* text, std::uint8_t priority) {
    f.publish(text, true, MessageOptions{.priority = priority});
  };
  publish("a0", 0);
  publish("b2", 2);
  publish("c9", 9);
  publish("d2", 2);
  CHECK(f.queue.counts().ready == 4);
  f.consume(1, prefetching(2));
  REQUIRE(f.sink.delivered.size() == 2);
  const Position first = f.sink.delivered[0].position;
  CHECK(level_of_place(first) == 3);
  CHECK(f.taken() == "1:c9 1:b2");
  f.cancel(1);
  f.settle(1, {first}, Settlement::requeued);
  f.consume(2);
  CHECK(f.taken() == "2:c9* 2:d2 2:a0");
  f.commit();
  std::vector<StreamMark> marks;
  f.queue.take_marks(marks);
  CHECK(marks.size() == 3);
}

TEST_CASE("limits drop from the lowest level") {
  Fixture f(levels(2));
  f.configure(dead_lettering({.length_max = 2}));
  f.publish("high", false, MessageOptions{.priority = 2});
  f.publish("low", false, MessageOptions{.priority = 0});
  f.publish("higher", false, MessageOptions{.priority = 2});
  CHECK(f.forwarded() == "low:maxlen");
}

TEST_CASE("the levels share the windows") {
  Fixture f(levels(3, 4 * ten));
  f.configure({});
  for (int number = 0; number != 400; ++number)
    f.publish(std::string(body, 'x'), true,
              MessageOptions{.priority = static_cast<std::uint8_t>(number % 4)});
  f.commit();
  CHECK(f.queue.counts().ready == 400);
  CHECK(f.queue.counts().resident_bytes <= 8 * ten);
  f.consume(1, automatic());
  f.answer_reads();
  CHECK(f.sink.delivered.size() == 400);
  CHECK(f.sink.stored.empty());
}

TEST_CASE("255 levels are found without looking through them") {
  Fixture f(levels(255));
  f.configure({});
  for (int priority = 0; priority < 256; priority += 5)
    f.publish(std::to_string(priority), false,
              MessageOptions{.priority = static_cast<std::uint8_t>(priority)});
  f.get(1);
  CHECK(f.sink.gots.back().delivered.body == "255");
  f.configure({.length_max = 1});
  f.get(2);
  CHECK(f.sink.gots.back().delivered.body == "250");
}

TEST_CASE("a message that comes back too often leaves, and its count is kept") {
  Fixture f(Fixture::durable());
  f.configure(dead_lettering({.delivery_limit = 2, .shows_delivery_count = true}));
  f.publish("a", true);
  f.commit();
  f.consume(1);
  f.settle(1, {1}, Settlement::requeued);
  f.settle(1, {1}, Settlement::undelivered);
  CHECK(f.sink.delivered.back().delivery_count == 1);
  CHECK(f.sink.returns[1].delivery_count == 1);
  f.settle(1, {1}, Settlement::abandoned);
  CHECK(f.sink.returns[1].delivery_count == 2);
  CHECK(f.forwarded().empty());
  f.settle(1, {1}, Settlement::requeued);
  CHECK(f.forwarded() == "a:delivery_limit");
  CHECK(f.queue.counts().over_delivery_limit == 1);
  CHECK(f.sink.stored.empty());
}

TEST_CASE("delivery counts survive restarts") {
  FakeSink sink;
  const std::vector<Position> first{1};
  for (std::uint32_t run = 0; run != 3; ++run) {
    Queue queue(Fixture::durable(), sink);
    if (run == 0) {
      queue.configure({.delivery_limit = 9}, Time{});
      queue.publish(make_message("a", true), {}, Time{});
      sink.commit_all();
    } else {
      sink.forget_unstored();
      queue.restore(QueueId{7}, sink.recover(QueueId{7}, 1, 1));
      queue.configure({.delivery_limit = 9}, Time{});
    }
    REQUIRE(queue.consume({.id = consumer_id(run + 1)}, Time{}) == ConsumeError::none);
    if (run != 0) sink.answer_read(queue);
    REQUIRE(sink.delivered.size() == run + 1);
    CHECK(sink.delivered.back().delivery_count == run);
    CHECK(sink.delivered.back().redelivered == (run != 0));
    queue.cancel(consumer_id(run + 1), Time{});
    queue.settle(consumer_id(run + 1), first, Settlement::requeued, Time{});
  }
}

}  // namespace tern::queue::test
