// Definitions taken over and handed out: all of them or none, nothing twice, and quickly.
#include <chrono>

#include "broker/password_hash.hpp"
#include "support/test_client.hpp"
#include "unit/broker/topology_fixture.hpp"

using namespace tern;
using namespace tern::broker;
using namespace tern::test;
using tern::broker::test::TopologyFixture;

namespace {

PolicyDefinition imported_policy(const std::string& vhost, FieldTable definition) {
  PolicyDefinition made;
  made.vhost = vhost;
  made.name = "p";
  made.definition = std::move(definition);
  made.origin = "file: $.policies[0]";
  return made;
}

QueueDefinition queue_of(const std::string& name, FieldTable arguments = {}) {
  return {"shop", QueueSpec{.name = name, .durable = true, .arguments = std::move(arguments)},
          "file: $.queues"};
}

ExchangeDefinition exchange_of(const std::string& name, const std::string& type = "topic") {
  return {"shop", ExchangeSpec{.name = name, .type = type, .durable = true, .arguments = {}},
          "file: $.exchanges"};
}

BindingDefinition imported_binding(const std::string& source, const std::string& destination,
                                   bool to_exchange = false) {
  return {"shop", {source, destination, to_exchange, "k", {}}, "file: $.bindings"};
}

// A virtual host with one of everything, none of which is there before.
Definitions shop() {
  Definitions all;
  all.vhosts.push_back({"shop", "a shop", {"t"}, "", "[]", "file: $.vhosts[0]"});
  UserDefinition ann;
  ann.name = "ann";
  ann.password_hash = hash_password(7, "secret");
  ann.origin = "file: $.users[0]";
  all.users.push_back(ann);
  all.permissions.push_back({"ann", "shop", "a", "b", "c", "file: $.permissions[0]"});
  all.topic_permissions.push_back({"ann", "shop", "x", "a", "b", "file: $.topic_permissions[0]"});
  all.parameters.push_back({"shop", "shovel", "s", "{}", "file: $.parameters[0]"});
  all.policies.push_back(imported_policy("shop", {{"max-length", 5}}));
  all.exchanges.push_back(exchange_of("x"));
  all.queues.push_back(queue_of("q", {{"x-max-length", 9}}));
  all.bindings.push_back(imported_binding("x", "q"));
  all.bindings.push_back(imported_binding("amq.fanout", "x", true));
  return all;
}

std::string import(TopologyFixture& on, const Definitions& definitions) {
  const auto refusal = on.topology.import(definitions, [&on] { ++on.done; });
  on.finish();
  return refusal ? refusal->text : "";
}

std::size_t size(const Definitions& all) {
  return all.vhosts.size() + all.users.size() + all.permissions.size() +
         all.topic_permissions.size() + all.parameters.size() + all.policies.size() +
         all.exchanges.size() + all.queues.size() + all.bindings.size();
}

}  // namespace

TEST_CASE("definitions come out as they went in") {
  TopologyFixture on;
  CHECK(import(on, shop()).empty());
  CHECK(on.done == 1);
  const Definitions out = on.topology.export_definitions("shop");
  CHECK(out.vhosts.size() == 1);
  CHECK(out.vhosts[0].description == "a shop");
  CHECK(out.users.empty());
  REQUIRE(out.permissions.size() == 1);
  CHECK(out.permissions[0].user == "ann");
  CHECK(out.permissions[0].origin.empty());
  CHECK(out.topic_permissions.size() == 1);
  CHECK(out.parameters.size() == 1);
  REQUIRE(out.policies.size() == 1);
  CHECK(out.policies[0].definition == FieldTable{{"max-length", 5}});
  REQUIRE(out.exchanges.size() == 1);
  CHECK(out.exchanges[0].spec.type == "topic");
  REQUIRE(out.queues.size() == 1);
  CHECK(out.queues[0].spec.arguments == FieldTable{{"x-max-length", 9}});
  CHECK(out.bindings.size() == 2);
  CHECK(size(on.topology.export_definitions({})) == size(out) + 2);  // The user, and "/".
  const VhostRecord* vhost = on.replicas[1].find_vhost("shop");
  REQUIRE(vhost != nullptr);
  CHECK(on.replicas[1].find_queue(vhost->number, "q") != nullptr);
}

