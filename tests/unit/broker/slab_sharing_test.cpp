// Messages that stay must not keep their neighbours' memory alive without bound.
#include <catch2/catch.hpp>

#include "support/node_fixture.hpp"

using namespace tern;
using namespace tern::test;

namespace {

// One message that came in a slab with many others, all of which are gone.
MessageRef straggler() {
  static constexpr Bytes wire("\0\4kept\0\0body", 12);
  SlabLease lease(Slab::create());
  char* const at = lease->free_begin();
  wire.copy(at, wire.size());
  lease->advance(wire.size());
  return MessageRef::in_place(lease,
                              {.names = {at, 6}, .properties = {at + 6, 2}, .body = {at + 8, 4}});
}

}  // namespace

TEST_CASE("kept messages do not pin the slabs that they came in") {
  TestNode node({});
  TestClient& client = node.connect();
  CHECK_FALSE(node.wait(client, client.declare("kept")).failed);
  broker::RouteCache cache;
  const std::uint64_t before = Slab::alive_bytes();
  for (int count = 0; count < 4096; ++count) {
    MessageRef message = straggler();
    const auto targets = node.node().shard(0).route(client.caller, message, {}, cache);
    REQUIRE(targets.has_value());
    REQUIRE(targets->size() == 1);
    node.node().shard(0).enqueue(*targets, std::move(message), {client.caller.session, 0, 0});
  }
  CHECK(Slab::alive_bytes() - before < 160ULL << 20);
  CHECK(node.wait(client, client.find("kept")).count == 4096);
  const auto got = node.wait(client, client.get("kept", true));
  CHECK(got.delivery.message->body() == "body");
}
