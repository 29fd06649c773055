// Consumers, sessions and queues that come and go.
#include <catch2/catch.hpp>

#include "support/node_fixture.hpp"

using namespace tern;
using namespace tern::broker;
using namespace tern::test;

namespace {

const QueueSpec automatic = automatic_queue();
const QueueSpec exclusive = exclusive_queue();

queue::ConsumerSpec prefetching(std::uint32_t prefetch) {
  queue::ConsumerSpec spec;
  spec.prefetch = prefetch;
  return spec;
}

bool is_there(TestNode& node, TestClient& client, const std::string& name) {
  node.run();
  const auto found = node.wait(client, client.find(name));
  if (found.failed) CHECK(found.error.kind == ErrorKind::not_found);
  return !found.failed;
}

}  // namespace

TEST_CASE("the answer to consume comes before the first delivery, that to cancel after the last") {
  const auto shards = GENERATE(1U, 2U);
  TestNode node({.shards = shards, .seed = GENERATE(1U, 2U, 3U)});
  TestClient& client = node.connect(shards - 1);
  node.wait(client, client.declare("q"));
  for (const char* body : {"a", "b"}) client.publish({"", "q", body});
  client.events.clear();
  node.wait(client, client.consume("q"));
  CHECK(client.events == std::vector<std::string>{"done 2", "deliver 1 a", "deliver 1 b"});
  client.publish({"", "q", "c"});
  client.cancel(1);
  client.publish({"", "q", "d"});
  node.run();
  CHECK(client.events ==
        std::vector<std::string>{"done 2", "deliver 1 a", "deliver 1 b", "deliver 1 c", "done 3"});
  // What a cancelled consumer has can still be settled.
  client.settle(client.received[0], queue::Settlement::requeued);
  CHECK(node.wait(client, client.find("q")).count == 2);
}

TEST_CASE("a consumer that is refused is told why") {
  TestNode node({.shards = 2});
  TestClient& client = node.connect(0);
  TestClient& other = node.connect(1);
  node.wait(client, client.declare("q"));
  queue::ConsumerSpec alone;
  alone.exclusive = true;
  CHECK_FALSE(node.wait(client, client.consume("q", alone)).failed);
  CHECK(node.wait(other, other.consume("q")).error.text ==
        "queue 'q' in vhost '/' in exclusive use");
  CHECK(node.wait(other, other.consume("none")).error.text == "no queue 'none' in vhost '/'");
  CHECK(node.wait(other, other.consume("q", {}, {{"x-cancel-on-ha-failover", 1}})).error.kind ==
        ErrorKind::precondition_failed);
  client.leave();
  CHECK_FALSE(node.wait(other, other.consume("q")).failed);
}

TEST_CASE("deliveries on their way to a session that has gone go back to the queue") {
  const auto shards = GENERATE(1U, 2U);
  TestNode node({.shards = shards});
  TestClient& client = node.connect(0);
  for (const char* name : {"p", "q"}) {
    TestClient& leaver = node.connect(shards - 1);
    node.wait(client, client.declare(name));
    node.wait(leaver, leaver.consume(name));
    client.publish({"", name, "a"});
    client.publish({"", name, "b"});
    node.touch(0);
    node.run_turn();
    leaver.leave();
    node.run();
    const auto found = node.wait(client, client.find(name));
    CHECK(found.count == 2);
    CHECK(found.consumers == 0);
  }
}

TEST_CASE("a session that leaves before its consume is answered leaves no consumer behind") {
  const auto shards = GENERATE(1U, 2U);
  TestNode node({.shards = shards, .seed = GENERATE(1U, 2U, 3U)});
  TestClient& client = node.connect(0);
  for (const char* name : {"p", "q"}) {
    TestClient& leaver = node.connect(shards - 1);
    node.wait(client, client.declare(name, automatic));
    for (int at = 0; at < 3; ++at) client.publish({"", name, "x"});
    node.run();
    leaver.consume(name, prefetching(1));
    const bool is_early = GENERATE(true, false);
    if (!is_early) node.run_turn();
    leaver.leave();
    node.run();
    // It was an auto-delete queue's last consumer.
    CHECK_FALSE(is_there(node, client, name));
  }
}

TEST_CASE("the answer to a get of a session that has gone goes back to the queue") {
  const auto shards = GENERATE(1U, 2U);
  TestNode node({.shards = shards});
  TestClient& client = node.connect(0);
  for (const char* name : {"p", "q"}) {
    TestClient& leaver = node.connect(shards - 1);
    node.wait(client, client.declare(name));
    client.publish({"", name, "a"});
    node.run();
    leaver.get(name);
    leaver.leave();
    node.run();
    CHECK(node.wait(client, client.find(name)).count == 1);
  }
}

TEST_CASE("consumers are told when their queue goes") {
  TestNode node({.shards = 2});
  TestClient& client = node.connect(0);
  TestClient& other = node.connect(1);
  node.wait(client, client.declare("q"));
  node.wait(other, other.consume("q"));
  other.events.clear();
  client.publish({"", "q", "a"});
  const auto removed = client.remove("q");
  node.run();
  CHECK(other.events == std::vector<std::string>{"deliver 1 a", "cancelled 1"});
  CHECK_FALSE(client.result(removed).failed);
  CHECK_FALSE(is_there(node, client, "q"));
}

