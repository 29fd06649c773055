// What operators see, and what they do.
#include "message/properties.hpp"
#include "unit/queue/fixture.hpp"

namespace tern::queue::test {

namespace {

struct Watched : FakeSink {
  std::vector<Found> found;
  Position next = 99;
  int pages = 0;
  void browsed(QueueId, std::uint64_t, std::vector<Found>&& messages, Position to) override {
    found = std::move(messages);
    next = to;
    ++pages;
  }
};

struct Bench {
  Watched sink;
  Queue queue;
  Time now{};

  explicit Bench(const Settings& settings) : queue(settings, sink) { queue.configure({}, now); }

  void publish(const std::string& body, std::uint8_t priority = 0) {
    queue.publish(make_message(body, true, {.priority = priority}), {}, now);
  }
  void publish_delayed(const std::string& body, std::int32_t delay, bool persistent = true) {
    Properties properties;
    properties.headers = FieldTable{{"x-delivery-delay", delay}};
    const std::string encoded = encode_properties(properties);
    queue.publish(MessageRef::gather({.names = std::string_view("\0\1q", 3),
                                      .properties = encoded,
                                      .body = body,
                                      .persistent = persistent,
                                      .is_timed = true}),
                  {}, now);
  }
  void commit() {
    sink.commit_all();
    queue.commit_advanced(now);
  }
  void answer() {
    while (!sink.reads.empty() || !sink.due_reads.empty()) {
      if (!sink.reads.empty()) sink.answer_read(queue, now);
      if (!sink.due_reads.empty()) sink.answer_due_read(queue, now);
    }
  }
  /// Bodies of one page.
  std::string page(MessageState state, Position from = 0, std::uint32_t most = 100) {
    const int before = sink.pages;
    queue.browse({.operation = 1, .state = state, .from = from, .count_max = most}, now);
    answer();
    REQUIRE(sink.pages == before + 1);
    std::string text;
    for (const Found& found : sink.found) {
      const std::string body(found.message->body());
      text += (text.empty() ? "" : " ") + body.substr(0, body.find(' '));
    }
    return text;
  }
  std::uint64_t intervene(std::vector<Position> places, Intervention intervention) {
    return queue.intervene(places, intervention, 7, now);
  }
};

}  // namespace

TEST_CASE("looking at ready messages changes nothing, wherever they are") {
  Bench f(Fixture::durable(2000));
  std::string expected;
  for (int number = 1; number <= 60; ++number) {
    std::string body = std::to_string(number);
    expected += (number == 1 ? "" : " ") + body;
    body.resize(200, ' ');
    f.publish(body);
  }
  f.commit();
  CHECK(f.queue.counts().resident_bytes < 6000);
  const Counts before = f.queue.counts();
  std::string seen;
  Position from = 0;
  do {
    seen += (seen.empty() ? "" : " ") + f.page(MessageState::ready, from, 7);
    from = f.sink.next;
  } while (from != 0);
  CHECK(seen == expected);
  CHECK(f.queue.counts().ready == before.ready);
  CHECK(f.queue.counts().resident_bytes == before.resident_bytes);
  CHECK(f.page(MessageState::unacked).empty());
  CHECK(f.sink.stored.size() == 60);
}

TEST_CASE("ready messages are shown by level, unacked ones with their holder") {
  Settings settings = Fixture::durable();
  settings.priority_max = 3;
  settings.levels_begin = QueueId{level_streams + 1};
  Bench f(settings);
  f.publish("low", 0);
  f.publish("high", 3);
  f.publish("middle", 1);
  f.publish("high2", 3);
  CHECK(f.page(MessageState::ready) == "high high2 middle low");
  CHECK(f.page(MessageState::ready, 0, 2) == "high high2");
  CHECK(f.page(MessageState::ready, f.sink.next, 2) == "middle low");
  REQUIRE(f.queue.consume({.id = consumer_id(5), .prefetch = 1}, f.now) == ConsumeError::none);
  CHECK(f.page(MessageState::unacked) == "high");
  CHECK(f.sink.found[0].holder.number == 5);
  CHECK(f.sink.found[0].state == MessageState::unacked);
  CHECK(f.page(MessageState::ready) == "high2 middle low");
}

TEST_CASE("delayed messages are shown in order of their time, in memory and in the store") {
  Bench f(Fixture::durable());
  f.publish_delayed("c", 300);
  f.publish_delayed("a", 100);
  f.commit();
  f.publish_delayed("b", 200, false);
  f.publish_delayed("d", 400);
  CHECK(f.page(MessageState::delayed) == "a b c d");
  CHECK(f.sink.found[1].due == at_ms(200));
  CHECK(f.page(MessageState::delayed, 0, 3) == "a b c");
  CHECK(f.page(MessageState::delayed, f.sink.next, 3) == "d");
  CHECK(f.sink.next == 0);
  CHECK(f.queue.counts().delayed == 4);
}

TEST_CASE("delayed messages are cancelled and run now") {
  Bench f(Fixture::durable());
  for (int number = 1; number <= 4; ++number)
    f.publish_delayed(std::to_string(number), number * 100);
  f.commit();
  CHECK(f.page(MessageState::delayed) == "1 2 3 4");
  const std::vector<Position> places{f.sink.found[1].position, f.sink.found[2].position};
  CHECK(f.intervene({places[0]}, Intervention::remove) == 1);
  CHECK(f.intervene({places[0]}, Intervention::remove) == 0);
  CHECK(f.intervene({places[1]}, Intervention::release) == 1);
  f.answer();
  CHECK(f.queue.counts().delayed == 2);
  CHECK(f.page(MessageState::ready) == "3");
  CHECK(f.page(MessageState::delayed) == "1 4");
}

TEST_CASE("a message that waits for a retry is shown, and released or removed") {
  Bench f(Fixture::durable());
  Rules rules;
  rules.retry = {.type = Retry::Type::all, .min = Millis{500}};
  f.queue.configure(rules, f.now);
  f.publish("a");
  f.publish("b");
  REQUIRE(f.queue.consume({.id = consumer_id(5)}, f.now) == ConsumeError::none);
  f.queue.cancel(consumer_id(5), f.now);
  f.queue.settle(consumer_id(5), std::vector<Position>{1, 2}, Settlement::requeued, f.now);
  CHECK(f.page(MessageState::delayed) == "a b");
  CHECK(f.sink.found[0].due == at_ms(500));
  CHECK(f.intervene({1}, Intervention::release) == 1);
  CHECK(f.intervene({2}, Intervention::remove) == 1);
  CHECK(f.page(MessageState::ready) == "a");
  CHECK(f.queue.counts().delayed == 0);
}

TEST_CASE("shown messages are redriven at once, and removed, wherever they are") {
  Bench f(Fixture::durable(2000));
  for (int number = 1; number <= 60; ++number) {
    std::string body = std::to_string(number);
    body.resize(200, ' ');
    f.publish(body);
  }
  f.commit();
  f.page(MessageState::ready);
  REQUIRE(f.sink.found.size() == 60);
  std::vector<Position> places;
  for (const int number : {2, 25, 26, 59})
    places.push_back(f.sink.found[static_cast<std::size_t>(number - 1)].position);
  CHECK(f.intervene(places, Intervention::redrive) == 4);
  REQUIRE(f.sink.forwarded.size() == 4);
  CHECK(f.sink.forwarded[1].reason == LeaveReason::redriven);
  CHECK(f.sink.forwarded[1].operation == 7);
  CHECK(f.intervene(places, Intervention::redrive) == 0);
  CHECK(f.intervene({1, 30, 60, 61, 99}, Intervention::remove) == 3);
  CHECK(f.queue.counts().ready == 53);
  f.commit();
  CHECK(f.sink.stored.size() == 53);
  REQUIRE(f.queue.consume({.id = consumer_id(1), .auto_ack = true, .window_bytes = 1 << 20},
                          f.now) == ConsumeError::none);
  f.answer();
  CHECK(f.sink.delivered.size() == 53);
  CHECK(f.sink.stored.empty());
  CHECK(f.queue.counts().ready == 0);
  CHECK(f.queue.counts().ready_bytes == 0);
  CHECK(f.queue.counts().resident_bytes == 0);
}

TEST_CASE("what somebody has is nobody else's to remove") {
  Bench f(Fixture::durable());
  f.publish("a");
  REQUIRE(f.queue.consume({.id = consumer_id(5)}, f.now) == ConsumeError::none);
  CHECK(f.intervene({1}, Intervention::remove) == 0);
  CHECK(f.intervene({1}, Intervention::redrive) == 0);
  CHECK(f.queue.counts().unacked == 1);
}

}  // namespace tern::queue::test
