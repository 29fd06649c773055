// The topology's writer: what is taken and refused, what goes with what, when it is answered.
#include "broker/topology.hpp"

#include "support/test_client.hpp"
#include "unit/broker/topology_fixture.hpp"

using namespace tern;
using namespace tern::broker;
using namespace tern::test;
using tern::broker::test::TopologyFixture;

namespace {

const SessionId session{ShardId{1}, 5};
const SessionId stranger{ShardId{0}, 6};

}  // namespace

TEST_CASE("a change is answered when every shard has applied it and its records are durable") {
  TopologyFixture on;
  CHECK(on.declare("durable", durable_queue()).empty());
  on.apply(0);
  on.commit();
  CHECK(on.done == 0);
  on.apply(1);
  CHECK(on.done == 1);
  CHECK(on.declare("durable too", durable_queue()).empty());
  on.apply_all();
  CHECK(on.done == 1);
  on.commit();
  CHECK(on.done == 2);
  CHECK(on.declare("transient").empty());
  on.apply_all();
  CHECK(on.done == 3);
}

TEST_CASE("a redeclare is not answered before what it found is there for all, and durable") {
  TopologyFixture on;
  on.declare("q", durable_queue());
  CHECK(on.declare("q", durable_queue()).empty());
  CHECK(on.done == 0);
  on.apply_all();
  CHECK(on.done == 0);
  on.commit();
  CHECK(on.done == 2);
  on.finish();
  on.declare("q", durable_queue());
  CHECK(on.done == 3);
}

TEST_CASE("a redeclare waits for a record though a later change has none and is done") {
  TopologyFixture on;
  on.declare_exchange("x", "direct", durable_exchange());
  on.declare("transient");
  on.apply_all();
  CHECK(on.done == 1);
  on.declare_exchange("x", "direct", durable_exchange());
  on.apply_all();
  CHECK(on.done == 1);
  on.commit();
  CHECK(on.done == 3);
}

TEST_CASE("redeclaring with other properties is refused and changes nothing") {
  TopologyFixture on;
  on.declare_exchange("x", "direct");
  on.declare("q", durable_queue());
  on.finish();
  CHECK(on.declare_exchange("x", "fanout") ==
        "inequivalent arg 'type' for exchange 'x' in vhost '/': received 'fanout' but current is "
        "'direct'");
  CHECK(on.declare("q") ==
        "inequivalent arg 'durable' for queue 'q' in vhost '/': received 'false' but current is "
        "'true'");
  CHECK(on.declare("bad", durable_queue({{"x-max-length", -1}})) ==
        "invalid arg 'x-max-length' for queue 'bad' in vhost '/': {value_negative,-1}");
  on.finish();
  CHECK_FALSE(on.has_queue("bad"));
  CHECK(on.done == 2);
}

TEST_CASE("deleting a queue takes its bindings along") {
  TopologyFixture on;
  on.declare("q", durable_queue());
  on.declare_exchange("x", "direct", durable_exchange());
  on.bind("x", "q", "1");
  on.bind("x", "q", "2");
  on.finish();
  const std::size_t records = on.disk->records.size();
  CHECK(on.targets("x", "1") == 1);
  on.delete_queue("q");
  on.finish();
  CHECK_FALSE(on.has_queue("q"));
  CHECK(on.targets("x", "1") == 0);
  CHECK(on.disk->records.size() == records - 3);
  CHECK(on.delete_exchange("x", true).empty());
  on.finish();
  CHECK_FALSE(on.has_exchange("x"));
}

TEST_CASE("deleting an exchange takes its bindings on both sides along") {
  TopologyFixture on;
  for (const char* name : {"a", "b", "c"}) on.declare_exchange(name, "fanout", durable_exchange());
  on.declare("q", durable_queue());
  on.finish();
  const std::size_t records = on.disk->records.size();
  on.bind("a", "b", {}, {}, true);
  on.bind("b", "b", {}, {}, true);
  on.bind("b", "c", {}, {}, true);
  on.bind("b", "q");
  on.finish();
  CHECK(on.targets("a") == 1);
  CHECK(on.delete_exchange("b", true) == "exchange 'b' in vhost '/' in use");
  CHECK(on.delete_exchange("b").empty());
  on.finish();
  CHECK(on.targets("a") == 0);
  CHECK(on.disk->records.size() == records - 1);
  // Nothing is left that knows of it.
  on.declare_exchange("b", "fanout");
  on.bind("b", "q");
  on.finish();
  CHECK(on.targets("b") == 1);
}

