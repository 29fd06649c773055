// Messages that wait for a retry over a restart: they hold their groups, and operators see them and
// deal with them, though they are only in the store.
#include "message/properties.hpp"
#include "unit/queue/fixture.hpp"

namespace tern::queue::test {

namespace {

const Rules rules{.retry = {.type = Retry::Type::all, .min = Millis{1000}}, .group = "g"};

MessageRef persistent_in_group(const std::string& group, const std::string& body) {
  Properties properties;
  properties.headers = FieldTable{{"g", group}};
  const std::string encoded = encode_properties(properties);
  return MessageRef::gather({.names = std::string_view("\0\1q", 3),
                             .properties = encoded,
                             .body = body,
                             .persistent = true});
}

struct WatchedGroups : FakeSink {
  std::vector<Found> found;
  void browsed(QueueId, std::uint64_t, std::vector<Found>&& messages, Position) override {
    found = std::move(messages);
  }
};

// A queue on the store of one that stopped while "a1" and "b1" waited.
struct Restarted {
  WatchedGroups sink;
  std::unique_ptr<Queue> queue;
  Time now{};

  explicit Restarted(const Settings& settings = Fixture::durable()) {
    queue = std::make_unique<Queue>(settings, sink);
    queue->configure(rules, now);
    for (const char* body : {"a1", "b1", "a2", "c1", "b2"})
      queue->publish(persistent_in_group({body[0]}, body), {}, now);
    consume(1);
    sink.commit_all();
    queue->commit_advanced(now);
    queue->settle(consumer_id(1), std::vector<Position>{1, 2}, Settlement::requeued, now);
    queue->settle(consumer_id(1), std::vector<Position>{4}, Settlement::acked, now);
    REQUIRE(queue->counts().delayed == 2);
    sink.forget_unstored();
    sink.delivered.clear();
    queue = std::make_unique<Queue>(settings, sink);
    queue->restore(QueueId{7}, sink.recover(QueueId{7}, 1, 5));
    queue->configure(rules, now);
  }
  void consume(std::uint32_t number) {
    REQUIRE(queue->consume({.id = consumer_id(number)}, now) == ConsumeError::none);
  }
  void answer() {
    while (!sink.reads.empty()) sink.answer_read(*queue, now);
  }
  void tick(std::int64_t ms) {
    now = at_ms(ms);
    queue->tick(now);
    answer();
  }
  std::string taken() {
    std::string text;
    for (const auto& each : sink.delivered) text += (text.empty() ? "" : " ") + each.body;
    sink.delivered.clear();
    return text;
  }
  std::string shown(MessageState state, std::uint32_t most = 100, Position from = 0) {
    sink.found.clear();
    queue->browse({.operation = 1, .state = state, .from = from, .count_max = most}, now);
    answer();
    std::string text;
    for (const Found& found : sink.found)
      text += (text.empty() ? "" : " ") + std::string(found.message->body());
    return text;
  }
  std::uint64_t intervene(Position place, Intervention intervention) {
    return queue->intervene({&place, 1}, intervention, 7, now);
  }
};

}  // namespace

TEST_CASE("a message that waits over a restart holds its group until it is done with") {
  Restarted f;
  f.consume(1);
  CHECK(f.taken().empty());
  f.answer();
  CHECK(f.taken().empty());
  f.queue->publish(persistent_in_group("d", "d1"), {}, f.now);
  CHECK(f.taken() == "d1");
  f.tick(1000);
  CHECK(f.taken() == "a1 b1");
  f.queue->settle(consumer_id(1), std::vector<Position>{1}, Settlement::acked, f.now);
  CHECK(f.taken() == "a2");
  f.queue->settle(consumer_id(1), std::vector<Position>{2}, Settlement::dropped, f.now);
  CHECK(f.taken() == "b2");
  CHECK(f.queue->counts().delayed == 0);
  CHECK(f.queue->counts().ready == 0);
}

TEST_CASE("whoever wants a message once nothing waits any more gets one") {
  Restarted f;
  f.tick(1000);
  CHECK(f.queue->counts().delayed == 0);
  f.queue->get({.session = consumer_id(1).session, .operation = 3}, true, f.now);
  f.answer();
  REQUIRE(f.sink.gots.size() == 1);
  CHECK(f.sink.gots[0].delivered.body == "a1");
}

TEST_CASE("groups mean nothing any more while it is read who holds them") {
  Restarted f;
  f.consume(1);
  Rules without = rules;
  without.group.clear();
  f.queue->configure(without, f.now);
  f.answer();
  CHECK(f.taken() == "a2 b2");
  f.queue->configure(rules, f.now);
  f.answer();
  f.queue->publish(persistent_in_group("a", "a3"), {}, f.now);
  CHECK(f.taken().empty());
  f.tick(1000);
  CHECK(f.taken() == "a1 b1");
}

TEST_CASE("what waits over a restart is shown as delayed, page by page") {
  Restarted f;
  CHECK(f.shown(MessageState::ready) == "a2 b2");
  CHECK(f.shown(MessageState::delayed) == "a1 b1");
  REQUIRE(f.sink.found.size() == 2);
  CHECK(f.sink.found[0].due == at_ms(1000));
  CHECK(f.sink.found[0].delivery_count == 1);
  CHECK(f.sink.found[0].state == MessageState::delayed);
  CHECK(f.shown(MessageState::delayed, 1) == "a1");
  CHECK(f.shown(MessageState::delayed, 1, 2) == "b1");
  CHECK(f.queue->counts().delayed == 2);
}

TEST_CASE("what waits over a restart is deleted once it was read, and its group goes on") {
  Restarted f;
  f.consume(1);
  f.answer();
  CHECK(f.intervene(1, Intervention::redrive) == 0);
  CHECK(f.intervene(1, Intervention::remove) == 0);
  CHECK(f.shown(MessageState::delayed, 1, 1) == "a1");
  CHECK(f.intervene(1, Intervention::remove) == 1);
  f.answer();
  CHECK(f.taken() == "a2");
  CHECK(f.sink.stored.count(1) == 0);
  CHECK(f.shown(MessageState::delayed) == "b1");
  CHECK(f.intervene(2, Intervention::release) == 1);
  f.answer();
  CHECK(f.taken() == "b1");
  f.tick(1000);
  CHECK(f.taken().empty());
  CHECK(f.queue->counts().delayed == 0);
}

// What the store knows of returns may outlive the messages: it drops a note with the segment.
TEST_CASE("a note of a return whose message is gone leaves an empty queue empty") {
  FakeSink sink;
  Queue queue(Fixture::durable(), sink);
  queue.restore(QueueId{7}, {.next = 5, .returned = {{.position = 3, .delivery_count = 2}}});
  queue.configure({}, at_ms(0));
  CHECK(queue.counts().ready == 0);
  CHECK(queue.counts().delayed == 0);
}

}  // namespace tern::queue::test
