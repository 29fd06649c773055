// Times: expiry, retries, the lease of a queue.
#include "unit/queue/fixture.hpp"

namespace tern::queue::test {

namespace {

constexpr std::size_t ruled_body = 200;
const std::uint64_t ten_ruled = 10 * message_bytes(ruled_body);

Rules expiring(std::int64_t ms) {
  return {.message_ttl = Millis{ms}, .has_dead_letter_exchange = true};
}

MessageOptions ttl(std::uint32_t ms) {
  return {.ttl_ms = ms};
}

}  // namespace

TEST_CASE("messages expire in time, though nobody looks") {
  Fixture f(Fixture::durable());
  f.configure(expiring(100));
  f.publish("a", true, MessageOptions{});
  f.pass(60);
  f.publish("b", true, MessageOptions{});
  REQUIRE(f.sink.wake);
  CHECK(*f.sink.wake == at_ms(100));
  f.pass(39);
  CHECK(f.forwarded().empty());
  f.pass(1);
  CHECK(f.forwarded() == "a:expired");
  CHECK(f.queue.counts().ready == 1);
  f.pass(60);
  CHECK(f.forwarded() == "b:expired");
  CHECK(f.queue.counts().expired == 2);
  CHECK_FALSE(f.sink.wake);
}

TEST_CASE("a late tick delivers nothing expired") {
  Fixture f;
  f.configure(expiring(100));
  f.publish("a", false, MessageOptions{});
  f.now += Millis{50};
  f.publish("b", false, MessageOptions{});
  f.now += Millis{70};
  f.consume(1, automatic());
  CHECK(f.taken() == "1:b");
  f.publish("c", false, MessageOptions{});
  CHECK(f.taken() == "1:c");
}

TEST_CASE("the smaller of both times to live counts, wherever the message stands") {
  Fixture f(Fixture::durable());
  f.configure(expiring(100));
  f.publish("a", true, MessageOptions{});
  f.publish("b", true, ttl(20));
  f.publish("c", true, ttl(500));
  f.pass(20);
  CHECK(f.forwarded() == "b:expired");
  f.pass(80);
  CHECK(f.forwarded() == "a:expired c:expired");
  CHECK(f.sink.ranges.size() != 0);
}

TEST_CASE("what may not wait is delivered at once or expires, with its token") {
  Fixture f(Fixture::durable());
  f.configure(expiring(0));
  f.publish("a", true, MessageOptions{}, 1);
  REQUIRE(f.sink.forwarded.size() == 1);
  CHECK(f.sink.forwarded[0].sequence == 1);
  CHECK(f.sink.confirmed.empty());
  CHECK(f.sink.staged.empty());
  f.get(1);
  CHECK(f.sink.gots.back().empty);
  f.consume(1, prefetching(1));
  f.publish("b", true, MessageOptions{}, 2);
  CHECK(f.taken() == "1:b");
  f.publish("c", true, ttl(0), 3);
  f.forwarded();
  f.settle(1, {1}, Settlement::requeued);
  CHECK(f.taken().empty());
  CHECK(f.forwarded() == "b:expired");
  f.configure({});
  f.cancel(1);
  f.publish("d", true, ttl(0), 4);
  CHECK(f.sink.confirmed == std::vector<std::uint64_t>{4});
  CHECK(f.queue.counts().ready == 0);
}

TEST_CASE("messages of their own time expire in the middle, read by position first") {
  Fixture f(Fixture::durable(ten_ruled));
  f.configure({.has_dead_letter_exchange = true});
  for (int number = 1; number <= 60; ++number)
    f.publish(std::to_string(number) + std::string(ruled_body, ' '), true,
              number % 20 == 0 ? ttl(50) : MessageOptions{});
  f.commit();
  f.pass(49);
  CHECK(f.sink.reads.empty());
  f.pass(1);
  CHECK(f.forwarded() == "60:expired");
  REQUIRE(f.sink.reads.size() == 1);
  CHECK(f.sink.reads[0].from == 20);
  CHECK(f.sink.reads[0].to == 41);
  CHECK(f.queue.counts().ready == 59);
  f.answer_reads();
  CHECK(f.forwarded() == "20:expired 40:expired");
  CHECK(f.queue.counts().ready == 57);
  f.consume(1, automatic());
  f.answer_reads();
  CHECK(f.sink.delivered.size() == 57);
  CHECK(f.sink.stored.empty());
}

TEST_CASE("a read that still brings a message that left the middle brings nothing back") {
  Fixture f(Fixture::durable(ten_ruled));
  f.configure({.has_dead_letter_exchange = true});
  for (int number = 1; number <= 60; ++number)
    f.publish(std::to_string(number) + std::string(ruled_body, ' '), true,
              number == 12 || number == 55 ? ttl(50) : MessageOptions{});
  f.commit();
  const auto stored = f.sink.stored;
  f.pass(50);
  f.answer_reads();
  CHECK(f.forwarded() == "55:expired 12:expired");
  // The store may be behind with what was settled.
  f.sink.stored[12] = stored.at(12);
  f.sink.stored[55] = {make_message("55", true), false};
  f.consume(1, automatic());
  f.answer_reads();
  CHECK(f.sink.delivered.size() == 58);
  CHECK(f.queue.counts().ready == 0);
  for (const auto& delivered : f.sink.delivered) CHECK(delivered.position != 12);
}

TEST_CASE("an unacked message expires when it comes back") {
  Fixture f(Fixture::durable());
  f.configure({.has_dead_letter_exchange = true});
  f.consume(1);
  f.publish("a", true, ttl(10));
  f.publish("b", true, MessageOptions{});
  f.pass(30);
  CHECK(f.forwarded().empty());
  f.settle(1, {1, 2}, Settlement::abandoned);
  CHECK(f.forwarded() == "a:expired");
  CHECK(f.taken() == "1:a 1:b 1:b*");
}

TEST_CASE("the store keeps the due time of a message that somebody has") {
  Fixture f(Fixture::durable());
  f.configure({});
  f.consume(1, prefetching(1));
  f.publish("held", true, ttl(10));
  f.commit();
  const auto fire_one = [&f] {
    f.publish("x", true, ttl(10));
    f.commit();
    f.pass(12'000);
  };
  fire_one();
  fire_one();
  auto& index = f.sink.due_index[QueueId{7}];
  CHECK(index.count({at_ms(10), 1}) == 1);
  f.settle(1, {1}, Settlement::acked);
  fire_one();
  fire_one();
  CHECK(index.count({at_ms(10), 1}) == 0);
}

TEST_CASE("a changed time to live concerns what is queued, both ways") {
  Fixture f;
  f.configure(expiring(100));
  f.publish("a", false, MessageOptions{});
  f.pass(90);
  f.configure({.has_dead_letter_exchange = true});
  f.pass(1000);
  CHECK(f.queue.counts().ready == 1);
  f.publish("b", false, MessageOptions{});
  f.configure(expiring(500));
  CHECK(f.forwarded() == "a:expired");
  f.pass(500);
  CHECK(f.forwarded() == "b:expired");
}

TEST_CASE("many expire a part at a time") {
  Fixture f;
  f.configure(expiring(10));
  for (int number = 0; number != 2500; ++number) f.publish("x", false, MessageOptions{});
  f.now += Millis{10};
  f.sink.wake.reset();
  f.queue.tick(f.now);
  CHECK(f.queue.counts().ready == 1500);
  f.pass(0);
  CHECK(f.queue.counts().ready == 0);
  CHECK(f.sink.forwarded.size() == 2500);
}

TEST_CASE("a returned message waits in its place, longer each time") {
  Fixture f(Fixture::durable());
  f.configure({.retry = {.type = Retry::Type::all, .min = Millis{100}, .max = Millis{150}}});
  f.publish_numbers(1, 2, true);
  f.commit();
  f.consume(1);
  f.settle(1, {1}, Settlement::requeued);
  CHECK(f.queue.counts().delayed == 1);
  CHECK(f.queue.counts().ready == 0);
  CHECK(f.sink.returns[1].due == at_ms(100));
  f.pass(99);
  CHECK(f.taken() == "1:1 1:2");
  f.pass(1);
  f.answer_reads();
  CHECK(f.taken() == "1:1*");
  f.settle(1, {1}, Settlement::abandoned);
  f.pass(149);
  f.answer_reads();
  CHECK(f.taken().empty());
  f.pass(1);
  f.answer_reads();
  CHECK(f.taken() == "1:1*");
  f.settle(1, {1}, Settlement::undelivered);
  f.answer_reads();
  CHECK(f.taken() == "1:1*");
}

TEST_CASE("only failures wait, if it is said so; purging leaves those that wait") {
  Fixture f;
  f.configure({.retry = {.type = Retry::Type::failed, .min = Millis{100}}});
  f.publish_numbers(1, 2, false);
  f.consume(1, prefetching(2));
  f.cancel(1);
  f.settle(1, {1}, Settlement::requeued);
  f.settle(1, {2}, Settlement::abandoned);
  CHECK(f.queue.counts().ready == 1);
  CHECK(f.queue.counts().delayed == 1);
  CHECK(f.queue.purge(f.now) == 1);
  f.pass(100);
  CHECK(f.queue.counts().ready == 1);
  CHECK(f.queue.counts().delayed == 0);
}

TEST_CASE("what waits goes on waiting over a restart") {
  FakeSink sink;
  {
    Queue queue(Fixture::durable(), sink);
    queue.configure({.retry = {.type = Retry::Type::all, .min = Millis{100}}}, Time{});
    for (const char* text : {"a", "b", "c"}) queue.publish(make_message(text, true), {}, Time{});
    sink.commit_all();
    REQUIRE(queue.consume({.id = consumer_id(1), .prefetch = 2}, Time{}) == ConsumeError::none);
    queue.cancel(consumer_id(1), Time{});
    queue.settle(consumer_id(1), std::vector<Position>{2}, Settlement::requeued, Time{});
  }
  sink.forget_unstored();
  sink.delivered.clear();
  Queue queue(Fixture::durable(), sink);
  queue.restore(QueueId{7}, sink.recover(QueueId{7}, 1, 3));
  queue.configure({}, Time{});
  CHECK(queue.counts().ready == 2);
  CHECK(queue.counts().delayed == 1);
  REQUIRE(queue.consume({.id = consumer_id(2), .auto_ack = true}, Time{}) == ConsumeError::none);
  sink.answer_read(queue);
  REQUIRE(sink.delivered.size() == 2);
  CHECK(sink.delivered[1].body == "c");
  REQUIRE(sink.wake);
  CHECK(*sink.wake == at_ms(100));
  queue.tick(at_ms(100));
  sink.answer_read(queue, at_ms(100));
  REQUIRE(sink.delivered.size() == 3);
  CHECK(sink.delivered[2].body == "b");
  CHECK(sink.delivered[2].delivery_count == 1);
  CHECK(sink.stored.empty());
}

TEST_CASE("an unused queue's lease ends once; use renews it, consumers suspend it") {
  Fixture f;
  f.configure({.expires = Millis{100}});
  f.pass(90);
  f.get(1);
  f.pass(90);
  f.queue.touch(f.now);
  f.pass(90);
  CHECK(f.sink.leases_ended == 0);
  f.consume(1);
  f.pass(1000);
  f.cancel(1);
  f.pass(99);
  CHECK(f.sink.leases_ended == 0);
  f.pass(1);
  CHECK(f.sink.leases_ended == 1);
  f.pass(1000);
  CHECK(f.sink.leases_ended == 1);
}

}  // namespace tern::queue::test
