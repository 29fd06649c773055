// Operations of a session: what has to wait for them, and in which order they are answered.
#include <catch2/catch.hpp>

#include "unit/amqp/session_fixture.hpp"

using namespace tern;
using namespace tern::amqp;
using namespace tern::amqp::testing;

namespace {

std::string declare(std::string_view queue, bool passive = false) {
  return method_bytes_of(1, QueueDeclare{.queue = queue, .passive = passive});
}

}  // namespace

TEST_CASE("no input is taken while an operation is under way") {
  Client client;
  client.open_channel();
  client.run_broker = false;
  client.feed(method_bytes_of(1, QueueDeclare{.queue = "q", .no_wait = true}) +
              publish_bytes(1, {.routing_key = "q"}, "after"));
  CHECK(client.broker.take_calls() == Lines{"declare_queue q"});
  CHECK_FALSE(client.connection->wants_input());
  CHECK(client.transport.resumed == 0);
  client.broker.run();
  CHECK(client.transport.resumed == 1);
  client.feed("");
  CHECK(client.broker.take_calls() == Lines{"enqueue 1 after"});
}

TEST_CASE("declarations that nothing can refuse do not wait for each other") {
  Client client;
  client.open_channel();
  client.run_broker = false;
  client.broker.outlook = broker::Outlook::certain;
  client.feed(declare("a") + method_bytes_of(1, QueueBind{.queue = "a", .exchange = "all"}) +
              declare("b"));
  CHECK(client.broker.take_calls() == Lines{"declare_queue a", "bind all a ", "declare_queue b"});
  CHECK(client.connection->wants_input());

  SECTION("and are answered in their order, whichever is done first") {
    client.broker.run_last();
    CHECK(client.take().empty());
    client.broker.run();
    CHECK(client.take() ==
          Lines{"1 queue.declare-ok 'a' 0 0", "1 queue.bind-ok", "1 queue.declare-ok 'b' 0 0"});
    client.feed(declare("c"));
    client.broker.run();
    CHECK(client.take() == Lines{"1 queue.declare-ok 'c' 0 0"});
  }
  SECTION("one that is refused keeps its place, and nothing is taken behind it") {
    client.broker.outlook = broker::Outlook::open;
    client.broker.fail_next = broker::BrokerError{broker::ErrorKind::precondition_failed, "no"};
    client.feed(declare("c") + declare("d"));
    CHECK(client.broker.take_calls() == Lines{"declare_queue c"});
    CHECK_FALSE(client.connection->wants_input());
    client.broker.run_last();
    CHECK(client.take().empty());
    client.broker.run();
    CHECK(client.take() == Lines{"1 queue.declare-ok 'a' 0 0", "1 queue.bind-ok",
                                 "1 queue.declare-ok 'b' 0 0",
                                 "1 channel.close 406 'PRECONDITION_FAILED - no' 50 10"});
  }
  SECTION("there are not more of them than the limit") {
    std::string many;
    for (int i = 0; i < 1000; ++i) many += declare("m");
    client.feed(many);
    CHECK(client.broker.waiting() == 256);
    CHECK_FALSE(client.connection->wants_input());
    std::size_t answers = 0;
    while (client.broker.waiting() > 0) {
      client.broker.run();
      client.feed("");
      answers += client.take().size();
    }
    CHECK(answers == 1003);
  }
}

TEST_CASE("what needs to see declarations waits for them") {
  Client client;
  client.open_channel();
  client.run_broker = false;
  client.broker.outlook = broker::Outlook::certain;
  const std::string waits =
      GENERATE(publish_bytes(1, {.routing_key = "q"}, "x"), declare("q", true), declare(""),
               method_bytes_of(1, QueueBind{.exchange = "all"}),
               method_bytes_of(1, QueueDelete{.queue = "q"}),
               method_bytes_of(1, BasicGet{.queue = "q"}), method_bytes_of(1, ChannelClose{}),
               method_bytes_of(2, ChannelOpen{}), method_bytes_of(0, ConnectionClose{}));
  client.feed(declare("q") + waits);
  CHECK(client.broker.take_calls() == Lines{"declare_queue q"});
  CHECK(client.take().empty());
  CHECK_FALSE(client.connection->wants_input());
  CHECK(client.transport.resumed == 0);
  client.broker.run();
  CHECK(client.transport.resumed == 1);
  CHECK(client.take() == Lines{"1 queue.declare-ok 'q' 0 0"});
  client.feed("");
  client.broker.run();
  CHECK((!client.broker.calls.empty() || !client.take().empty()));
}
