// Transactions: one commit over the queues of all shards, or nothing.
#include <catch2/catch.hpp>

#include "support/node_fixture.hpp"

using namespace tern;
using namespace tern::broker;
using namespace tern::test;

namespace {

// Queues a and b, on different shards if there are two; returns their ids.
std::pair<QueueId, QueueId> declare_two(TestNode& node, TestClient& client) {
  std::vector<QueueId> ids;
  for (const char* name : {"a", "b"}) {
    node.wait(client, client.declare(name, durable_queue()));
    client.publish({"", name, "probe"});
    ids.push_back(node.wait(client, client.get(name, true)).queue.id);
  }
  node.run();
  return {ids[0], ids[1]};
}

}  // namespace

TEST_CASE("a transaction is answered when all of it is durable") {
  const auto shards = GENERATE(1U, 2U);
  TestNode node({.shards = shards});
  TestClient& client = node.connect(0);
  const auto [a, b] = declare_two(node, client);
  node.options().store_works = false;
  Transaction work;
  work.publishes.push_back(client.routed({"", "a", "1"}));
  work.publishes.push_back(client.routed({"", "b", "2"}));
  const auto committed = client.commit(std::move(work));
  node.run();
  CHECK_FALSE(client.has_result(committed));
  node.options().store_works = true;
  CHECK_FALSE(node.wait(client, committed).failed);
  CHECK(node.stored_count(a) == 1);
  CHECK(node.stored_count(b) == 1);
}

TEST_CASE("no part of a transaction is durable without the others") {
  TestNode node({.shards = 2});
  TestClient& client = node.connect(0);
  const auto [a, b] = declare_two(node, client);
  node.options().store_works = false;
  Transaction work;
  work.publishes.push_back(client.routed({"", "a", "1"}));
  work.publishes.push_back(client.routed({"", "b", "2"}));
  const auto committed = client.commit(std::move(work));
  node.run_turn();
  // One shard has handed its share over, the other has not.
  CHECK_FALSE(node.store().begin_commit());
  node.run();
  CHECK(node.store().commit_all());
  CHECK(node.stored_count(a) == 1);
  CHECK(node.stored_count(b) == 1);
  CHECK_FALSE(node.wait(client, committed).failed);
}

TEST_CASE("an ack in a transaction takes effect on disk only together with its publishes") {
  const bool is_taken = GENERATE(false, true);
  TestNode node({.shards = 2});
  TestClient& client = node.connect(0);
  const auto [a, b] = declare_two(node, client);
  node.options().store_works = false;
  // The message is on its way to the disk when it is acked.
  client.publish({"", "a", "in"});
  const auto got = client.get("a");
  node.run();
  const auto received = client.result(got);
  REQUIRE(received.delivery.message);
  if (is_taken) CHECK(node.store().begin_commit());
  Transaction work;
  work.publishes.push_back(client.routed({"", "b", "out"}));
  work.settles.push_back({received.queue,
                          {client.caller.session, 0},
                          {received.delivery.position},
                          queue::Settlement::acked});
  client.commit(std::move(work));
  const std::size_t confirmed_before = client.settled.size();
  while (node.run_turn()) {
    // Nobody may be told that it is safe while only the transaction as a whole can take it away.
    CHECK(client.settled.size() == confirmed_before);
  }
  if (is_taken) node.store().finish_commit();
  // Only what was submitted before the transaction becomes durable.
  bool is_first = true;
  if (!is_taken && node.store().begin_commit([&] { return std::exchange(is_first, false); }))
    node.store().finish_commit();
  CHECK(node.stored_count(a) == 1);
  CHECK(node.stored_count(b) == 0);
  node.store().commit_all();
  CHECK(node.stored_count(a) == 0);
  CHECK(node.stored_count(b) == 1);
}

TEST_CASE("two transactions of one session may be under way at once") {
  TestNode node({.shards = 2});
  TestClient& client = node.connect(0);
  declare_two(node, client);
  node.options().store_works = false;
  std::vector<OperationNumber> committed;
  for (int at = 0; at < 2; ++at) {
    Transaction work;
    work.publishes.push_back(client.routed({"", "a", "1"}));
    work.publishes.push_back(client.routed({"", "b", "2"}));
    committed.push_back(client.commit(std::move(work)));
  }
  node.options().store_works = true;
  node.run();
  for (const auto operation : committed) CHECK(client.has_result(operation));
}

TEST_CASE("an empty transaction, and one that settles only") {
  TestNode node({.shards = 2});
  TestClient& client = node.connect(1);
  declare_two(node, client);
  CHECK_FALSE(node.wait(client, client.commit({})).failed);
  client.publish({"", "b", "x"});
  const auto got = node.wait(client, client.get("b"));
  Transaction work;
  work.settles.push_back(
      {got.queue, {client.caller.session, 0}, {got.delivery.position}, queue::Settlement::acked});
  CHECK_FALSE(node.wait(client, client.commit(std::move(work))).failed);
  node.restart(TestNode::Crash::before_commit);
  TestClient& later = node.connect();
  CHECK(node.wait(later, later.find("b")).count == 0);
}
