// Messages that leave a queue for another place: dead letters, gates, redrives; that no crash loses
// or doubles them.
#include <catch2/catch.hpp>

#include "broker/operations.hpp"
#include "message/properties.hpp"
#include "message/table_view.hpp"
#include "support/node_fixture.hpp"

using namespace tern;
using namespace tern::broker;
using namespace tern::test;

namespace {

FieldTable dead_letters_to(const std::string& queue) {
  FieldTable arguments;
  arguments.set("x-dead-letter-exchange", std::string());
  arguments.set("x-dead-letter-routing-key", queue);
  return arguments;
}

// Queue "work", whose dead letters go to queue "dead". With two shards they are on different ones.
TestClient& with_dead_letters(TestNode& node) {
  TestClient& client = node.connect(0);
  node.wait(client, client.declare("work", durable_queue(dead_letters_to("dead"))));
  node.wait(client, client.declare("dead", durable_queue()));
  return client;
}

void publish_one(TestNode& node, TestClient& client, const std::string& body) {
  client.publish({"", "work", body});
  node.run();
}

// Rejects the message at the head of "work".
void reject_one(TestNode& node, TestClient& client) {
  auto got = node.wait(client, client.get("work"));
  REQUIRE(got.delivery.message);
  TestClient::Received one{0, std::move(got.delivery), {}};
  client.settle(one, queue::Settlement::dropped);
}

std::uint64_t ready(TestNode& node, TestClient& client, const std::string& queue) {
  return node.wait(client, client.find(queue)).count;
}

}  // namespace

TEST_CASE("a rejected message goes to the dead-letter queue with its history") {
  const auto shards = GENERATE(1U, 2U);
  TestNode node({.shards = shards});
  TestClient& client = with_dead_letters(node);
  publish_one(node, client, "poison");
  reject_one(node, client);
  node.run();
  CHECK(ready(node, client, "work") == 0);
  const auto dead = node.wait(client, client.get("dead", true));
  REQUIRE(dead.delivery.message);
  CHECK(dead.delivery.message->body() == "poison");
  CHECK(dead.delivery.message->routing_key() == "dead");
  const TableView headers(headers_of(*dead.delivery.message));
  CHECK(headers.find("x-death").has_value());
  CHECK(headers.find("x-first-death-queue")->text() == "work");
  CHECK(headers.find("x-first-death-reason")->text() == "rejected");
}

TEST_CASE("a dead letter is on disk in one place, whenever the broker dies") {
  const auto shards = GENERATE(1U, 2U);
  const auto crash = GENERATE(TestNode::Crash::before_commit, TestNode::Crash::silently_durable);
  const auto turns = GENERATE(range(0, 12));
  TestNode node({.shards = shards});
  TestClient& client = with_dead_letters(node);
  publish_one(node, client, "one");
  node.options().store_works = false;
  reject_one(node, client);
  for (int turn = 0; turn < turns; ++turn) node.run_turn();
  static_cast<void>(node.store().begin_commit());
  node.restart(crash);
  node.options().store_works = true;
  TestClient& after = node.connect(0);
  const auto work = ready(node, after, "work");
  const auto dead = ready(node, after, "dead");
  INFO("shards " << shards << ", turns " << turns);
  CHECK(work + dead == 1);
}

TEST_CASE(
    "a publish to a queue whose dead letter is its only copy is confirmed when that is safe") {
  TestNode node({});
  TestClient& client = node.connect(0);
  FieldTable arguments = dead_letters_to("dead");
  arguments.set("x-message-ttl", std::int32_t{0});
  node.wait(client, client.declare("work", durable_queue(arguments)));
  node.wait(client, client.declare("dead", durable_queue()));
  node.options().store_works = false;
  client.publish({"", "work", "late"});
  node.run();
  CHECK(client.settled.empty());
  node.options().store_works = true;
  node.run();
  REQUIRE(client.settled.size() == 1);
  CHECK(client.settled[0].outcome == queue::PublishOutcome::accepted);
  CHECK(ready(node, client, "dead") == 1);
}

