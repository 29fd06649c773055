// A queue longer than its windows: what is in memory, what goes to the store and comes back.
#include "unit/queue/fixture.hpp"

namespace tern::queue::test {

namespace {
constexpr std::size_t paged_body = 200;
/// A window for ten messages.
const std::uint64_t ten_paged = 10 * message_bytes(paged_body);
}  // namespace

TEST_CASE("the middle of a long queue is on disk only, and comes back in order") {
  Fixture f(Fixture::durable(ten_paged));
  f.publish_numbers(1, 100, true, paged_body);
  CHECK(f.sink.wakes == 1);
  CHECK(f.queue.counts().resident_bytes == 100 * message_bytes(paged_body));
  f.commit();
  CHECK(f.queue.counts().ready == 100);
  CHECK(f.queue.counts().ready_bytes == 100 * message_bytes(paged_body));
  CHECK(f.queue.counts().resident_bytes <= 2 * ten_paged);
  // Nobody takes anything: nothing is read.
  CHECK(f.sink.reads.empty());

  f.consume(1, automatic());
  CHECK(f.taken() == "1:1 1:2 1:3 1:4 1:5 1:6 1:7 1:8 1:9 1:10");
  std::string expected;
  for (int number = 11; number <= 100; ++number)
    expected += (expected.empty() ? "1:" : " 1:") + std::to_string(number);
  while (!f.sink.reads.empty()) {
    CHECK(f.sink.reads.front().bytes_max == ten_paged / 2);
    f.sink.answer_read(f.queue);
    CHECK(f.queue.counts().resident_bytes <= 2 * ten_paged);
  }
  CHECK(f.taken() == expected);
  CHECK(f.sink.stored.empty());
  CHECK(f.queue.counts().ready == 0);
  CHECK(f.queue.counts().resident_bytes == 0);
  CHECK(f.marks().low_water == 101);
}

TEST_CASE("transient messages are spilled, in runs, and settled in their own stream") {
  Fixture f({.id = QueueId{7}, .window_head_bytes = ten_paged, .window_tail_bytes = ten_paged});
  f.publish_numbers(1, 20, false, paged_body);
  CHECK(f.sink.staged.empty());
  f.publish("21" + std::string(paged_body - 2, ' '), true);
  // Half a tail window goes at once: many small writes would cost more.
  REQUIRE(f.sink.staged.size() == 6);
  CHECK(f.sink.staged[0].spilled);
  CHECK(f.sink.staged[0].position == 11);
  f.publish_numbers(22, 40, false, paged_body);
  f.commit();
  CHECK(f.queue.counts().resident_bytes <= 2 * ten_paged);
  f.consume(1, automatic());
  while (!f.sink.reads.empty()) f.sink.answer_read(f.queue);
  CHECK(f.sink.delivered.size() == 40);
  CHECK(f.sink.stored.empty());
  REQUIRE_FALSE(f.sink.ranges.empty());
  for (const auto& range : f.sink.ranges) CHECK(range.spilled);
}

TEST_CASE("a publisher is held while the store is behind, once, and released") {
  Fixture f(Fixture::durable(ten_paged));
  f.publish_numbers(1, 30, true, paged_body);
  CHECK(f.sink.held.empty());
  f.publish_numbers(31, 33, true, paged_body);
  REQUIRE(f.sink.held.size() == 1);
  CHECK(f.sink.held[0].number == 9);
  f.publish(std::string(paged_body, 'x'), true, 0, 4);
  CHECK(f.sink.held.size() == 2);
  f.sink.commit_to(15);
  f.queue.commit_advanced(Time{});
  CHECK(f.sink.released.empty());
  f.commit();
  CHECK(f.sink.released.size() == 2);
  f.sink.released.clear();
  f.queue.close();
  CHECK(f.sink.released.empty());
}

TEST_CASE("what the head has room for does not count as tail, and no more than that") {
  Fixture f(Fixture::durable(ten_paged));
  f.publish_numbers(1, 30, true, paged_body);
  for (std::uint64_t number = 1; number <= 6; ++number) f.get(number);
  f.publish_numbers(31, 36, true, paged_body);
  CHECK(f.sink.held.empty());
  f.publish_numbers(37, 37, true, paged_body);
  CHECK(f.sink.held.size() == 1);
}

TEST_CASE("requeued messages that are in memory are not dropped from it") {
  Fixture f(Fixture::durable(ten_paged));
  f.consume(1);
  f.publish_numbers(1, 50, true, paged_body);
  f.cancel(1);
  f.settle(1, {1, 2}, Settlement::requeued);
  f.commit();
  CHECK(f.queue.counts().resident_bytes <= ten_paged);
  f.taken();
  f.consume(2);
  CHECK(f.taken() == "2:1* 2:2*");
}

TEST_CASE("held publishers are released when the queue is purged or closed") {
  Fixture purged(Fixture::durable(ten_paged));
  purged.publish_numbers(1, 33, true, paged_body);
  CHECK(purged.queue.purge(Time{}) == 33);
  CHECK(purged.sink.released.size() == 1);
  Fixture closed(Fixture::durable(ten_paged));
  closed.publish_numbers(1, 33, true, paged_body);
  closed.queue.close();
  CHECK(closed.sink.released.size() == 1);
}

TEST_CASE("a purge settles the middle as one range, and a read under way brings nothing back") {
  Fixture f(Fixture::durable(ten_paged));
  f.publish_numbers(1, 100, true, paged_body);
  f.commit();
  f.consume(1, prefetching(10));
  f.cancel(1);
  REQUIRE(f.sink.reads.size() == 1);
  Position next = 0;
  auto [read, messages] = f.sink.look_up(next);
  f.sink.reading.clear();
  REQUIRE_FALSE(messages.empty());
  CHECK(f.queue.purge(Time{}) == 90);
  CHECK(f.sink.ranges.size() == 2);  // the middle and the tail
  CHECK(f.sink.stored.size() == 10);
  // There is a middle again when the stale answer comes.
  f.publish_numbers(101, 150, true, paged_body);
  f.commit();
  f.queue.loaded(QueueId{7}, read.from, next, std::move(messages), Time{});
  CHECK(f.queue.counts().ready == 50);
  f.taken();
  f.consume(2, automatic());
  CHECK(f.taken().substr(0, 11) == "2:101 2:102");
  while (!f.sink.reads.empty()) f.sink.answer_read(f.queue);
  CHECK(f.sink.delivered.size() == 40);
  CHECK(f.queue.counts().ready == 0);
}

TEST_CASE("a get waits for its message to be read, and goes before consumers") {
  Fixture f(Fixture::durable(ten_paged));
  f.publish_numbers(1, 60, true, paged_body);
  f.commit();
  for (std::uint64_t number = 1; number <= 10; ++number) f.get(number);
  // The head is read ahead; before the answer the eleventh has to wait.
  REQUIRE(f.sink.gots.size() == 10);
  f.get(11);
  f.consume(1, automatic());
  CHECK(f.sink.gots.size() == 10);
  CHECK(f.taken().empty());
  f.sink.answer_read(f.queue);
  REQUIRE(f.sink.gots.size() == 11);
  CHECK(f.sink.gots[10].delivered.position == 11);
  CHECK(f.sink.delivered.front().position == 12);
}

TEST_CASE("a waiting get is told when the queue was emptied or closed") {
  Fixture f(Fixture::durable(ten_paged));
  f.publish_numbers(1, 60, true, paged_body);
  f.commit();
  for (std::uint64_t number = 1; number <= 11; ++number) f.get(number);
  f.queue.purge(Time{});
  REQUIRE(f.sink.gots.size() == 11);
  CHECK(f.sink.gots[10].empty);

  Fixture g(Fixture::durable(ten_paged));
  g.publish_numbers(1, 60, true, paged_body);
  g.commit();
  for (std::uint64_t number = 1; number <= 11; ++number) g.get(number);
  g.queue.close();
  REQUIRE(g.sink.gots.size() == 11);
  CHECK(g.sink.gots[10].empty);
}

TEST_CASE("stored unacked messages leave memory above their budget, and return in order") {
  Fixture f(Fixture::durable(ten_paged));
  f.consume(1);
  f.publish_numbers(1, 50, true, paged_body);
  CHECK(f.queue.counts().unacked == 50);
  CHECK(f.sink.wakes == 1);
  f.commit();
  CHECK(f.queue.counts().resident_bytes <= ten_paged);
  CHECK(f.queue.counts().unacked_bytes == 50 * message_bytes(paged_body));
  f.taken();
  f.cancel(1);
  f.settle(1, {1, 2, 3, 50}, Settlement::requeued);
  f.consume(2, prefetching(4));
  CHECK(f.taken().empty());
  REQUIRE(f.sink.reads.size() == 1);
  CHECK(f.sink.reads.front().from == 1);
  CHECK(f.sink.reads.front().to == 4);
  f.sink.answer_read(f.queue);
  CHECK(f.taken() == "2:1* 2:2* 2:3* 2:50*");
  CHECK(f.queue.counts().resident_bytes <= ten_paged);
  f.settle(2, {1, 2, 3, 50});
  std::vector<Position> rest;
  for (Position position = 4; position < 50; ++position) rest.push_back(position);
  f.settle(1, rest);
  CHECK(f.sink.stored.empty());
  CHECK(f.queue.counts().resident_bytes == 0);
}

TEST_CASE("messages delivered again do not pile up in memory") {
  Fixture f(Fixture::durable(ten_paged));
  f.consume(1);
  f.publish_numbers(1, 50, true, paged_body);
  f.commit();
  f.taken();
  f.cancel(1);
  std::vector<Position> back;
  for (Position position = 1; position <= 40; ++position) back.push_back(position);
  f.settle(1, back, Settlement::requeued);
  f.consume(2);
  while (!f.sink.reads.empty()) f.sink.answer_read(f.queue);
  CHECK(f.sink.delivered.size() == 40);
  CHECK(f.queue.counts().unacked == 50);
  CHECK(f.queue.counts().resident_bytes <= ten_paged);
}

TEST_CASE("a requeued message that the store lost does not block those behind it") {
  Fixture f(Fixture::durable(ten_paged));
  f.consume(1);
  f.publish_numbers(1, 50, true, paged_body);
  f.commit();
  f.taken();
  f.cancel(1);
  f.settle(1, {1, 2}, Settlement::requeued);
  f.sink.stored.erase(1);
  f.consume(2);
  f.sink.answer_read(f.queue);
  CHECK(f.taken() == "2:2*");
  CHECK(f.queue.counts().ready == 0);
  CHECK(f.queue.counts().unacked == 49);
}

TEST_CASE("a read that brings nothing is not repeated until something happens") {
  Fixture f(Fixture::durable(ten_paged));
  f.publish_numbers(1, 60, true, paged_body);
  f.commit();
  f.consume(1, automatic());
  REQUIRE(f.sink.reads.size() == 1);
  f.sink.reads.clear();
  f.sink.reading.clear();
  f.queue.loaded(QueueId{7}, 11, 11, {}, Time{});
  CHECK(f.sink.reads.empty());
  f.queue.commit_advanced(Time{});
  CHECK(f.sink.reads.size() == 1);
}

TEST_CASE("messages that the store counted and does not have are given up") {
  Fixture f(Fixture::durable(ten_paged));
  f.queue.restore(QueueId{7}, {.next = 5, .count = 4, .bytes = 1000});
  CHECK(f.queue.counts().ready == 4);
  // A queue that nobody takes from reads nothing, also when something else happens to it.
  f.queue.commit_advanced(Time{});
  CHECK(f.sink.reads.empty());
  f.consume(1, automatic());
  REQUIRE(f.sink.reads.size() == 1);
  f.sink.answer_read(f.queue);
  CHECK(f.queue.counts().ready == 0);
  CHECK(f.queue.counts().ready_bytes == 0);
  f.publish("a");
  CHECK(f.taken() == "1:a");
}

TEST_CASE("what was delivered before a restart is redelivered after it") {
  Fixture f(Fixture::durable());
  f.sink.stored[4] = {make_message("4", true), false};
  f.sink.stored[6] = {make_message("6", true), false};
  f.sink.stored[9] = {make_message("9", true), false};
  f.queue.restore(QueueId{7},
                  {.low_water_mark = 3, .next = 10, .delivered = 7, .count = 3, .bytes = 3 * 70});
  CHECK(f.queue.counts().ready == 3);
  CHECK(f.sink.marks_count == 0);
  CHECK(f.marks().stream == QueueId::none);
  f.publish("10", true);
  CHECK(f.sink.marks_count == 0);
  f.consume(1);
  CHECK(f.taken().empty());
  f.sink.answer_read(f.queue);
  CHECK(f.taken() == "1:4* 1:6* 1:9 1:10");
  CHECK(f.marks().low_water == 4);
  CHECK(f.queue.counts().ready_bytes == 0);
  CHECK(f.queue.counts().unacked_bytes == 3 * message_bytes(1) + message_bytes(2));
}

TEST_CASE("positions go on above the marks, though the store has fewer messages") {
  Fixture f(Fixture::durable());
  f.queue.restore(QueueId{7}, {.low_water_mark = 20, .next = 5, .delivered = 30});
  f.consume(1);
  f.publish("a", true);
  CHECK(f.sink.delivered.front().position == 30);
  CHECK(f.taken() == "1:a");
}

TEST_CASE("a message larger than the windows passes") {
  Fixture f(Fixture::durable(1000));
  for (int number = 1; number <= 4; ++number)
    f.publish(std::to_string(number) + std::string(5000, ' '), number % 2 == 0);
  f.commit();
  f.commit();
  CHECK(f.queue.counts().resident_bytes <= message_bytes(5001) + 1000);
  f.consume(1, automatic());
  while (!f.sink.reads.empty()) f.sink.answer_read(f.queue);
  CHECK(f.taken() == "1:1 1:2 1:3 1:4");
}

}  // namespace tern::queue::test