TEST_CASE("delete with if_unused and if_empty") {
  const auto shards = GENERATE(1U, 2U);
  TestNode node({.shards = shards});
  TestClient& client = node.connect(shards - 1);
  node.wait(client, client.declare("q"));
  client.publish({"", "q", "a"});
  CHECK(node.wait(client, client.remove("q", false, true)).error.text ==
        "queue 'q' in vhost '/' not empty");
  node.wait(client, client.consume("q"));
  CHECK(node.wait(client, client.remove("q", true)).error.text == "queue 'q' in vhost '/' in use");
  node.wait(client, client.cancel(1));
  client.settle(client.received.at(0), queue::Settlement::requeued);
  const auto removed = node.wait(client, client.remove("q", true));
  CHECK_FALSE(removed.failed);
  CHECK(removed.count == 1);
  CHECK(node.wait(client, client.remove("q")).count == 0);
}

TEST_CASE("an auto-delete queue goes with its last consumer") {
  TestNode node({.shards = 2});
  TestClient& client = node.connect(0);
  TestClient& other = node.connect(1);
  node.wait(client, client.declare("q", automatic));
  CHECK(is_there(node, client, "q"));
  node.wait(client, client.consume("q"));
  node.wait(other, other.consume("q"));
  node.wait(client, client.cancel(1));
  CHECK(is_there(node, client, "q"));
  other.leave();
  CHECK_FALSE(is_there(node, client, "q"));
}

TEST_CASE("a queue that is declared while it goes is made anew") {
  const auto shards = GENERATE(1U, 2U);
  TestNode node({.shards = shards, .seed = GENERATE(1U, 2U, 3U, 4U)});
  TestClient& client = node.connect(0);
  for (const char* name : {"p", "q"}) {
    node.wait(client, client.declare(name, automatic));
    const auto number = static_cast<ConsumerNumber>(name[0]);
    queue::ConsumerSpec spec;
    spec.id.number = number;
    node.wait(client, client.consume(name, spec));
    const auto cancelled = client.cancel(number);
    while (!client.has_result(cancelled)) REQUIRE(node.run_turn());
    CHECK_FALSE(node.wait(client, client.declare(name, automatic)).failed);
    CHECK(is_there(node, client, name));
    CHECK(client.publish({"", name, "x"}) == 1);
  }
}

TEST_CASE("an exclusive queue is its session's, and goes with it") {
  TestNode node({.shards = 2});
  TestClient& client = node.connect(0);
  TestClient& other = node.connect(1);
  CHECK_FALSE(node.wait(client, client.declare("q", exclusive)).failed);
  for (const auto operation :
       {other.declare("q", exclusive), other.find("q"), other.consume("q"), other.get("q"),
        other.purge("q"), other.remove("q"), other.bind("amq.direct", "q", "")})
    CHECK(node.wait(other, operation).error.kind == ErrorKind::resource_locked);
  CHECK(other.publish({"", "q", "x"}) == 1);
  client.leave();
  CHECK_FALSE(is_there(node, other, "q"));
  CHECK_FALSE(node.wait(other, other.declare("q", exclusive)).failed);
}

TEST_CASE("an exclusive queue whose session went before it was made does not stay") {
  TestNode node({.shards = 2});
  TestClient& client = node.connect(0);
  TestClient& other = node.connect(1);
  client.declare("q", exclusive);
  client.leave();
  CHECK_FALSE(is_there(node, other, "q"));
}

TEST_CASE("nowait is not answered") {
  const auto shards = GENERATE(1U, 2U);
  TestNode node({.shards = shards});
  TestClient& client = node.connect(shards - 1);
  Broker& broker = node.node().shard(shards - 1);
  for (const std::string name : {"p", "q"}) {
    QueueSpec spec;
    spec.name = name;
    broker.declare_queue(client.caller, spec, 0);
    node.touch(shards - 1);
    node.run();
    broker.declare_queue(client.caller, spec, 0);
    queue::ConsumerSpec consumer;
    consumer.id = {client.caller.session, static_cast<ConsumerNumber>(name[0])};
    consumer.auto_ack = true;
    broker.consume(client.caller, name, consumer, {}, 0);
    node.touch(shards - 1);
    node.run();
  }
  CHECK(client.events.empty());
  CHECK(node.wait(client, client.find("q")).consumers == 1);
}

TEST_CASE("a direct reply reaches who expects it, and nobody else") {
  const auto shards = GENERATE(1U, 2U);
  TestNode node({.shards = shards});
  TestClient& asker = node.connect(0);
  TestClient& server = node.connect(shards - 1);
  Broker& broker = node.node().shard(shards - 1);
  const MessageRef message = make_message({"", "reply", "answer"});
  const ReplyAddress address{asker.caller.session, 3, 77};
  const auto ask = [&](bool with_message) {
    if (with_message)
      broker.reply(address, message, 900, server.caller.session);
    else
      broker.find_reply(address, 900, server.caller.session);
    node.touch(shards - 1);
    return node.wait(server, 900).found;
  };
  CHECK_FALSE(ask(true));
  asker.reply_key = 77;
  CHECK(ask(false));
  CHECK(asker.received.empty());
  CHECK(ask(true));
  CHECK(asker.taken() == "3:answer");
  asker.leave();
  CHECK_FALSE(ask(true));
}

TEST_CASE("shutting down tells every session") {
  TestNode node({.shards = 2});
  TestClient& first = node.connect(0);
  TestClient& second = node.connect(1);
  TestClient& left = node.connect(1);
  left.leave();
  node.node().shut_down_sessions("bye");
  node.run();
  CHECK(first.shut_down_reason == "bye");
  CHECK(second.shut_down_reason == "bye");
  CHECK(left.shut_down_reason.empty());
}