TEST_CASE("dead letters that cross between two shards all the time do not stop the store") {
  TestNode node({.shards = 2});
  TestClient& client = node.connect(0);
  // Homes go round: "left" and "to left" on the first shard, the others on the second.
  const auto expiring_to = [](const std::string& queue) {
    FieldTable arguments = dead_letters_to(queue);
    arguments.set("x-message-ttl", std::int32_t{0});
    return durable_queue(arguments);
  };
  node.wait(client, client.declare("left", expiring_to("to right")));
  node.wait(client, client.declare("right", expiring_to("to left")));
  node.wait(client, client.declare("to left", durable_queue()));
  node.wait(client, client.declare("to right", durable_queue()));
  node.options().store_works = false;
  std::size_t published = 0;
  for (int round = 0; round < 200; ++round) {
    client.publish({"", "left", "l"});
    client.publish({"", "right", "r"});
    published += 2;
    node.run_turn();
    node.run_turn();
    if (node.store().begin_commit()) node.store().finish_commit();
  }
  CHECK(client.settled.size() > published / 2);
  node.options().store_works = true;
  node.run();
  CHECK(client.settled.size() == published);
  CHECK(ready(node, client, "to left") == 200);
  CHECK(ready(node, client, "to right") == 200);
}

TEST_CASE("expired messages are dead-lettered on time") {
  TestNode node({});
  TestClient& client = node.connect(0);
  FieldTable arguments = dead_letters_to("dead");
  arguments.set("x-message-ttl", std::int32_t{1000});
  node.wait(client, client.declare("work", durable_queue(arguments)));
  node.wait(client, client.declare("dead", durable_queue()));
  publish_one(node, client, "old");
  node.advance(Millis{999});
  node.run();
  CHECK(ready(node, client, "dead") == 0);
  node.advance(Millis{1});
  node.run();
  CHECK(ready(node, client, "work") == 0);
  CHECK(ready(node, client, "dead") == 1);
}

TEST_CASE("a cycle of expiries ends, one with a rejection in it goes round") {
  TestNode node({});
  TestClient& client = node.connect(0);
  FieldTable to_b = dead_letters_to("b");
  to_b.set("x-message-ttl", std::int32_t{10});
  FieldTable to_a = dead_letters_to("a");
  to_a.set("x-message-ttl", std::int32_t{10});
  node.wait(client, client.declare("a", durable_queue(to_b)));
  node.wait(client, client.declare("b", durable_queue(to_a)));
  client.publish({"", "a", "round"});
  for (int step = 0; step < 5; ++step) {
    node.run();
    node.advance(Millis{10});
  }
  node.run();
  CHECK(ready(node, client, "a") + ready(node, client, "b") == 0);
  Totals totals;
  node.node().operations().totals([&](const Totals& sum) { totals = sum; });
  node.run();
  CHECK(totals.dead_letter_cycles == 1);
  CHECK(totals.dead_lettered_expired == 2);
}

TEST_CASE("a delayed exchange holds a message until it is due, over a restart too") {
  const auto shards = GENERATE(1U, 2U);
  TestNode node({.shards = shards});
  TestClient* client = &node.connect(0);
  ExchangeSpec spec = durable_exchange();
  spec.arguments.set("x-delayed-type", std::string("direct"));
  node.wait(*client, client->declare_exchange("later", "x-delayed-message", spec));
  node.wait(*client, client->declare("q", durable_queue()));
  node.wait(*client, client->bind("later", "q", "k"));
  FieldTable headers;
  headers.set("x-delay", std::int32_t{5000});
  client->publish({"later", "k", "wait", true, headers});
  client->publish({"later", "k", "now"});
  node.run();
  CHECK(client->settled.size() == 2);
  CHECK(ready(node, *client, "q") == 1);
  if (GENERATE(false, true)) {
    node.restart(TestNode::Crash::clean);
    client = &node.connect(0);
  }
  node.advance(Millis{4999});
  node.run();
  CHECK(ready(node, *client, "q") == 1);
  node.advance(Millis{1});
  node.run();
  CHECK(ready(node, *client, "q") == 2);
}