TEST_CASE("deleting what is not there is no error, and waits for what went before") {
  TopologyFixture on;
  on.declare("q");
  CHECK(on.delete_exchange("none").empty());
  on.delete_queue("none");
  CHECK(on.done == 0);
  on.finish();
  CHECK(on.done == 3);
  CHECK(on.unbind("none", "q").empty());
  CHECK(on.unbind("amq.direct", "none").empty());
  CHECK(on.unbind("amq.direct", "q").empty());
}

TEST_CASE("an auto-delete exchange goes with its last binding, and so do those before it") {
  TopologyFixture on;
  const ExchangeSpec automatic = automatic_exchange();
  on.declare_exchange("a", "fanout", automatic);
  on.declare_exchange("b", "fanout", automatic);
  on.declare("q");
  on.declare("r");
  on.finish();
  CHECK(on.has_exchange("b"));  // never bound
  on.bind("a", "b", {}, {}, true);
  on.bind("b", "a", {}, {}, true);
  on.bind("b", "q", "1");
  on.bind("b", "r", "2");
  on.unbind("b", "a", {}, {}, true);
  on.unbind("b", "q", "1");
  on.finish();
  CHECK(on.has_exchange("b"));
  on.delete_queue("r");
  on.finish();
  CHECK_FALSE(on.has_exchange("b"));
  CHECK_FALSE(on.has_exchange("a"));
}

TEST_CASE("an auto-delete exchange bound in a ring can be deleted") {
  TopologyFixture on;
  const ExchangeSpec automatic = automatic_exchange();
  on.declare_exchange("a", "fanout", automatic);
  on.declare_exchange("b", "fanout", automatic);
  on.bind("a", "b", {}, {}, true);
  on.bind("b", "a", {}, {}, true);
  on.bind("a", "a", {}, {}, true);
  on.finish();
  CHECK(on.delete_exchange("a").empty());
  on.finish();
  CHECK_FALSE(on.has_exchange("a"));
  CHECK_FALSE(on.has_exchange("b"));
}

TEST_CASE("bindings that differ in arguments are two, in their order they are one") {
  TopologyFixture on;
  on.declare("q");
  on.declare_exchange("x", "headers");
  const FieldTable forward{{"x-match", "any"}, {"a", 1}};
  const FieldTable backward{{"a", 1}, {"x-match", "any"}};
  const FieldTable other{{"x-match", "any"}, {"b", 1}};
  on.bind("x", "q", {}, forward);
  on.bind("x", "q", {}, backward);
  on.bind("x", "q", {}, other);
  on.finish();
  const std::string a = encode_entries({{"a", 1}});
  const std::string b = encode_entries({{"b", 1}});
  CHECK(on.targets("x", {}, a) == 1);
  on.unbind("x", "q", {}, backward);
  on.finish();
  CHECK(on.targets("x", {}, a) == 0);
  CHECK(on.targets("x", {}, b) == 1);
}

TEST_CASE("another session's exclusive queue cannot be declared or bound") {
  TopologyFixture on;
  QueueSpec mine = durable_queue();
  mine.exclusive = true;
  CHECK(on.declare("mine", mine, session).empty());
  on.finish();
  REQUIRE(on.queues.size() == 1);
  CHECK(raw(on.queues[0]->shard) == raw(session.shard));
  const std::string locked =
      "cannot obtain exclusive access to locked queue 'mine' in vhost '/'. It could be originally "
      "declared on another connection or the exclusive property value does not match that of the "
      "original declaration.";
  CHECK(on.declare("mine", mine, stranger) == locked);
  CHECK(on.bind("amq.fanout", "mine", {}, {}, false, stranger) == locked);
  CHECK(on.unbind("amq.fanout", "mine", {}, {}, false, stranger) == locked);
  CHECK(on.bind("amq.fanout", "mine", {}, {}, false, session).empty());
  CHECK(on.declare("mine", durable_queue(), session) == locked);
}
