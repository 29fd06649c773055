// Recovery: hosts in turn, the topology, publishers and consumers restored, and the wire torn after
// every single byte of a whole life.
#include "unit/client/machine_fixture.hpp"

using namespace tern;
using namespace tern::client;
using ternmq::connection_state;
using ternmq::outcome;

namespace {

ternmq::connection_options quick(std::size_t hosts = 1) {
  ternmq::connection_options options;
  options.endpoints.assign(hosts, {});
  options.recovery.delay_min = std::chrono::milliseconds(10);
  options.recovery.delay_max = std::chrono::milliseconds(20);
  return options;
}

ternmq::publisher_options resending(ternmq::resend how) {
  ternmq::publisher_options options;
  options.on_recovery = how;
  return options;
}

void recover(MachineFixture& test) {
  test.advance_until([&] { return test.machine.state() == connection_state::open; });
  REQUIRE(test.machine.state() == connection_state::open);
}

}  // namespace

TEST_CASE("after a loss the next host is tried, and the lost one comes last") {
  MachineFixture test(quick(3));
  std::vector<std::string> states;
  test.machine.watch([&](const ternmq::state_change& change) {
    states.push_back(std::string(to_string(change.to)) + " " + change.reason.text);
  });
  test.open();
  test.is_broker_up = false;
  test.tear();
  test.run();
  test.advance(0);
  test.advance(0);
  test.advance(0);
  CHECK(test.dialled == std::vector<std::size_t>{0, 1, 2, 0});
  test.is_broker_up = true;
  recover(test);
  CHECK(states.front() == "connecting ");
  CHECK(states[2] == "recovering torn");
  CHECK(states.back() == "open ");
}

TEST_CASE("it gives up after as many rounds as it was told, and says so to everybody") {
  auto options = quick(2);
  options.recovery.rounds_max = 2;
  MachineFixture test(options);
  test.open();
  test.broker.queues["q"];
  auto& publisher = test.publisher();
  test.run();
  test.is_broker_up = false;
  test.tear();
  Asked<outcome> published;
  publisher.publish(published.operation(), {"q", "x"});
  test.run();
  test.advance_until([&] { return test.machine.state() == connection_state::closed; });
  CHECK(test.dialled.size() == 1 + 4);
  CHECK(published.error() == ternmq::errc::connection_lost);
  CHECK(published.text() == "refused");
}

TEST_CASE("what was declared is declared again, and consumers follow a new name") {
  MachineFixture test(quick());
  test.open();
  ternmq::topology topology;
  topology.add_exchange("ex", "fanout").add_queue("named").add_temporary_queue();
  topology.bind("ex", "named", "").bind("ex", "", "");
  Asked<std::vector<ternmq::queue_status>> declared;
  test.machine.declare(declared.operation(), ternmq::topology(topology));
  test.run();
  REQUIRE(declared.is_good());
  const std::string old_name = declared.result()[1].name;
  auto& consumer = test.machine.add_consumer(old_name, {});
  consumer.start({}, [](const error_info*) {});
  test.machine.begin(consumer);
  Asked<std::uint32_t> deleted;
  test.machine.delete_queue(deleted.operation(), "nothing");
  test.run();

  test.broker.declared.clear();
  test.broker.queues.clear();
  test.tear();
  recover(test);
  CHECK(consumer.queue() != old_name);
  CHECK(test.broker.declared == std::set<std::string>{"exchange ex", "queue named",
                                                      "queue " + consumer.queue(),
                                                      "binding ex named", "binding ex "});
}

TEST_CASE("unconfirmed messages are sent again, in order, before new ones") {
  MachineFixture test(quick());
  test.open();
  test.broker.queues["q"];
  auto& publisher = test.publisher();
  test.run();
  test.wire->holds_confirms = true;
  std::vector<Asked<outcome>> asked(3);
  for (std::size_t i = 0; i < 2; ++i)
    publisher.publish(asked[i].operation(), {"q", std::to_string(i)});
  test.run();
  test.broker.queues["q"].clear();
  test.tear();
  publisher.publish(asked[2].operation(), {"q", "2"});
  recover(test);
  for (const auto& one : asked) CHECK(one.is_good());
  std::string bodies;
  for (const auto& one : test.broker.queues["q"]) bodies += one.body;
  CHECK(bodies == "012");
}

TEST_CASE("a publisher that shall not repeat itself says that it does not know") {
  MachineFixture test(quick());
  test.open();
  test.broker.queues["q"];
  auto& publisher = test.publisher(resending(ternmq::resend::never));
  test.run();
  test.wire->holds_confirms = true;
  Asked<outcome> asked;
  publisher.publish(asked.operation(), {"q", "x"});
  test.run();
  test.tear();
  test.run();
  CHECK(asked.error() == ternmq::errc::outcome_unknown);
  recover(test);
  CHECK(test.broker.published == 1);
}