TEST_CASE("an exchange that deduplicates passes a message once, over a crash too") {
  TestNode node({.shards = 2});
  TestClient* client = &node.connect(0);
  ExchangeSpec spec = durable_exchange();
  spec.arguments.set("x-message-deduplication", true);
  spec.arguments.set("x-deduplication-header", std::string("id"));
  node.wait(*client, client->declare_exchange("once", "fanout", spec));
  node.wait(*client, client->declare("q", durable_queue()));
  node.wait(*client, client->bind("once", "q", ""));
  FieldTable headers;
  headers.set("id", std::string("17"));
  client->publish({"once", "", "first", true, headers});
  client->publish({"once", "", "again", true, headers});
  node.run();
  CHECK(client->settled.size() == 2);
  CHECK(ready(node, *client, "q") == 1);
  node.restart(TestNode::Crash::before_commit);
  client = &node.connect(0);
  client->publish({"once", "", "after", true, headers});
  node.run();
  CHECK(client->settled.size() == 1);
  CHECK(ready(node, *client, "q") == 1);
}

TEST_CASE("a transaction with a duplicate is answered when the message it repeats is safe") {
  const int turns = GENERATE(range(0, 14));
  TestNode node({.shards = 2});
  TestClient& client = node.connect(0);
  FieldTable arguments = dead_letters_to("dead");
  arguments.set("x-message-ttl", std::int32_t{0});
  arguments.set("x-message-deduplication", true);
  node.wait(client, client.declare("work", durable_queue(arguments)));
  node.wait(client, client.declare("dead", durable_queue()));
  const auto post = [](const std::string& body, const std::string& id) {
    return Post{.key = "work", .body = body, .message_id = id};
  };
  node.options().store_works = false;
  // The first one is on its way to the other shard, and so the second waits for its turn.
  client.publish(post("first", "1"));
  node.run();
  client.publish(post("second", "2"));
  node.run();
  Transaction work;
  work.publishes.push_back(client.routed(post("again", "2")));
  const auto committed = client.commit(std::move(work));
  node.run();
  CHECK_FALSE(client.has_result(committed));
  for (int turn = 0; turn < turns; ++turn) {
    if (node.store().begin_commit()) node.store().finish_commit();
    node.run_turn();
  }
  const bool is_answered = client.has_result(committed);
  node.restart(TestNode::Crash::before_commit);
  node.options().store_works = true;
  const auto dead = ready(node, node.connect(0), "dead");
  if (is_answered) CHECK(dead == 2);
  if (turns == 13) CHECK(is_answered);
}

TEST_CASE("a redrive sends dead letters back to where they came from") {
  const auto shards = GENERATE(1U, 2U);
  TestNode node({.shards = shards});
  TestClient& client = with_dead_letters(node);
  for (const char* body : {"a", "b", "c"}) publish_one(node, client, body);
  for (int count = 0; count < 3; ++count) {
    reject_one(node, client);
    node.run();
  }
  REQUIRE(ready(node, client, "dead") == 3);
  RedriveRequest request;
  request.vhost = "/";
  request.queue = "dead";
  request.filter = "-body:b";
  RedriveProgress progress;
  const auto report = [&](const RedriveProgress& each) { progress = each; };
  request.is_dry_run = true;
  node.node().operations().redrive(request, report);
  node.run();
  CHECK(progress.is_done);
  CHECK(progress.moved == 2);
  CHECK(ready(node, client, "dead") == 3);
  request.is_dry_run = false;
  node.node().operations().redrive(request, report);
  node.run();
  CHECK(progress.is_done);
  CHECK(progress.looked_at == 3);
  CHECK(progress.moved == 2);
  CHECK(ready(node, client, "dead") == 1);
  CHECK(ready(node, client, "work") == 2);
  const auto back = node.wait(client, client.get("work", true));
  CHECK(back.delivery.message->body() == "a");
  CHECK_FALSE(back.delivery.redelivered);
  CHECK(TableView(headers_of(*back.delivery.message)).find("x-redriven").has_value());
}