TEST_CASE("importing again what is there changes nothing") {
  TopologyFixture on;
  CHECK(import(on, shop()).empty());
  const auto version = on.replicas[0].version();
  CHECK(import(on, shop()).empty());
  CHECK(on.replicas[0].version() == version);
  CHECK(on.done == 2);
  CHECK(on.disk->records.size() > 5);
}

TEST_CASE("users, permissions, parameters and policies are replaced") {
  TopologyFixture on;
  CHECK(import(on, shop()).empty());
  Definitions other = shop();
  other.policies[0].definition = {{"max-length", 6}};
  other.permissions[0].read = "d";
  other.parameters[0].value = "{\"a\":1}";
  other.vhosts[0].description = "another shop";
  CHECK(import(on, other).empty());
  const Definitions out = on.topology.export_definitions("shop");
  CHECK(out.policies[0].definition == FieldTable{{"max-length", 6}});
  CHECK(out.permissions[0].read == "d");
  CHECK(out.parameters[0].value == "{\"a\":1}");
  CHECK(out.vhosts[0].description == "another shop");
  CHECK(out.queues.size() == 1);
}

TEST_CASE("one thing that is wrong, and nothing is taken over") {
  struct Case {
    const char* text;
    std::function<void(Definitions&)> break_it;
  };
  const Case cases[] = {
      {"file: $.vhosts[0]: default queue type 'bad' of vhost 'shop' is none of classic, quorum and "
       "stream",
       [](Definitions& all) { all.vhosts[0].default_queue_type = "bad"; }},
      {"file: $.users[0]: user 'ann' has a password of the unknown hashing algorithm 'bad'",
       [](Definitions& all) { all.users[0].hashing_algorithm = "bad"; }},
      {"file: $.permissions[0]: no user 'bob'",
       [](Definitions& all) { all.permissions[0].user = "bob"; }},
      {"file: $.topic_permissions[0]: no vhost 'other'",
       [](Definitions& all) { all.topic_permissions[0].vhost = "other"; }},
      {"file: $.parameters[0]: no vhost 'other'",
       [](Definitions& all) { all.parameters[0].vhost = "other"; }},
      {"file: $.policies[0]: -1 is not a valid maximum length",
       [](Definitions& all) {
         all.policies[0].definition = {{"max-length", -1}};
       }},
      {"file: $.exchanges: unknown exchange type 'bad'",
       [](Definitions& all) { all.exchanges[0].spec.type = "bad"; }},
      {"file: $.exchanges: no vhost 'other'",
       [](Definitions& all) { all.exchanges[0].vhost = "other"; }},
      {"file: $.queues: invalid arg 'x-max-length' for queue 'q' in vhost 'shop': "
       "{value_negative,-1}",
       [](Definitions& all) {
         all.queues[0].spec.arguments = {{"x-max-length", -1}};
       }},
      {"file: $.queues: inequivalent arg 'x-max-length' for queue 'q' in vhost 'shop': received "
       "none but current is the value '9' of type 'signedint'",
       [](Definitions& all) { all.queues.push_back(queue_of("q")); }},
      {"file: $.bindings: no exchange 'y' in vhost 'shop'",
       [](Definitions& all) { all.bindings.push_back(imported_binding("y", "q")); }},
      {"file: $.bindings: no queue 'r' in vhost 'shop'",
       [](Definitions& all) { all.bindings.push_back(imported_binding("x", "r")); }},
      {"file: $.bindings: no exchange 'y' in vhost 'shop'",
       [](Definitions& all) { all.bindings.push_back(imported_binding("x", "y", true)); }},
      {"file: $.bindings: operation not permitted on the default exchange",
       [](Definitions& all) { all.bindings.push_back(imported_binding("", "q")); }},
  };
  for (const Case& each : cases) {
    CAPTURE(each.text);
    TopologyFixture on;
    Definitions wrong = shop();
    each.break_it(wrong);
    const auto records = on.disk->records;
    const auto version = on.replicas[0].version();
    CHECK(import(on, wrong) == each.text);
    CHECK(on.done == 0);
    CHECK(on.disk->records == records);
    CHECK(on.replicas[0].version() == version);
    CHECK(size(on.topology.export_definitions({})) == 1);
    // And what is right still can be.
    CHECK(import(on, shop()).empty());
  }
}

