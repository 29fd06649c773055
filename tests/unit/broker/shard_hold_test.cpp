// Back-pressure: publishers are held when the store or another shard cannot follow, and let go.
#include <catch2/catch.hpp>

#include "support/node_fixture.hpp"

using namespace tern;
using namespace tern::broker;
using namespace tern::test;

TEST_CASE("a publisher is held while the store is behind, and let go") {
  const auto shards = GENERATE(1U, 2U);
  TestNode node({.shards = shards, .store_pending_bytes_max = 3000});
  TestClient& client = node.connect(shards - 1);
  for (const char* name : {"p", "q"}) node.wait(client, client.declare(name, durable_queue()));
  // The second time as the first.
  for (std::size_t round = 1; round <= 2; ++round) {
    for (int at = 0; at < 8; ++at) {
      client.publish({"", at % 2 == 0 ? "p" : "q", std::string(1000, 'x')});
      node.options().store_works = false;
      node.run();
    }
    CHECK(client.is_held);
    node.advance(Millis{50});
    node.run();
    CHECK(client.is_held);
    node.store().commit_all();
    node.run();
    node.advance(Millis{50});
    node.run();
    CHECK_FALSE(client.is_held);
    CHECK(client.settled.size() == 8 * round);
  }
}

TEST_CASE("a publisher is held while another shard does not read its mail, and let go") {
  TestNode node({.shards = 2});
  TestClient& client = node.connect(0);
  for (const char* name : {"p", "q"}) node.wait(client, client.declare(name));
  node.options().store_works = false;
  for (int at = 0; at < 20; ++at)
    client.publish({"", at % 2 == 0 ? "p" : "q", std::string(1 << 20, 'x')});
  auto& shard = node.node().shard(0);
  shard.end_turn();
  CHECK(client.is_held);
  node.advance(Millis{5});
  node.run();
  node.advance(Millis{5});
  node.run();
  CHECK_FALSE(client.is_held);
}

TEST_CASE("a queue that cannot page out holds its publisher, and lets it go") {
  const auto shards = GENERATE(1U, 2U);
  TestNode node({.shards = shards, .window_bytes = 2000});
  TestClient& client = node.connect(0);
  for (const char* name : {"p", "q"}) {
    node.wait(client, client.declare(name));
    node.options().store_works = false;
    for (int at = 0; at < 40; ++at) {
      client.publish({"", name, std::string(300, 'x'), false});
      node.run();
    }
    CHECK(client.is_held);
    node.options().store_works = true;
    node.run();
    CHECK_FALSE(client.is_held);
    CHECK(node.store().spilled_count() > 0);
  }
}

TEST_CASE("a gated consumer gets as many as it is permitted") {
  const auto shards = GENERATE(1U, 2U);
  TestNode node({.shards = shards});
  TestClient& client = node.connect(shards - 1);
  node.wait(client, client.declare("q"));
  queue::ConsumerSpec gated;
  gated.gated = true;
  node.wait(client, client.consume("q", gated));
  for (const char* body : {"a", "b", "c"}) client.publish({"", "q", body});
  node.run();
  CHECK(client.wanted > 0);
  CHECK(client.received.empty());
  client.permit(1, 2);
  node.run();
  CHECK(client.taken() == "1:a 1:b");
  client.permit(1, 5);
  node.run();
  CHECK(client.taken() == "1:c");
  CHECK(client.returned == 4);
}

TEST_CASE("a consumer that does not read is sent no more than its window") {
  const auto shards = GENERATE(1U, 2U);
  TestNode node({.shards = shards});
  TestClient& client = node.connect(shards - 1);
  node.wait(client, client.declare("q"));
  queue::ConsumerSpec narrow;
  narrow.window_bytes = 1;
  node.wait(client, client.consume("q", narrow));
  for (const char* body : {"a", "b", "c"}) client.publish({"", "q", body});
  node.run();
  CHECK(client.taken() == "1:a");
  client.drained(1, client.received[0].delivery.message->bytes());
  node.run();
  CHECK(client.taken() == "1:b");
}

TEST_CASE("what was delivered before a crash comes back flagged, whatever stop came after it") {
  TestNode node({.shards = 2});
  TestClient& client = node.connect(0);
  node.wait(client, client.declare("q", durable_queue()));
  client.publish({"", "q", "a"});
  node.run();
  node.options().store_works = false;
  const auto got = client.get("q");
  node.run();
  REQUIRE(client.result(got).delivery.message);
  node.options().store_works = true;
  node.restart(TestNode::Crash::before_commit);
  node.restart(TestNode::Crash::clean);
  TestClient& later = node.connect(1);
  const auto again = node.wait(later, later.get("q"));
  REQUIRE(again.delivery.message);
  CHECK(again.delivery.redelivered);
}