TEST_CASE("a redrive keeps what nobody would get, and says why") {
  TestNode node({});
  TestClient& client = with_dead_letters(node);
  publish_one(node, client, "a");
  reject_one(node, client);
  node.run();
  node.wait(client, client.remove("work"));
  RedriveRequest request;
  request.vhost = "/";
  request.queue = "dead";
  RedriveProgress progress;
  node.node().operations().redrive(request, [&](const RedriveProgress& each) { progress = each; });
  node.run();
  CHECK(progress.is_done);
  CHECK(progress.kept == 1);
  CHECK(progress.reason.find("no queue is bound") != std::string::npos);
  CHECK(ready(node, client, "dead") == 1);
}

TEST_CASE("looking into a queue changes nothing") {
  TestNode node({.shards = 2});
  TestClient& client = with_dead_letters(node);
  for (const char* body : {"a", "b", "c"}) publish_one(node, client, body);
  PeekRequest request;
  request.holder = {"/", "work", false};
  request.filter = "body:b";
  std::optional<PeekResult> seen;
  node.node().operations().peek(request, [&](Outcome<PeekResult> result) {
    REQUIRE(result.has_value());
    seen = std::move(*result);
  });
  node.run();
  REQUIRE(seen);
  CHECK(seen->looked_at == 3);
  REQUIRE(seen->messages.size() == 1);
  CHECK(seen->messages[0].message->body() == "b");
  CHECK(ready(node, client, "work") == 3);
  std::uint64_t removed = 0;
  node.node().operations().remove(request.holder, {seen->messages[0].position},
                                  [&](Outcome<std::uint64_t> count) { removed = *count; });
  node.run();
  CHECK(removed == 1);
  const auto first = node.wait(client, client.get("work", true));
  const auto second = node.wait(client, client.get("work", true));
  CHECK(first.delivery.message->body() == "a");
  CHECK(second.delivery.message->body() == "c");
  CHECK_FALSE(first.delivery.redelivered);
}

TEST_CASE("a message that is only in the store is removed by its position alone") {
  TestNode node({.shards = 2});
  TestClient* client = &with_dead_letters(node);
  for (const char* body : {"a", "b", "c"}) publish_one(node, *client, body);
  node.run();
  node.restart(TestNode::Crash::clean);
  client = &node.connect();
  std::optional<std::uint64_t> removed;
  // Of those there is only one, and it is there once.
  node.node().operations().remove({"/", "work", false}, {2, 99, 2},
                                  [&](Outcome<std::uint64_t> count) { removed = *count; });
  CHECK_FALSE(removed);
  node.run();
  REQUIRE(removed);
  CHECK(*removed == 1);
  CHECK(node.wait(*client, client->get("work", true)).delivery.message->body() == "a");
  CHECK(node.wait(*client, client->get("work", true)).delivery.message->body() == "c");
  CHECK(ready(node, *client, "work") == 0);
}

TEST_CASE("removing ends with an error when its queue is deleted meanwhile") {
  TestNode node({});
  TestClient* client = &with_dead_letters(node);
  publish_one(node, *client, "a");
  node.run();
  node.restart(TestNode::Crash::clean);
  client = &node.connect();
  std::optional<bool> failed;
  const auto deletion = client->remove("work");
  node.node().operations().remove({"/", "work", false}, {1}, [&](Outcome<std::uint64_t> count) {
    REQUIRE_FALSE(failed);
    failed = !count.has_value();
  });
  node.wait(*client, deletion);
  node.run();
  CHECK(failed == true);
}