TEST_CASE("what exists with other properties is an error") {
  TopologyFixture on;
  on.declare("q", durable_queue());
  on.declare_exchange("x", "direct", durable_exchange());
  Definitions all;
  QueueDefinition other = queue_of("q", {{"x-max-length", 5}});
  other.vhost = "/";
  all.queues.push_back(other);
  CHECK(import(on, all) ==
        "file: $.queues: inequivalent arg 'x-max-length' for queue 'q' in vhost '/': received the "
        "value '5' of type 'signedint' but current is none");
  all = {};
  ExchangeDefinition fanout = exchange_of("x", "fanout");
  fanout.vhost = "/";
  all.exchanges.push_back(fanout);
  CHECK(import(on, all) ==
        "file: $.exchanges: inequivalent arg 'type' for exchange 'x' in vhost '/': received "
        "'fanout' but current is 'direct'");
}

TEST_CASE("what is not durable or nobody's business is not exported") {
  TopologyFixture on;
  on.declare("transient");
  on.declare("amq.gen-1234567890123456789012", durable_queue());
  QueueSpec exclusive = durable_queue();
  exclusive.exclusive = true;
  on.declare("exclusive", exclusive, {ShardId{0}, 1});
  on.declare_exchange("transient");
  on.bind("amq.direct", "amq.gen-1234567890123456789012", "k");
  on.bind("amq.direct", "transient", "k");
  on.finish();
  const Definitions out = on.topology.export_definitions({});
  CHECK(out.queues.empty());
  CHECK(out.exchanges.empty());
  CHECK(out.bindings.empty());
}

TEST_CASE("queues of an import begin with their virtual host's default type") {
  TopologyFixture on;
  Definitions all = shop();
  all.vhosts[0].default_queue_type = "quorum";
  all.queues.push_back(queue_of("classic", {{"x-queue-type", "classic"}}));
  CHECK(import(on, all).empty());
  const VhostRecord* vhost = on.replicas[0].find_vhost("shop");
  const auto type_of = [&](const char* name) {
    return queue_type(on.replicas[0].find_queue(vhost->number, name)->arguments);
  };
  CHECK(type_of("q") == QueueType::quorum);
  CHECK(type_of("classic") == QueueType::classic);
}

TEST_CASE("the settings in force can be asked for") {
  TopologyFixture on;
  CHECK(import(on, shop()).empty());
  const auto found = on.topology.effective_arguments("shop", "q", false);
  REQUIRE(found.has_value());
  REQUIRE(found->size() == 1);
  CHECK(found->at(0).key == "max-length");
  CHECK(found->at(0).value == "5");
  CHECK(found->at(0).source == "policy p");
  CHECK(on.topology.effective_arguments("shop", "x", true).has_value());
  CHECK(on.topology.effective_arguments("shop", "r", false).error().text ==
        "no queue 'r' in vhost 'shop'");
  CHECK(on.topology.effective_arguments("nowhere", "q", false).error().text ==
        "no vhost 'nowhere'");
}

TEST_CASE("ten thousand queues are one write, and soon there") {
  TopologyFixture on;
  Definitions all = shop();
  for (int number = 0; number < 10'000; ++number) {
    const std::string name = "queue-" + std::to_string(number);
    all.queues.push_back(queue_of(name, {{"x-max-length", 1000}}));
    all.bindings.push_back(imported_binding("x", name));
  }
  const auto start = std::chrono::steady_clock::now();
  const std::size_t waiting = on.store.waiting();
  REQUIRE_FALSE(on.topology.import(all, {}));
  CHECK(on.store.waiting() == waiting + 1);
  on.finish();
  // A quarter of a second on a busy machine; the bound is for sanitizers.
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
  CHECK(on.topology.durable_queues().size() == 10'001);
}
