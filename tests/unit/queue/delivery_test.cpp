// Order, settling, requeue, get, purge and close of a queue whose messages all fit in memory.
#include <malloc.h>

#include "unit/queue/fixture.hpp"

namespace tern::queue::test {

TEST_CASE("an auto-ack consumer gets a message at once, and nothing stays") {
  Fixture f(Fixture::durable());
  f.consume(1, automatic());
  f.publish("a", true, 5);
  CHECK(f.taken() == "1:a");
  // Settled before it could be written: never staged, confirmed at once.
  CHECK(f.sink.staged.empty());
  CHECK(f.sink.confirmed == std::vector<std::uint64_t>{5});
  f.publish("b", true, 0);
  CHECK(f.sink.confirmed.size() == 1);
  CHECK(f.queue.counts().ready == 0);
  CHECK(f.queue.counts().unacked == 0);
  CHECK(f.queue.counts().resident_bytes == 0);
}

TEST_CASE("waiting messages are delivered in order when a consumer comes") {
  Fixture f;
  f.publish_numbers(1, 3, false);
  CHECK(f.queue.counts().ready == 3);
  CHECK(f.queue.counts().ready_bytes == 3 * message_bytes(1));
  CHECK(f.queue.counts().resident_bytes == 3 * message_bytes(1));
  f.consume(1, automatic());
  CHECK(f.taken() == "1:1 1:2 1:3");
  CHECK(f.queue.counts().ready == 0);
  CHECK(f.queue.counts().ready_bytes == 0);
  CHECK(f.queue.counts().resident_bytes == 0);
}

TEST_CASE("only persistent messages on a durable queue are staged") {
  Fixture transient;
  transient.publish("a", true, 1);
  CHECK(transient.sink.staged.empty());
  CHECK(transient.sink.confirmed == std::vector<std::uint64_t>{1});

  Fixture f(Fixture::durable());
  f.publish("a", true, 1);
  f.publish("b", false, 2);
  f.publish("c", false, 0);
  CHECK(f.sink.staged.size() == 1);
  CHECK(f.sink.confirmed == std::vector<std::uint64_t>{2});
}

TEST_CASE("a message is delivered before its commit; settled then, it is taken back") {
  Fixture f(Fixture::durable());
  f.consume(1);
  f.publish("a", true, 1);
  CHECK(f.taken() == "1:a");
  REQUIRE(f.sink.staged.size() == 1);
  f.settle(1, {1});
  CHECK(f.sink.staged[0].withdrawn);
  CHECK(f.sink.ranges.empty());
}

TEST_CASE("a message settled too late to be taken back is settled in the store") {
  Fixture f(Fixture::durable());
  f.consume(1);
  f.publish("a", true);
  f.sink.taken_stage = 1;
  f.settle(1, {1});
  REQUIRE(f.sink.ranges.size() == 1);
  CHECK(f.sink.ranges[0].first == 1);
  CHECK(f.sink.ranges[0].last == 2);
  CHECK(f.sink.ranges[0].bytes == message_bytes(1));
}

TEST_CASE("settled stored messages are reported as runs of consecutive positions") {
  Fixture f(Fixture::durable());
  f.publish_numbers(1, 7, true);
  f.commit();
  f.consume(1);
  f.settle(1, {1, 2, 3, 5, 7});
  REQUIRE(f.sink.ranges.size() == 3);
  CHECK(f.sink.ranges[0].first == 1);
  CHECK(f.sink.ranges[0].last == 4);
  CHECK(f.sink.ranges[0].count == 3);
  CHECK(f.sink.ranges[0].bytes == 3 * message_bytes(1));
  CHECK(f.sink.ranges[1].first == 5);
  CHECK(f.sink.ranges[2].last == 8);
  CHECK(f.sink.stored.size() == 2);
}

TEST_CASE("requeued messages go back to their places, redelivered") {
  Fixture f;
  f.publish_numbers(1, 4, false);
  f.consume(1, prefetching(3));
  CHECK(f.taken() == "1:1 1:2 1:3");
  f.cancel(1);
  f.settle(1, {2}, Settlement::requeued);
  f.settle(1, {3, 1}, Settlement::requeued);
  CHECK(f.queue.counts().ready == 4);
  CHECK(f.queue.counts().unacked == 0);
  f.consume(2);
  CHECK(f.sink.delivered.front().delivery_count == 1);
  CHECK(f.taken() == "2:1* 2:2* 2:3* 2:4");
}

TEST_CASE("only the holder settles, and only once") {
  Fixture f;
  f.consume(1);
  f.publish("a");
  f.settle(2, {1});
  f.queue.settle(consumer_id(1, 5), std::vector<Position>{1}, Settlement::acked, Time{});
  f.settle(1, {2, 77});
  CHECK(f.queue.counts().unacked == 1);
  f.settle(1, {1, 1});
  f.settle(1, {1}, Settlement::requeued);
  CHECK(f.queue.counts().unacked == 0);
  CHECK(f.queue.counts().ready == 0);
}

TEST_CASE("dropped messages are gone") {
  Fixture f;
  f.consume(1);
  f.publish("a");
  f.settle(1, {1}, Settlement::dropped);
  CHECK(f.queue.counts().unacked == 0);
  CHECK(f.queue.counts().unacked_bytes == 0);
  CHECK(f.queue.counts().resident_bytes == 0);
  CHECK(f.taken() == "1:a");
}

TEST_CASE("get takes one message, says how many are left, and settles as number 0") {
  Fixture f;
  f.get(1);
  REQUIRE(f.sink.gots.size() == 1);
  CHECK(f.sink.gots[0].empty);
  f.publish_numbers(1, 3, false);
  f.get(2);
  f.get(3, false);
  REQUIRE(f.sink.gots.size() == 3);
  CHECK(f.sink.gots[1].delivered.body == "1");
  CHECK(f.sink.gots[1].ready == 2);
  CHECK(f.sink.gots[2].delivered.body == "2");
  CHECK(f.sink.gots[2].ready == 1);
  CHECK(f.queue.counts().unacked == 1);
  f.settle(0, {2}, Settlement::requeued);
  f.get(4);
  CHECK(f.sink.gots[3].delivered.body == "2");
  CHECK(f.sink.gots[3].delivered.redelivered);
  CHECK(f.queue.counts().unacked == 0);
}

TEST_CASE("purge drops what is ready and leaves what is unacked") {
  Fixture f(Fixture::durable());
  f.publish_numbers(1, 2, true);
  f.commit();
  f.publish_numbers(3, 5, true);
  f.consume(1, prefetching(2));
  f.settle(1, {1}, Settlement::requeued);
  f.cancel(1);
  CHECK(f.queue.counts().unacked == 2);
  CHECK(f.queue.purge(Time{}) == 3);
  CHECK(f.queue.counts().ready == 0);
  CHECK(f.queue.counts().ready_bytes == 0);
  CHECK(f.queue.counts().unacked == 2);
  CHECK(f.queue.counts().resident_bytes == f.queue.counts().unacked_bytes);
  CHECK(f.sink.staged[3].withdrawn);
  f.publish("next");
  f.taken();
  f.settle(1, {1, 2}, Settlement::requeued);
  f.consume(2);
  CHECK(f.taken() == "2:1* 2:2* 2:next");
}

TEST_CASE("a purge reports requeued messages as runs, too") {
  Fixture f(Fixture::durable());
  f.publish_numbers(1, 4, true);
  f.commit();
  f.consume(1);
  f.cancel(1);
  f.settle(1, {3, 1, 2}, Settlement::requeued);
  CHECK(f.queue.purge(Time{}) == 3);
  REQUIRE(f.sink.ranges.size() == 1);
  CHECK(f.sink.ranges[0].count == 3);
}

TEST_CASE("close tells the consumers") {
  Fixture f;
  f.consume(1);
  f.consume(2, {.id = {}, .gated = true});
  f.queue.close();
  CHECK(f.sink.cancelled.size() == 2);
  CHECK(f.queue.counts().consumers == 0);
}

TEST_CASE("an auto-delete queue is abandoned when its last consumer goes") {
  Fixture f({.id = QueueId{7}, .auto_delete = true});
  f.cancel(3);
  f.consume(1);
  f.consume(2);
  f.cancel(1);
  CHECK(f.sink.abandoned_count == 0);
  f.cancel(2);
  CHECK(f.sink.abandoned_count == 1);
  f.cancel(2);
  CHECK(f.sink.abandoned_count == 1);
}

TEST_CASE("marks are announced once until taken, and only where something was stored") {
  Fixture quiet;
  quiet.consume(1);
  quiet.publish("a");
  CHECK(quiet.sink.marks_count == 0);
  CHECK(quiet.marks().stream == QueueId::none);

  Fixture f(Fixture::durable());
  f.publish_numbers(1, 3, true);
  CHECK(f.sink.marks_count == 0);
  f.consume(1, prefetching(2));
  CHECK(f.sink.marks_count == 1);
  f.settle(1, {2});
  CHECK(f.sink.marks_count == 1);
  auto marks = f.marks();
  CHECK(marks.delivered == 4);
  CHECK(marks.low_water == 1);
  CHECK(f.sink.marks_count == 1);
  f.settle(1, {1});
  CHECK(f.sink.marks_count == 2);
  marks = f.marks();
  CHECK(marks.low_water == 3);
  f.settle(1, {3});
  CHECK(f.sink.marks_count == 3);
  CHECK(f.marks().low_water == 4);
}

TEST_CASE("a stuck message keeps its own memory, not that of those that passed") {
  Fixture f;
  f.consume(1, {.id = {}, .window_bytes = 1ULL << 40});
  f.publish("stuck");
  // Everything this program has allocated; a sanitizer's allocator reports nothing here.
  const auto before = mallinfo2().uordblks;
  for (Position position = 2; position < 200'000; ++position) {
    f.publish("x");
    f.settle(1, {position});
    f.sink.delivered.clear();
  }
  CHECK(mallinfo2().uordblks < before + 300'000);
  CHECK(f.queue.counts().unacked == 1);
  CHECK(f.queue.counts().resident_bytes == message_bytes(5));
  f.settle(1, {1});
  CHECK(f.queue.counts().resident_bytes == 0);
}

}  // namespace tern::queue::test
