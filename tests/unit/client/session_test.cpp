// Logging in, time-outs, heartbeats, refusals: the client's machine against bytes of a test's own.
#include "unit/client/machine_fixture.hpp"

using namespace tern;
using namespace tern::client;
using ternmq::connection_state;

namespace {

ternmq::connection_options two_hosts() {
  ternmq::connection_options options;
  options.endpoints = {{"a", 1}, {"b", 2}};
  return options;
}

// What the client says in the frames of `sent`, by name.
std::vector<std::string> names_of(Bytes sent) {
  std::vector<std::string> names;
  while (!sent.empty()) {
    const auto frame = amqp::cut_frame(sent, 131'072);
    REQUIRE(frame.status == amqp::FrameStatus::complete);
    if (frame.type() == amqp::FrameType::method)
      names.emplace_back(amqp::find_method(*amqp::read_method_id(frame.payload))->name);
    else
      names.emplace_back("frame " + std::to_string(frame.raw_type));
    sent.remove_prefix(frame.bytes);
  }
  return names;
}

}  // namespace

TEST_CASE("a connection opens step by step") {
  MachineFixture test;
  Asked<> opened;
  test.machine.open(opened.operation());
  CHECK(test.machine.state() == connection_state::connecting);
  test.run(1);
  CHECK(opened.is_good());
  CHECK(test.machine.state() == connection_state::open);
  CHECK(test.wire->methods ==
        std::vector<std::string>{"connection.start-ok", "connection.tune-ok", "connection.open"});
  Asked<> closed;
  test.machine.close(closed.operation());
  test.run();
  CHECK(closed.is_good());
  CHECK(test.machine.state() == connection_state::closed);
}

TEST_CASE("when all hosts refuse, opening fails with the last error") {
  MachineFixture test(two_hosts());
  test.is_broker_up = false;
  Asked<> opened;
  test.machine.open(opened.operation());
  test.run();
  CHECK(opened.error() == boost::asio::error::connection_refused);
  CHECK(opened.text() == "refused");
  CHECK(test.dialled == std::vector<std::size_t>{0, 1});
  CHECK(test.machine.next_wake() == never);
}

TEST_CASE("a host that does not answer is given up in time") {
  MachineFixture test(two_hosts());
  Asked<> opened;
  test.machine.open(opened.operation());
  static_cast<void>(test.machine.take_action());
  test.machine.connected();  // And then nothing comes.
  CHECK(test.machine.next_wake() == test.now + 10'000);
  test.now += 10'000;
  test.machine.set_time(test.now);
  test.machine.tick();
  CHECK(test.machine.take_action().kind == SocketAction::Kind::disconnect);
  test.machine.disconnected({});
  CHECK(test.machine.take_action().host == 1);
  CHECK_FALSE(opened.is_done());
}

TEST_CASE("a refused login fails at once, in the broker's words") {
  MachineFixture test(two_hosts());
  Asked<> opened;
  test.machine.open(opened.operation());
  static_cast<void>(test.machine.take_action());
  test.machine.connected();
  std::string said;
  amqp::FrameWriter broker(said, 4096);
  broker.method(0, amqp::ConnectionStart{.version_minor = 9, .mechanisms = "PLAIN AMQPLAIN"});
  broker.method(0, amqp::ConnectionClose{.reply_code = 403, .reply_text = "ACCESS_REFUSED - no"});
  SlabLease lease(Slab::create());
  CHECK(test.machine.feed(lease, said.data(), said.size()) == said.size());
  const std::string sent = test.machine.output().substr(amqp::protocol_header_bytes);
  CHECK(names_of(sent) == std::vector<std::string>{"connection.start-ok", "connection.close-ok"});
  CHECK(test.machine.take_action().kind == SocketAction::Kind::disconnect);
  test.machine.disconnected({});
  test.run();
  CHECK(opened.error() == ternmq::errc::authentication_refused);
  CHECK(opened.text() == "ACCESS_REFUSED - no");
}

TEST_CASE("bytes that are no AMQP end the connection") {
  const std::string said = GENERATE(
      as<std::string>(), std::string("AMQP\0\0\x09\x01", 8),
      std::string("HTTP/1.1 400 Bad Request"),
      std::string("\x01\0\0\0\0\0\x04\0\x0A\0\x28\xCE", 12),  // connection.open, from a broker
      std::string("\x02\0\x01\0\0\0\x0C\0\x3C\0\0\0\0\0\0\0\0\0\0\xCE", 20));  // a stray header
  MachineFixture test;
  Asked<> opened;
  test.machine.open(opened.operation());
  static_cast<void>(test.machine.take_action());
  test.machine.connected();
  SlabLease lease(Slab::create());
  test.machine.feed(lease, said.data(), said.size());
  CHECK(test.machine.take_action().kind == SocketAction::Kind::disconnect);
  test.machine.disconnected({});
  test.run();
  CHECK(opened.error() == ternmq::errc::protocol_violation);
}

TEST_CASE("heartbeats are sent when nothing else is, and missed ones end the connection") {
  ternmq::connection_options options;
  options.heartbeat = std::chrono::seconds(10);
  options.recovery.enabled = false;
  MachineFixture test(options);
  test.open();
  CHECK(test.machine.next_wake() == test.now + 5000);
  test.advance(5000);
  CHECK(test.machine.state() == connection_state::open);
  // The wire of the test has taken it; the broker in memory says nothing of its own.
  test.advance(5000);
  test.advance(10'000);
  CHECK(test.machine.state() == connection_state::closed);
}

TEST_CASE("operations are given up when their time is up or they are cancelled") {
  MachineFixture test;
  test.open();
  Asked<std::vector<ternmq::queue_status>> declared;
  ternmq::topology topology;
  topology.add_queue("q");
  test.machine.declare(declared.operation(100), ternmq::topology(topology));
  test.machine.output().clear();  // The broker never sees it.
  test.advance(99);
  CHECK_FALSE(declared.is_done());
  test.advance(1);
  CHECK(declared.error() == ternmq::errc::timed_out);

  Asked<std::vector<ternmq::queue_status>> cancelled;
  auto op = cancelled.operation();
  const auto token = std::make_shared<ternmq::detail::cancel_token>();
  token->target = op.get();
  op->cancelling = token;
  test.machine.declare(std::move(op), ternmq::topology(topology));
  test.machine.operations().cancel(*token);
  test.run();
  CHECK(cancelled.error() == boost::asio::error::operation_aborted);
}

TEST_CASE("an operation that is cancelled on its way here never waits") {
  MachineFixture test;
  test.open();
  auto& consumer = test.machine.add_consumer("q", {});
  Asked<ternmq::delivery> asked;
  auto op = asked.operation();
  const auto token = std::make_shared<ternmq::detail::cancel_token>();
  token->target = op.get();
  op->cancelling = token;
  test.machine.operations().cancel(*token);
  consumer.next(std::move(op));
  test.advance(0);
  CHECK(asked.error() == boost::asio::error::operation_aborted);
}

TEST_CASE("a broker that does not say goodbye is left all the same") {
  MachineFixture test;
  test.open();
  Asked<> closed;
  test.machine.close(closed.operation());
  test.machine.output().clear();
  test.wire.reset();
  test.advance(4999);
  CHECK_FALSE(closed.is_done());
  test.advance(1);
  CHECK(closed.is_good());
  CHECK(test.machine.next_wake() == never);
}

TEST_CASE("what is asked of a closed connection fails") {
  MachineFixture test;
  Asked<ternmq::queue_status> inspected;
  test.machine.inspect(inspected.operation(), "q");
  auto& publisher = test.publisher();
  Asked<ternmq::outcome> published;
  publisher.publish(published.operation(), {"q", "x"});
  test.run();
  CHECK(inspected.error() == ternmq::errc::connection_closed);
  CHECK(published.error() == ternmq::errc::connection_closed);
}

TEST_CASE("the broker's first error ends a declaration, and the channel serves again") {
  MachineFixture test;
  test.open();
  ternmq::topology bad;
  ternmq::queue missing("missing");
  missing.passive = true;
  bad.add_queue("first").add(missing);
  Asked<std::vector<ternmq::queue_status>> refused;
  test.machine.declare(refused.operation(), ternmq::topology(bad));
  Asked<ternmq::queue_status> inspected;
  test.machine.inspect(inspected.operation(), "first");
  test.run();
  CHECK(refused.error() == ternmq::errc::not_found);
  CHECK(refused.text() == "NOT_FOUND - no queue 'missing'");
  CHECK(inspected.is_good());
}
