// Who is served: round-robin, prefetch, priorities, byte windows, permits, exclusiveness.
#include "unit/queue/fixture.hpp"

namespace tern::queue::test {

TEST_CASE("consumers take turns") {
  Fixture f;
  f.consume(1, automatic());
  f.consume(2);
  f.consume(3);
  f.publish_numbers(1, 7, false);
  CHECK(f.taken() == "1:1 2:2 3:3 1:4 2:5 3:6 1:7");
  f.cancel(2);
  f.publish_numbers(8, 10, false);
  CHECK(f.taken() == "3:8 1:9 3:10");
}

TEST_CASE("a backlog is shared out in turns, too") {
  Fixture f;
  f.publish_numbers(1, 4, false);
  f.consume(1, prefetching(1));
  f.consume(2, prefetching(1));
  CHECK(f.taken() == "1:1 2:2");
  f.settle(2, {2});
  f.settle(1, {1});
  CHECK(f.taken() == "2:3 1:4");
}

TEST_CASE("prefetch bounds what is unacked, per consumer") {
  Fixture f;
  f.publish_numbers(1, 5, false);
  f.consume(1, prefetching(2));
  CHECK(f.taken() == "1:1 1:2");
  f.settle(1, {1});
  CHECK(f.taken() == "1:3");
  f.settle(1, {2}, Settlement::requeued);
  CHECK(f.taken() == "1:2*");
  // It does not bind an auto-ack consumer.
  f.consume(2, {.id = {}, .auto_ack = true, .prefetch = 1});
  CHECK(f.taken() == "2:4 2:5");
}

TEST_CASE("higher priorities are served first, lower ones when those are full") {
  Fixture f;
  f.consume(1, {.id = {}, .priority = 0});
  f.consume(2, {.id = {}, .priority = 10, .prefetch = 2});
  f.consume(3, {.id = {}, .priority = 10, .prefetch = 1});
  f.publish_numbers(1, 5, false);
  CHECK(f.taken() == "2:1 3:2 2:3 1:4 1:5");
  f.settle(3, {2});
  f.publish_numbers(6, 7, false);
  CHECK(f.taken() == "3:6 1:7");
  f.cancel(2);
  f.cancel(3);
  f.publish("8");
  CHECK(f.taken() == "1:8");
}

TEST_CASE("an exclusive consumer shuts out others, and is shut out by them") {
  Fixture f;
  const ConsumerSpec exclusive{.id = consumer_id(2), .exclusive = true};
  f.consume(1);
  CHECK(f.queue.consume(exclusive, Time{}) == ConsumeError::in_exclusive_use);
  f.cancel(1);
  CHECK(f.queue.consume(exclusive, Time{}) == ConsumeError::none);
  CHECK(f.queue.consume({.id = consumer_id(3)}, Time{}) == ConsumeError::in_exclusive_use);
  CHECK(f.queue.counts().consumers == 1);
  f.cancel(2);
  CHECK(f.queue.consume({.id = consumer_id(3)}, Time{}) == ConsumeError::none);
}

TEST_CASE("a consumer that does not read is served up to its window") {
  Fixture f;
  const auto window = 2 * message_bytes(1);
  f.consume(1, {.id = {}, .auto_ack = true, .window_bytes = window});
  f.publish_numbers(1, 4, false);
  CHECK(f.taken() == "1:1 1:2");
  CHECK(f.queue.counts().ready == 2);
  f.queue.drained(consumer_id(1), 1, Time{});
  // One more than fits may go out; the debt is paid before the next.
  CHECK(f.taken() == "1:3");
  f.queue.drained(consumer_id(1), message_bytes(1) - 1, Time{});
  CHECK(f.taken().empty());
  f.queue.drained(consumer_id(1), 1, Time{});
  CHECK(f.taken() == "1:4");
  f.queue.drained(consumer_id(5), 1, Time{});
}

TEST_CASE("a gated consumer asks once, and is served on permits") {
  Fixture f;
  f.consume(1, {.id = {}, .prefetch = 10, .gated = true});
  CHECK(f.sink.asked.empty());
  f.publish_numbers(1, 3, false);
  CHECK(f.taken().empty());
  REQUIRE(f.sink.asked.size() == 1);
  CHECK(f.sink.asked[0].count == 1);
  f.queue.permit(consumer_id(1), 0, Time{});
  f.publish("4");
  CHECK(f.sink.asked.size() == 1);
  f.queue.permit(consumer_id(1), 2, Time{});
  CHECK(f.taken() == "1:1 1:2");
  // Two are left: it asks for those.
  REQUIRE(f.sink.asked.size() == 2);
  CHECK(f.sink.asked[1].count == 2);
  f.queue.permit(consumer_id(1), 5, Time{});
  CHECK(f.taken() == "1:3 1:4");
  REQUIRE(f.sink.returned.size() == 1);
  CHECK(f.sink.returned[0].count == 3);
}

TEST_CASE("no more permits are asked for than the prefetch leaves room for") {
  Fixture f;
  f.publish_numbers(1, 100, false);
  f.consume(1, {.id = {}, .prefetch = 3, .gated = true});
  f.consume(2, {.id = {}, .gated = true});
  REQUIRE(f.sink.asked.size() == 2);
  CHECK(f.sink.asked[0].count == 3);
  CHECK(f.sink.asked[1].count == 64);
}

TEST_CASE("a gated consumer without permits does not keep others waiting") {
  Fixture f;
  f.consume(1, {.id = {}, .gated = true});
  f.consume(2);
  f.publish_numbers(1, 2, false);
  CHECK(f.taken() == "2:1 2:2");
  // Its permits come too late for anything: they go back, and it may ask again.
  f.queue.permit(consumer_id(1), 1, Time{});
  REQUIRE(f.sink.returned.size() == 1);
  f.cancel(2);
  f.publish("3");
  CHECK(f.sink.asked.size() == 2);
}

TEST_CASE("permits go back when their consumer goes, is ungated or cannot take") {
  Fixture f;
  f.publish_numbers(1, 9, false);
  f.consume(1, {.id = {}, .gated = true, .window_bytes = 1});
  f.queue.permit(consumer_id(1), 3, Time{});
  CHECK(f.taken() == "1:1");
  REQUIRE(f.sink.returned.size() == 1);
  CHECK(f.sink.returned[0].count == 2);
  f.cancel(1);
  f.queue.permit(consumer_id(1), 4, Time{});
  REQUIRE(f.sink.returned.size() == 2);
  CHECK(f.sink.returned[1].count == 4);

  f.consume(2, {.id = {}, .prefetch = 1, .gated = true});
  f.queue.set_gated(consumer_id(2), false, Time{});
  CHECK(f.taken() == "2:2");
  f.queue.permit(consumer_id(2), 1, Time{});
  CHECK(f.sink.returned.size() == 3);
  f.queue.set_gated(consumer_id(2), true, Time{});
  f.settle(2, {2});
  CHECK(f.taken().empty());
  CHECK(f.sink.asked.size() == 3);
}

TEST_CASE("auto-ack consumers are never gated") {
  Fixture f;
  f.consume(1, {.id = {}, .auto_ack = true, .gated = true});
  f.queue.set_gated(consumer_id(1), true, Time{});
  f.publish("a");
  CHECK(f.taken() == "1:a");
  CHECK(f.sink.asked.empty());
}

TEST_CASE("what a cancelled consumer holds stays unacked until settled") {
  Fixture f;
  f.consume(1);
  f.publish("a");
  f.cancel(1);
  f.publish("b");
  CHECK(f.queue.counts().unacked == 1);
  CHECK(f.queue.counts().consumers == 0);
  f.settle(1, {1}, Settlement::requeued);
  f.consume(1);
  CHECK(f.taken() == "1:a 1:a* 1:b");
}

}  // namespace tern::queue::test
