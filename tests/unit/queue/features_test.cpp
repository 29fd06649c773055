// Delays, gates, duplicates, shares, timeouts: what the machine makes of them.
#include "message/properties.hpp"
#include "unit/queue/fixture.hpp"

namespace tern::queue::test {

namespace {

MessageRef with_headers(const std::string& body, FieldTable headers, bool persistent = true) {
  Properties properties;
  properties.headers = std::move(headers);
  const std::string encoded = encode_properties(properties);
  return MessageRef::gather({.names = std::string_view("\0\1q", 3),
                             .properties = encoded,
                             .body = body,
                             .persistent = persistent,
                             .is_timed = true});
}

PublisherToken token(std::uint64_t sequence) {
  return {.session = {.shard = ShardId{0}, .number = 9}, .sequence = sequence};
}

MessageRef with_id(const std::string& id, const std::string& body) {
  Properties properties;
  properties.message_id = id;
  const std::string encoded = encode_properties(properties);
  return MessageRef::gather({.names = std::string_view("\0\1q", 3),
                             .properties = encoded,
                             .body = body,
                             .persistent = true});
}

}  // namespace

TEST_CASE(
    "a message that names a time is delivered then, and its store copy settled with the new") {
  Fixture f(Fixture::durable());
  f.consume(1, automatic());
  f.queue.publish(with_headers("later", {{"x-delivery-delay", std::int32_t{500}}}), token(1),
                  f.now);
  f.publish("now");
  CHECK(f.taken() == "1:now");
  CHECK(f.queue.counts().delayed == 1);
  CHECK(f.queue.counts().ready == 0);
  f.pass(499);
  CHECK(f.taken().empty());
  f.pass(1);
  CHECK(f.taken() == "1:later");
  CHECK(f.queue.counts().delayed == 0);
  f.commit();
  CHECK(f.sink.stored.empty());
}

TEST_CASE("a delayed message that is in the store alone is read, and delivered when it is due") {
  Fixture f(Fixture::durable());
  for (int number = 1; number <= 3; ++number)
    f.queue.publish(
        with_headers(std::to_string(number), {{"x-delivery-delay", std::int32_t{100 * number}}}),
        token(1), f.now);
  f.commit();
  CHECK(f.queue.counts().resident_bytes == 0);
  f.consume(1, automatic());
  f.pass(200);
  f.answer_reads();
  CHECK(f.taken() == "1:1 1:2");
  f.pass(100);
  f.answer_reads();
  CHECK(f.taken() == "1:3");
  f.commit();
  CHECK(f.sink.stored.empty());
}

TEST_CASE("delayed messages come back after a restart") {
  Fixture f(Fixture::durable());
  Queue again(Fixture::durable(), f.sink);
  f.queue.publish(with_headers("a", {{"x-delivery-delay", std::int32_t{1000}}}), token(1), f.now);
  f.commit();
  again.restore(delayed_stream(QueueId{7}), {.next = 2, .count = 1, .bytes = 100, .has_due = true});
  again.configure({}, f.now);
  CHECK(again.counts().delayed == 1);
  while (!f.sink.due_reads.empty()) f.sink.answer_due_read(again, f.now);
  REQUIRE(f.sink.wake == at_ms(1000));
  again.tick(at_ms(1000));
  f.sink.answer_read(again, at_ms(1000));
  CHECK(again.counts().ready == 1);
  CHECK(again.counts().delayed == 0);
}

TEST_CASE("a queue's delay holds for all that name no time themselves") {
  Fixture f;
  f.configure({.delivery_delay = Millis{300}});
  f.consume(1, automatic());
  f.publish("a");
  f.queue.publish(with_headers("b", {{"x-delivery-delay", std::int32_t{100}}}, false), token(1),
                  f.now);
  f.pass(150);
  CHECK(f.taken() == "1:b");
  f.configure({});
  f.publish("c");
  CHECK(f.taken() == "1:c");
  f.pass(150);
  CHECK(f.taken() == "1:a");
}

TEST_CASE("the time to live of a delayed message begins when it is due") {
  Fixture f;
  f.configure({.message_ttl = Millis{50}});
  f.queue.publish(with_headers("a", {{"x-delivery-delay", std::int32_t{200}}}, false), token(1),
                  f.now);
  f.pass(240);
  CHECK(f.queue.counts().ready == 1);
  f.pass(10);
  CHECK(f.queue.counts().ready == 0);
  CHECK(f.queue.counts().expired == 1);
}

TEST_CASE("a gate forwards what is due, and at once what is not delayed") {
  Settings settings = Fixture::durable();
  settings.is_gate = true;
  Fixture f(settings);
  f.queue.publish(with_headers("now", {{"x-delay", std::int32_t{-5}}}), token(1), f.now);
  f.queue.publish(with_headers("later", {{"x-delay", std::int32_t{100}}}), token(2), f.now);
  f.publish("plain", true, 3);
  REQUIRE(f.sink.forwarded.size() == 2);
  CHECK(f.sink.forwarded[0].sequence == 1);
  CHECK(f.sink.forwarded[1].sequence == 3);
  CHECK(f.forwarded() == "now:released plain:released");
  f.pass(100);
  REQUIRE(f.sink.forwarded.size() == 1);
  CHECK(f.sink.forwarded[0].sequence == 0);
  CHECK(f.forwarded() == "later:released");
}

TEST_CASE("a duplicate is confirmed and dropped; a refused message is no original") {
  Fixture f(Fixture::durable());
  Rules rules;
  rules.deduplication.enabled = true;
  rules.length_max = 1;
  rules.overflow = Overflow::reject_publish;
  f.configure(rules);
  f.queue.publish(with_id("k", "a"), token(1), f.now);
  f.queue.publish(with_id("k", "b"), token(2), f.now);
  CHECK(f.sink.confirmed == std::vector<std::uint64_t>{2});
  CHECK(f.queue.counts().duplicates == 1);
  f.queue.publish(with_id("l", "c"), token(3), f.now);
  CHECK(f.sink.refused == std::vector<std::uint64_t>{3});
  f.consume(1, automatic());
  f.queue.publish(with_id("l", "d"), token(4), f.now);
  f.publish("e");
  f.publish("e");
  CHECK(f.taken() == "1:a 1:d 1:e 1:e");
  CHECK(f.queue.counts().duplicates == 1);
}

TEST_CASE("a delayed message's key is known while it waits") {
  Fixture f;
  Rules rules;
  rules.deduplication.enabled = true;
  rules.delivery_delay = Millis{100};
  f.configure(rules);
  f.consume(1, automatic());
  f.queue.publish(with_id("k", "a"), token(1), f.now);
  f.queue.publish(with_id("k", "b"), token(2), f.now);
  f.pass(100);
  f.queue.publish(with_id("k", "c"), token(3), f.now);
  f.pass(100);
  CHECK(f.taken() == "1:a");
  CHECK(f.queue.counts().duplicates == 2);
}

TEST_CASE("priority levels get their shares") {
  Settings settings{.id = QueueId{7}};
  settings.priority_max = 2;
  settings.levels_begin = QueueId{level_streams + 1};
  Fixture f(settings);
  f.configure({.priority_weights = {1, 2, 4}});
  for (std::uint8_t level = 0; level != 3; ++level)
    for (int number = 0; number != 8; ++number)
      f.publish(std::to_string(level), false, {.priority = level});
  f.consume(1, prefetching(7));
  CHECK(f.taken() == "1:2 1:1 1:2 1:0 1:2 1:1 1:2");
  f.configure({});
  f.consume(2, prefetching(3));
  CHECK(f.taken() == "2:2 2:2 2:2");
}

TEST_CASE("a consumer that keeps a message too long is cut off, and it comes back") {
  Fixture f;
  f.configure({.consumer_timeout = Millis{1000}});
  f.consume(1, prefetching(2));
  f.publish_numbers(1, 3, false);
  CHECK(f.taken() == "1:1 1:2");
  f.pass(600);
  f.settle(1, {1});
  CHECK(f.taken() == "1:3");
  f.pass(399);
  CHECK(f.sink.timed_out.empty());
  f.pass(1);
  REQUIRE(f.sink.timed_out.size() == 1);
  CHECK(f.sink.timed_out[0].number == 1);
  CHECK(f.queue.counts().unacked == 0);
  CHECK(f.queue.counts().ready == 2);
  CHECK(f.queue.counts().consumers == 0);
  f.consume(2);
  CHECK(f.taken() == "2:2* 2:3*");
}

TEST_CASE("a timeout holds from when it is configured for what was delivered before") {
  Fixture f;
  f.consume(1);
  f.consume(2, {.id = {}, .timeout = Millis{5000}});
  f.publish_numbers(1, 2, false);
  f.pass(4000);
  f.configure({.consumer_timeout = Millis{300}});
  f.pass(299);
  CHECK(f.sink.timed_out.empty());
  f.pass(1);
  CHECK(f.sink.timed_out.size() == 1);
  f.pass(700);
  CHECK(f.sink.timed_out.size() == 2);
}

TEST_CASE("an auto-delete queue whose last consumer times out is abandoned") {
  Fixture f({.id = QueueId{7}, .auto_delete = true});
  f.configure({.consumer_timeout = Millis{100}});
  f.consume(1);
  f.publish("a");
  f.pass(100);
  CHECK(f.sink.abandoned_count == 1);
}

TEST_CASE("a single active consumer takes over while the former still holds messages") {
  Fixture f;
  f.configure({.single_active_consumer = true});
  f.consume(1);
  f.consume(2);
  f.publish_numbers(1, 2, false);
  CHECK(f.taken() == "1:1 1:2");
  f.cancel(1);
  f.publish("3");
  CHECK(f.taken() == "2:3");
  f.settle(1, {1}, Settlement::requeued);
  CHECK(f.taken() == "2:1*");
}

}  // namespace tern::queue::test
