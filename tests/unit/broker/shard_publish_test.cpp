// Publishing, confirms and getting through a whole node: same shard and across shards.
#include <catch2/catch.hpp>

#include "support/node_fixture.hpp"

using namespace tern;
using namespace tern::broker;
using namespace tern::test;

namespace {

std::string sequences(const TestClient& client) {
  std::string text;
  for (const auto& one : client.settled) {
    text += (text.empty() ? "" : " ") + std::to_string(one.sequence);
    if (one.outcome == queue::PublishOutcome::refused) text += "!";
  }
  return text;
}

}  // namespace

TEST_CASE("a published message reaches a consumer and is gone when it is acked") {
  const auto shards = GENERATE(1U, 2U, 4U);
  TestNode node({.shards = shards});
  for (std::uint32_t from = 0; from < shards; ++from) {
    TestClient& publisher = node.connect(from);
    TestClient& consumer = node.connect((from + 1) % shards);
    const std::string name = "q" + std::to_string(from);
    CHECK_FALSE(node.wait(publisher, publisher.declare(name, durable_queue())).failed);
    CHECK_FALSE(node.wait(consumer, consumer.consume(name)).failed);
    CHECK(publisher.publish({"", name, "a"}) == 1);
    CHECK(publisher.publish({"", name, "b", false}) == 1);
    node.run();
    CHECK(consumer.taken() == "1:a 1:b");
    CHECK(publisher.settled.size() == 2);
    for (const auto& received : consumer.received) consumer.settle(received);
    node.run();
    const auto found = node.wait(consumer, consumer.find(name));
    CHECK(found.count == 0);
    CHECK(found.consumers == 1);
    CHECK(node.stored_count(consumer.received[0].delivery.queue) == 0);
  }
}

TEST_CASE("a persistent message on a durable queue is confirmed only when it is committed") {
  const auto shards = GENERATE(1U, 2U);
  TestNode node({.shards = shards});
  TestClient& client = node.connect(shards - 1);
  node.wait(client, client.declare("kept", durable_queue()));
  node.wait(client, client.declare("transient"));
  node.options().store_works = false;

  client.publish({"", "kept", "1"});
  client.publish({"", "transient", "2"});
  client.publish({"", "kept", "3", false});
  node.run();
  CHECK(sequences(client) == "2 3");
  CHECK(node.store().begin_commit());
  node.run();
  CHECK(sequences(client) == "2 3");
  node.store().finish_commit();
  node.run();
  CHECK(sequences(client) == "2 3 1");
}

TEST_CASE("every target of a publish answers for itself") {
  TestNode node({.shards = 2});
  TestClient& client = node.connect();
  for (const char* name : {"a", "b", "c"}) {
    node.wait(client, client.declare(name, durable_queue()));
    node.wait(client, client.bind("amq.fanout", name, ""));
  }
  node.options().store_works = false;
  CHECK(client.publish({"amq.fanout", "", "x"}) == 3);
  node.run();
  CHECK(client.settled.empty());
  node.options().store_works = true;
  node.run();
  CHECK(sequences(client) == "1 1 1");
}

TEST_CASE("a message that is settled before its commit is never stored, and confirmed at once") {
  TestNode node({.shards = 2});
  TestClient& client = node.connect(0);
  TestClient& consumer = node.connect(1);
  node.wait(client, client.declare("q", durable_queue()));
  node.wait(consumer, consumer.consume("q"));
  node.options().store_works = false;
  client.publish({"", "q", "a"});
  node.run();
  REQUIRE(consumer.taken() == "1:a");
  CHECK(client.settled.empty());
  consumer.settle(consumer.received[0]);
  node.run();
  CHECK(sequences(client) == "1");
  node.store().commit_all();
  CHECK(node.stored_count(consumer.received[0].delivery.queue) == 0);
}

TEST_CASE("a confirm of a queue that has gone still comes, once") {
  TestNode node({.shards = 2});
  TestClient& client = node.connect(0);
  for (const char* name : {"a", "b"}) node.wait(client, client.declare(name, durable_queue()));
  node.options().store_works = false;
  for (const char* name : {"a", "b"}) client.publish({"", name, "x"});
  node.run();
  for (const char* name : {"a", "b"}) client.remove(name);
  node.options().store_works = true;
  node.run();
  CHECK(client.settled.size() == 2);
}

TEST_CASE("messages routed to a queue that goes meanwhile are settled") {
  TestNode node({.shards = 2});
  TestClient& client = node.connect(0);
  TestClient& other = node.connect(1);
  for (const char* name : {"a", "b"}) node.wait(client, client.declare(name, durable_queue()));
  for (const char* name : {"a", "b"}) {
    other.remove(name);
    CHECK(client.publish({"", name, "x"}) == 1);
  }
  node.run();
  CHECK(client.settled.size() == 2);
}

TEST_CASE("what is not routed or not there is told at once") {
  TestNode node({.shards = 2});
  TestClient& client = node.connect();
  CHECK(client.publish({"", "nowhere", "x"}) == 0);
  CHECK(client.publish({"amq.direct", "nowhere", "x"}) == 0);
  CHECK(client.publish({"no-such", "", "x"}) == std::nullopt);
  CHECK(client.publish({"amq.rabbitmq.trace", "", "x"}) == std::nullopt);
}

TEST_CASE("get takes one message in order and says what is left") {
  const auto shards = GENERATE(1U, 2U);
  TestNode node({.shards = shards});
  TestClient& client = node.connect(shards - 1);
  node.wait(client, client.declare("q", durable_queue()));
  client.publish({"", "q", "a"});
  client.publish({"", "q", "b"});
  // A get does not overtake what its client has published before.
  auto first = node.wait(client, client.get("q"));
  REQUIRE(first.delivery.message);
  CHECK(first.delivery.message->body() == "a");
  CHECK(first.count == 1);
  auto second = node.wait(client, client.get("q", true));
  REQUIRE(second.delivery.message);
  CHECK(second.delivery.message->body() == "b");
  CHECK(second.count == 0);
  const auto third = node.wait(client, client.get("q"));
  CHECK_FALSE(third.failed);
  CHECK_FALSE(third.delivery.message);
  client.settle({0, std::move(first.delivery), {}}, queue::Settlement::requeued);
  auto again = node.wait(client, client.get("q", true));
  REQUIRE(again.delivery.message);
  CHECK(again.delivery.redelivered);
  CHECK(node.stored_count(again.queue.id) == 0);
}

TEST_CASE("get of a queue that is not there") {
  TestNode node({.shards = 2});
  TestClient& client = node.connect();
  const auto got = node.wait(client, client.get("q"));
  CHECK(got.failed);
  CHECK(got.error.kind == ErrorKind::not_found);
  CHECK(got.error.text == "no queue 'q' in vhost '/'");
}

TEST_CASE("purge removes what is ready and leaves what is unacked") {
  const auto shards = GENERATE(1U, 2U);
  TestNode node({.shards = shards});
  TestClient& client = node.connect();
  node.wait(client, client.declare("q", durable_queue()));
  for (const char* body : {"a", "b", "c"}) client.publish({"", "q", body});
  auto held = node.wait(client, client.get("q"));
  CHECK(node.wait(client, client.purge("q")).count == 2);
  CHECK(node.wait(client, client.find("q")).count == 0);
  client.settle({0, std::move(held.delivery), {}}, queue::Settlement::requeued);
  CHECK(node.wait(client, client.find("q")).count == 1);
}
