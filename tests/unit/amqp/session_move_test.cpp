// A connection moves to the shard of the queue that it works with, when nothing is outstanding.
#include <catch2/catch.hpp>

#include "unit/amqp/session_fixture.hpp"

namespace tern::amqp::testing {
namespace {

constexpr ShardId other{1};

struct Mover : Client {
  Mover() {
    broker.add_queue("q").shard = other;
    broker.add_queue("own");
    there.shard = other;
    there.queues = broker.queues;
    open_channel();
  }
  ~Mover() { connection.reset(); }  // which leaves one of the two brokers
  Mover(const Mover&) = delete;
  Mover& operator=(const Mover&) = delete;

  void publish_to(const std::string& queue, int count) {
    for (int number = 0; number < count; ++number)
      publish(1, BasicPublish{.exchange = "", .routing_key = queue}, std::to_string(number));
  }
  void move() {
    take();
    REQUIRE(connection->leave());
    CHECK(broker.session == nullptr);
    connection->arrive(there, now);
    REQUIRE(there.session != nullptr);
    CHECK(broker.channels == 0);
    CHECK(there.channels == (there.has_vhost ? 1 : 0));
  }

  FakeBroker there;
};

}  // namespace

TEST_CASE("many publishes in a row to another shard's queue move the connection there") {
  Mover client;
  client.publish_to("q", 64);
  CHECK(client.transport.moves.empty());
  client.publish_to("q", 10);
  REQUIRE(client.transport.moves == std::vector{other});
  CHECK_FALSE(client.connection->wants_input());
  const std::size_t before = client.broker.published.size();
  client.move();
  CHECK(client.connection->wants_input());
  client.feed({});
  // What had been sent meanwhile goes on over there, and nothing is lost or sent twice.
  CHECK(before + client.there.published.size() == 74);
  CHECK(client.there.published.back()->body() == "9");
}

TEST_CASE("publishes to queues of several shards do not move the connection") {
  Mover client;
  for (int round = 0; round < 10; ++round) {
    client.publish_to("q", 50);
    client.publish_to("own", 1);
  }
  CHECK(client.transport.moves.empty());
}

TEST_CASE("a connection that waits for confirms moves when they have come") {
  Mover client;
  client.send(1, ConfirmSelect{});
  client.take();
  client.publish_to("q", 80);
  CHECK(client.transport.moves.empty());
  CHECK_FALSE(client.connection->wants_input());
  for (const PublisherToken& token : std::vector(client.broker.tokens))
    client.connection->publish_settled(token.channel, token.sequence,
                                       queue::PublishOutcome::accepted);
  client.take();
  CHECK(client.transport.moves == std::vector{other});
}

TEST_CASE("a consumer of another shard's queue begins after the move") {
  Mover client;
  client.send(1, BasicConsume{.queue = "q", .consumer_tag = "c"});
  REQUIRE(client.transport.moves == std::vector{other});
  CHECK(client.broker.take_calls().empty());
  client.move();
  client.feed({});
  CHECK(client.there.last_consumer.session.shard == other);
  client.there.run();
  CHECK(client.take() == Lines{"1 basic.consume-ok 'c'"});
}

TEST_CASE("a connection that has a consumer stays, and so does one that may not move") {
  Mover client;
  client.send(1, BasicConsume{.queue = "own", .consumer_tag = "c"});
  client.take();
  client.send(1, BasicConsume{.queue = "q", .consumer_tag = "d"});
  CHECK(client.take() == Lines{"1 basic.consume-ok 'd'"});
  CHECK(client.transport.moves.empty());

  Mover owner;
  owner.broker.can_move = false;
  owner.publish_to("q", 200);
  CHECK(owner.broker.published.size() == 200);
  owner.send(1, BasicConsume{.queue = "q", .consumer_tag = "c"});
  CHECK(owner.transport.resumed > 0);
  owner.feed({});
  CHECK(owner.take() == Lines{"1 basic.consume-ok 'c'"});
  CHECK(owner.transport.moves.empty());
}

TEST_CASE("a virtual host that is gone on arrival closes the connection") {
  Mover client;
  client.send(1, BasicConsume{.queue = "q", .consumer_tag = "c"});
  client.there.has_vhost = false;
  client.move();
  CHECK(client.take() == Lines{"0 connection.close 530 'NOT_ALLOWED - gone' 10 40"});
}

}  // namespace tern::amqp::testing
