// The topology after a restart: what is durable is back, nothing else, and no id is used twice.
#include <set>

#include "broker/record_codec.hpp"
#include "support/test_client.hpp"
#include "unit/broker/topology_fixture.hpp"

using namespace tern;
using namespace tern::broker;
using namespace tern::test;
using tern::broker::test::TopologyFixture;

TEST_CASE("durable things are back after a restart, others are not") {
  auto disk = std::make_shared<Disk>();
  {
    TopologyFixture on(2, disk);
    on.declare_exchange("x", "topic", durable_exchange());
    on.declare_exchange("gone", "topic");
    on.declare("q", durable_queue({{"x-max-length", 9}}));
    on.declare("transient");
    QueueSpec exclusive = durable_queue();
    exclusive.exclusive = true;
    on.declare("exclusive", exclusive, {ShardId{0}, 1});
    on.bind("x", "q", "a.*");
    on.bind("x", "transient", "a.*");
    on.bind("gone", "q", "a.*");
    on.bind("amq.topic", "x", "#", {}, true);
    on.bind("x", "exclusive", "a.*", {}, false, {ShardId{0}, 1});
    on.finish();
    CHECK(on.done == 10);
  }
  TopologyFixture on(3, disk);
  CHECK(on.has_exchange("x"));
  CHECK(on.has_exchange("amq.direct"));
  CHECK_FALSE(on.has_exchange("gone"));
  CHECK_FALSE(on.has_queue("transient"));
  CHECK_FALSE(on.has_queue("exclusive"));
  REQUIRE(on.has_queue("q"));
  CHECK(on.targets("x", "a.b") == 1);
  CHECK(on.targets("amq.topic", "any") == 1);
  CHECK(on.topology.durable_queues().size() == 1);
  const QueuePointer queue = on.replicas[2].find_queue(1, "q");
  CHECK(raw(queue->shard) == raw(queue->id) % 3);
  CHECK(on.declare("q", durable_queue({{"x-max-length", 9}})).empty());
  CHECK_FALSE(on.declare("q", durable_queue()).empty());
}

TEST_CASE("what was not durable yet is not there after a restart") {
  auto disk = std::make_shared<Disk>();
  {
    TopologyFixture on(2, disk);
    on.declare("q", durable_queue());
    on.apply_all();
    CHECK(on.done == 0);
  }
  TopologyFixture on(2, disk);
  CHECK_FALSE(on.has_queue("q"));
}

TEST_CASE("no id of a durable queue is ever used again") {
  auto disk = std::make_shared<Disk>();
  std::set<QueueId> used;
  std::uint32_t shards = 1;
  for (int run = 0; run < 6; ++run) {
    TopologyFixture on(shards, disk);
    for (int at = 0; at < 50; ++at) {
      const std::string name = std::to_string(run) + "." + std::to_string(at);
      on.declare(name, durable_queue());
      // One in a while is not answered: its record may be lost, its id may have been seen.
      if (at % 10 == 9) on.apply_all();
      if (at % 10 != 9 || run % 2 == 0) on.finish();
      on.delete_queue(name);
    }
    for (const QueuePointer& queue : on.queues) {
      CHECK(used.insert(queue->id).second);
      CHECK(raw(queue->id) % shards == raw(queue->shard));
    }
    shards = shards % 4 + 1;
  }
  CHECK(used.size() > 200);
}

TEST_CASE("a damaged topology is an error that says so") {
  const VhostRecord vhost{1, "/"};
  ExchangeRecord exchange;
  exchange.vhost = 2;
  exchange.durable = true;
  exchange.name = "x";
  exchange.type = "direct";
  QueueRecord queue;
  queue.id = QueueId{4};
  queue.vhost = 2;
  queue.durable = true;
  queue.name = "q";
  BindingRecord binding;
  binding.vhost = 1;
  binding.durable = true;
  binding.source = "none";
  binding.destination = "q";
  BindingRecord elsewhere = binding;
  elsewhere.vhost = 2;
  ExchangeRecord odd = exchange;
  odd.vhost = 1;
  odd.type = "of-the-future";
  const std::vector<storage::Record> damaged[] = {
      {encode_record(vhost), encode_record(exchange)},
      {encode_record(vhost), encode_record(queue)},
      {encode_record(vhost), encode_record(binding)},
      {encode_record(vhost), encode_record(elsewhere)},
      {encode_record(vhost), encode_record(odd)},
      {{"nonsense", "value"}},
  };
  for (const auto& records : damaged) {
    SteppedStore store(std::make_shared<Disk>());
    Topology topology({1, &store, [](ShardId, std::shared_ptr<Delta>) {}});
    const auto loaded = topology.load(records);
    REQUIRE_FALSE(loaded.has_value());
    CHECK(!loaded.error().text.empty());
  }
}
