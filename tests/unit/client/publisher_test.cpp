// Publishing: outcomes, the window, batches, returns, and a broker that is blocked.
#include "unit/client/machine_fixture.hpp"

using namespace tern;
using namespace tern::client;
using ternmq::message;
using ternmq::outcome;

namespace {

struct Publishing : MachineFixture {
  explicit Publishing(ternmq::publisher_options options = {})
      : part((open(), publisher(std::move(options)))) {
    broker.queues["q"];
    run();
  }
  [[nodiscard]] Asked<outcome> publish(message what, Tick timeout = 0) {
    Asked<outcome> asked;
    part.publish(asked.operation(timeout), std::move(what));
    return asked;
  }
  PublisherPart& part;
};

ternmq::publisher_options with_window(std::uint32_t window) {
  ternmq::publisher_options options;
  options.window = window;
  return options;
}

ternmq::publisher_options mandatory() {
  ternmq::publisher_options options;
  options.mandatory = true;
  return options;
}

}  // namespace

TEST_CASE("a message is confirmed with its properties and body as they were") {
  Publishing test;
  message what("q", std::string(300'000, 'b'));
  what.properties.message_id = "id";
  auto asked = test.publish(what);
  CHECK_FALSE(asked.is_done());
  test.run();
  CHECK(asked.is_good());
  CHECK(asked.result().is_confirmed());
  REQUIRE(test.broker.queues["q"].size() == 1);
  CHECK(test.broker.queues["q"].front().body == what.body);
  CHECK(to_properties(test.broker.queues["q"].front().properties) == what.properties);
}

TEST_CASE("a refused message is an error, and so is one that no queue takes") {
  Publishing test(mandatory());
  auto returned = test.publish({"nowhere", "x"});
  auto taken = test.publish({"q", "x"});
  test.run();
  CHECK(returned.error() == ternmq::errc::returned);
  CHECK(returned.result().what == outcome::kind::returned);
  CHECK(returned.result().reply_text == "NO_ROUTE");
  CHECK(returned.text() == "NO_ROUTE");
  CHECK(taken.is_good());
  test.broker.nacks = true;
  auto nacked = test.publish({"q", "x"});
  test.run();
  CHECK(nacked.error() == ternmq::errc::nacked);
  CHECK(nacked.result().what == outcome::kind::nacked);
}

TEST_CASE("returns are tied to their message when one confirm covers many") {
  Publishing test(mandatory());
  test.wire->holds_confirms = true;
  std::vector<Asked<outcome>> asked;
  for (int i = 0; i < 6; ++i) asked.push_back(test.publish({i % 2 == 0 ? "q" : "nowhere", "x"}));
  test.run();
  test.wire->confirm_all(1);
  test.run();
  for (std::size_t i = 0; i < asked.size(); ++i) {
    REQUIRE(asked[i].is_done());
    CHECK(asked[i].result().is_confirmed() == (i % 2 == 0));
  }
}

TEST_CASE("no more than the window is on its way, and the rest follows") {
  Publishing test(with_window(3));
  test.wire->holds_confirms = true;
  std::vector<Asked<std::uint64_t>> sent(5);
  for (auto& one : sent) test.part.send(one.operation(), {"q", "x"});
  test.run();
  CHECK(test.broker.published == 3);
  CHECK(sent[2].is_good());
  CHECK(sent[2].result() == 3);
  CHECK_FALSE(sent[3].is_done());
  CHECK(test.part.try_send({"q", "y"}) == 0);
  test.wire->confirm_all(1);
  test.run();
  CHECK(sent[4].is_good());
  CHECK(test.broker.published == 5);
}

TEST_CASE("the window counts bytes, too, but always lets one message through") {
  ternmq::publisher_options options;
  options.window_bytes = 1000;
  Publishing test(options);
  test.wire->holds_confirms = true;
  CHECK(test.part.try_send({"q", std::string(5000, 'x')}) == 1);
  CHECK(test.part.try_send({"q", "x"}) == 0);
}

TEST_CASE("a report has what became of everything since the last one") {
  ternmq::publisher_options options = mandatory();
  std::vector<std::uint64_t> told;
  options.on_failure = [&](std::uint64_t id, const outcome&) { told.push_back(id); };
  Publishing test(options);
  for (const char* key : {"q", "nowhere", "q"}) CHECK(test.part.try_send({key, "x"}) > 0);
  Asked<ternmq::publish_report> report;
  test.part.drain(report.operation());
  CHECK_FALSE(report.is_done());
  test.run();
  REQUIRE(report.is_good());
  CHECK(report.result().confirmed == 2);
  CHECK(report.result().failed == 1);
  REQUIRE(report.result().failures.size() == 1);
  CHECK(report.result().failures[0].id == 2);
  CHECK(told == std::vector<std::uint64_t>{2});
  Asked<ternmq::publish_report> nothing;
  test.part.drain(nothing.operation());
  test.run();
  CHECK(nothing.result().confirmed == 0);
  CHECK(nothing.result().all_confirmed());
}

TEST_CASE("a batch completes when each message has its outcome") {
  Publishing test(mandatory());
  Asked<std::vector<outcome>> batch;
  std::vector<message> messages{{"q", "1"}, {"nowhere", "2"}, {"q", "3"}};
  messages[2].routing_key = std::string(300, 'k');  // Not sent at all.
  test.part.batch(batch.operation(), std::move(messages));
  Asked<std::vector<outcome>> empty;
  test.part.batch(empty.operation(), {});
  test.run();
  CHECK(batch.error() == ternmq::errc::returned);
  REQUIRE(batch.result().size() == 3);
  CHECK(batch.result()[0].is_confirmed());
  CHECK(batch.result()[2].error == ternmq::errc::invalid_argument);
  CHECK(empty.is_good());
}

TEST_CASE("a blocked broker is not sent anything until it is unblocked") {
  Publishing test;
  test.wire->send(0, amqp::ConnectionBlocked{.reason = "low on memory"});
  test.run();
  CHECK(test.machine.state() == ternmq::connection_state::blocked);
  auto asked = test.publish({"q", "x"});
  test.run();
  CHECK(test.broker.published == 0);
  test.wire->send(0, amqp::ConnectionUnblocked{});
  test.run();
  CHECK(asked.is_good());
  CHECK(test.machine.state() == ternmq::connection_state::open);
}

TEST_CASE("a message whose time is up is on its way all the same") {
  Publishing test;
  test.wire->holds_confirms = true;
  auto asked = test.publish({"q", "x"}, 100);
  test.run();
  test.advance(100);
  CHECK(asked.error() == ternmq::errc::timed_out);
  CHECK(test.part.in_flight() == 1);
  test.wire->confirm_all(1);
  test.run();
  CHECK(test.part.in_flight() == 0);
}

TEST_CASE("one that still waits for room is not sent when its time is up") {
  Publishing test(with_window(1));
  test.wire->holds_confirms = true;
  auto first = test.publish({"q", "x"});
  auto second = test.publish({"q", "x"}, 100);
  test.run();
  test.advance(100);
  CHECK(second.error() == ternmq::errc::timed_out);
  test.wire->confirm_all(1);
  test.run();
  CHECK(first.is_good());
  CHECK(test.broker.published == 1);
}

TEST_CASE("a publisher's confirm timeout is for every message") {
  ternmq::publisher_options options;
  options.confirm_timeout = std::chrono::milliseconds(50);
  Publishing test(options);
  test.wire->holds_confirms = true;
  auto asked = test.publish({"q", "x"});
  test.run();
  CHECK(test.machine.next_wake() == test.now + 50);
  test.advance(50);
  CHECK(asked.error() == ternmq::errc::timed_out);
}

TEST_CASE("an error that closes the channel is everybody's, and the next has a new channel") {
  Publishing test;
  test.wire->holds_confirms = true;
  auto asked = test.publish({"missing", "key", "x"});
  test.run();
  test.wire->send(1, amqp::ChannelClose{.reply_code = 404, .reply_text = "NOT_FOUND - missing"});
  test.run();
  CHECK(asked.error() == ternmq::errc::not_found);
  CHECK(asked.result().reply_text == "NOT_FOUND - missing");
  test.wire->holds_confirms = false;
  auto again = test.publish({"q", "x"});
  test.run();
  CHECK(again.is_good());
}

TEST_CASE("closing waits for confirms, and nothing is published after it") {
  Publishing test;
  test.wire->holds_confirms = true;
  auto asked = test.publish({"q", "x"});
  Asked<> closed;
  test.part.close(closed.operation());
  auto late = test.publish({"q", "x"});
  test.run();
  CHECK_FALSE(closed.is_done());
  CHECK(late.error() == ternmq::errc::connection_closed);
  test.wire->confirm_all(1);
  test.run();
  CHECK(asked.is_good());
  CHECK(closed.is_good());
  CHECK(test.wire->methods.back() == "channel.close");
}
