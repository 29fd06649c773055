// Getting a single message: it is there or not, it is lost on the way, nobody waits for it any
// more.
#include "unit/client/machine_fixture.hpp"

using namespace tern;
using namespace tern::client;
using ternmq::delivery;

namespace {

struct Getting : MachineFixture {
  explicit Getting(int messages) {
    for (int i = 1; i <= messages; ++i)
      broker.queues["q"].push_back({"", "q", std::string("\0\0", 2), std::to_string(i)});
    open();
  }
  /// Without a handle, as in these tests, nobody but release() ends a part.
  ConsumerPart& get(Asked<std::optional<delivery>>& into, Tick timeout = 0) {
    ConsumerPart& part = machine.add_consumer("q", {});
    part.start_get({}, into.operation(timeout));
    machine.begin(part);
    return part;
  }

  Asked<std::optional<delivery>> asked;
};

}  // namespace

TEST_CASE("one message is got, and no other one is taken") {
  Getting test(2);
  ConsumerPart& part = test.get(test.asked);
  test.run(1);  // Byte by byte.
  REQUIRE(test.asked.is_good());
  REQUIRE(test.asked.result());
  CHECK(test.asked.result()->body() == "1");
  CHECK(test.asked.result()->routing_key() == "q");
  CHECK(test.broker.queues["q"].size() == 1);
  part.settle(*part.epoch(), test.asked.result()->delivery_tag(), Verdict::ack);
  part.release();
  test.run();
  CHECK(test.broker.acked == 1);
  CHECK(test.wire->methods.back() == "channel.close");
  CHECK(test.broker.queues["q"].size() == 1);
}

TEST_CASE("an empty queue is told at once, and is no error") {
  Getting test(0);
  test.get(test.asked);
  test.run();
  REQUIRE(test.asked.is_good());
  CHECK_FALSE(test.asked.result());
}

TEST_CASE("a get is asked again after a loss, and a message that was got is not got again") {
  Getting test(1);
  test.get(test.asked);
  test.bytes_left = 20;  // Within the message.
  test.run();
  CHECK_FALSE(test.asked.is_done());
  test.advance_until([&] { return test.asked.is_done(); });
  REQUIRE(test.asked.is_good());
  REQUIRE(test.asked.result());
  CHECK(test.asked.result()->is_redelivered());

  test.tear();
  test.run();
  test.advance_until([&] { return test.machine.state() == ternmq::connection_state::open; });
  CHECK(test.broker.queues["q"].size() == 1);
  CHECK(std::count(test.wire->methods.begin(), test.wire->methods.end(), "basic.get") == 0);
}

TEST_CASE("what comes for a get that was given up goes back") {
  Getting test(1);
  test.tear();
  ConsumerPart& part = test.get(test.asked, 5);  // Waits for the connection.
  test.run();
  test.is_broker_up = false;
  test.advance(10);
  CHECK(test.asked.error() == errc::timed_out);
  part.release();
  test.is_broker_up = true;
  test.advance_until([&] { return test.machine.state() == ternmq::connection_state::open; });
  test.run();
  CHECK(test.broker.queues["q"].size() == 1);
}

TEST_CASE("a get on a connection that ends fails with it") {
  Getting test(0);
  test.tear();
  test.get(test.asked);
  test.machine.stop();
  test.run();
  CHECK(test.asked.error() == errc::connection_closed);
}