TEST_CASE("deduplicated messages have the same id each time they are sent") {
  MachineFixture test(quick());
  test.open();
  test.broker.queues["q"];
  auto& publisher = test.publisher(resending(ternmq::resend::deduplicated));
  test.run();
  test.wire->holds_confirms = true;
  std::vector<Asked<outcome>> asked(3);
  ternmq::message own("q", "x");
  own.properties.message_id = "own";
  publisher.publish(asked[0].operation(), {"q", "x"});
  publisher.publish(asked[1].operation(), {"q", "x"});
  publisher.publish(asked[2].operation(), std::move(own));
  test.run();
  test.tear();
  recover(test);
  std::vector<std::string> ids;
  for (const auto& one : test.broker.queues["q"])
    ids.push_back(to_properties(one.properties).message_id);
  REQUIRE(ids.size() == 6);
  CHECK_FALSE(ids[0].empty());
  CHECK(ids[0] != ids[1]);
  CHECK(ids[2] == "own");
  CHECK(std::equal(ids.begin(), ids.begin() + 3, ids.begin() + 3));
}

TEST_CASE("deliveries of a lost connection cannot be settled on the next") {
  MachineFixture test(quick());
  test.broker.queues["q"].push_back({"", "q", std::string("\0\0", 2), "x"});
  auto& consumer = test.machine.add_consumer("q", {});
  consumer.start({}, [](const error_info*) {});
  test.open();
  Asked<ternmq::delivery> first;
  consumer.next(first.operation());
  test.run();
  REQUIRE(first.is_good());
  const auto epoch = consumer.epoch()->load();
  test.tear();
  recover(test);
  consumer.settle(epoch, first.result().delivery_tag(), Verdict::ack);
  test.run();
  CHECK(test.broker.acked == 0);
  Asked<ternmq::delivery> again;
  consumer.next(again.operation());
  test.run();
  CHECK(again.result().is_redelivered());
}

// One whole life: connect, declare, publish, consume, acknowledge, close. The wire is torn once,
// after `cut` bytes towards the client. Returns whether it was.
static bool live_with_a_cut(std::size_t cut) {
  INFO("torn after " << cut << " bytes");
  MachineFixture test(quick(2));
  test.bytes_left = cut;
  Asked<> opened;
  test.machine.open(opened.operation());
  ternmq::topology topology;
  topology.add_exchange("ex", "topic").add_queue("q").bind("ex", "q", "k");
  Asked<std::vector<ternmq::queue_status>> declared;
  test.machine.declare(declared.operation(), ternmq::topology(topology));
  auto& publisher = test.publisher(resending(ternmq::resend::deduplicated));
  auto& consumer = test.machine.add_consumer("q", {});
  consumer.start({}, [](const error_info*) {});
  test.machine.begin(consumer);
  test.run();
  test.advance_until([&] { return declared.is_done(); });
  REQUIRE(opened.is_good());
  REQUIRE(declared.is_good());

  std::vector<Asked<outcome>> published(4);
  for (std::size_t i = 0; i < published.size(); ++i)
    publisher.publish(published[i].operation(), {"q", std::string(i * 40, 'a')});
  std::set<std::string> seen;  // Ids of messages whose acknowledgement was sent.
  const auto all_confirmed = [&] {
    return std::ranges::all_of(published, [](const auto& one) { return one.is_done(); });
  };
  test.run();
  test.advance_until(all_confirmed);
  for (const auto& one : published) REQUIRE(one.is_good());
  for (int round = 0; round < 30 && seen.size() < published.size(); ++round) {
    Asked<ternmq::delivery> asked;
    consumer.next(asked.operation(1000));
    test.run();
    test.advance_until([&] { return asked.is_done(); });
    REQUIRE(asked.is_good());
    seen.insert(std::string(asked.result().message_id()));
    consumer.settle(*consumer.epoch(), asked.result().delivery_tag(), Verdict::ack);
    test.run();
  }
  CHECK(seen.size() == published.size());
  const bool was_torn = test.dialled.size() > 1;
  test.bytes_left = SIZE_MAX;
  test.advance_until([&] { return test.machine.state() == connection_state::open; });
  Asked<> closed;
  test.machine.close(closed.operation());
  test.run();
  CHECK(closed.is_good());
  return was_torn;
}

TEST_CASE("whatever byte is the last, nothing confirmed is lost and nothing hangs") {
  std::size_t cut = 1;
  while (live_with_a_cut(cut)) ++cut;
  CHECK(cut > 500);
}
