// The topology's writer and what operators set: every shard sees it, a restart keeps it, and what
// is refused changes nothing.
#include "broker/effective.hpp"
#include "broker/password_hash.hpp"
#include "broker/record_codec.hpp"
#include "support/test_client.hpp"
#include "unit/broker/topology_fixture.hpp"

using namespace tern;
using namespace tern::broker;
using namespace tern::test;
using tern::broker::test::TopologyFixture;

namespace {

UserDefinition user(const std::string& name) {
  UserDefinition made;
  made.name = name;
  made.password_hash = hash_password(7, "secret");
  return made;
}

PolicyDefinition new_policy(const std::string& name, FieldTable definition,
                            const std::string& pattern = "") {
  PolicyDefinition made;
  made.vhost = "/";
  made.name = name;
  made.pattern = pattern;
  made.definition = std::move(definition);
  return made;
}

std::string text(const Topology::Refusal& refusal) {
  return refusal ? refusal->text : "";
}

queue::Rules rules(const TopologyFixture& on, const std::string& name, std::uint32_t shard = 0) {
  const Replica& replica = on.replicas[shard];
  const QueuePointer queue = replica.find_queue(1, name);
  REQUIRE(queue != nullptr);
  return effective_queue(*queue, *replica.policies(1)).rules;
}

bool may_log_in(TopologyFixture& on, const std::string& name) {
  return on.replicas[1].access().authenticate(name, "secret", true).has_value();
}

}  // namespace

TEST_CASE("a policy is seen by every shard when its setting is done") {
  TopologyFixture on;
  on.declare("q", durable_queue());
  on.finish();
  int done = 0;
  REQUIRE_FALSE(on.topology.set_policy(new_policy("p", {{"max-length", 5}}), [&] { ++done; }));
  on.apply(0);
  CHECK(rules(on, "q", 0).length_max == 5);
  CHECK(rules(on, "q", 1).length_max == std::nullopt);
  CHECK(done == 0);
  on.finish();
  CHECK(rules(on, "q", 1).length_max == 5);
  CHECK(done == 1);
  REQUIRE_FALSE(on.topology.clear_policy("/", "p", false, {}));
  on.finish();
  CHECK(rules(on, "q").length_max == std::nullopt);
  CHECK(text(on.topology.clear_policy("/", "p", false, {})) == "no policy 'p'");
}

TEST_CASE("a policy that is wrong changes nothing") {
  TopologyFixture on;
  CHECK(text(on.topology.set_policy(new_policy("p", {{"nonsense", 5}}), {})) ==
        "[{<<\"nonsense\">>,5}] are not recognised policy settings");
  PolicyDefinition elsewhere = new_policy("p", {{"max-length", 5}});
  elsewhere.vhost = "other";
  CHECK(text(on.topology.set_policy(elsewhere, {})) == "no vhost 'other'");
  CHECK(on.topology.export_definitions({}).policies.empty());
}

TEST_CASE("an alternate exchange by policy routes at once, and makes cached routes stale") {
  TopologyFixture on;
  on.declare_exchange("x");
  on.declare_exchange("rest", "fanout");
  on.finish();
  const auto version = on.replicas[0].version();
  REQUIRE_FALSE(
      on.topology.set_policy(new_policy("p", {{"alternate-exchange", "rest"}}, "^x$"), {}));
  on.finish();
  CHECK(on.replicas[0].find_exchange(1, "x")->alternate == "rest");
  CHECK(on.replicas[0].find_exchange(1, "rest")->alternate.empty());
  CHECK(on.replicas[0].version() > version);
  // One that is made later has it too.
  on.delete_exchange("x");
  on.declare_exchange("x");
  on.finish();
  CHECK(on.replicas[0].find_exchange(1, "x")->alternate == "rest");
}

TEST_CASE("users and permissions are seen by every shard") {
  TopologyFixture on;
  REQUIRE_FALSE(on.topology.set_user(user("ann"), {}));
  REQUIRE_FALSE(on.topology.set_permission({"ann", "/", "", "^a", ".*", {}}, {}));
  on.finish();
  REQUIRE(may_log_in(on, "ann"));
  LocalAccess& access = on.replicas[1].access();
  const User& ann = **access.authenticate("ann", "secret", true);
  CHECK(access.may(ann, "/", ResourceKind::queue, "abc", Permission::write));
  CHECK_FALSE(access.may(ann, "/", ResourceKind::queue, "abc", Permission::configure));
  REQUIRE_FALSE(on.topology.set_topic_permission({"ann", "/", "x", "^k$", "", {}}, {}));
  on.finish();
  CHECK_FALSE(access.may_topic(ann, "/", "x", "other", Permission::write));
  REQUIRE_FALSE(on.topology.clear_topic_permission("/", "ann", std::nullopt, {}));
  REQUIRE_FALSE(on.topology.clear_permission("/", "ann", {}));
  on.finish();
  CHECK_FALSE(access.may_access_vhost(ann, "/"));
  REQUIRE_FALSE(on.topology.delete_user("ann", {}));
  on.finish();
  CHECK_FALSE(may_log_in(on, "ann"));
}

TEST_CASE("permissions need a user and a virtual host") {
  TopologyFixture on;
  CHECK(text(on.topology.set_permission({"ann", "/", "", "", "", {}}, {})) == "no user 'ann'");
  REQUIRE_FALSE(on.topology.set_user(user("ann"), {}));
  CHECK(text(on.topology.set_permission({"ann", "v", "", "", "", {}}, {})) == "no vhost 'v'");
  CHECK(text(on.topology.set_topic_permission({"ann", "v", "", "", "", {}}, {})) == "no vhost 'v'");
  CHECK(text(on.topology.delete_user("bob", {})) == "no user 'bob'");
  CHECK(text(on.topology.clear_permission("/", "ann", {})) ==
        "user 'ann' has no permissions in vhost '/'");
}

TEST_CASE("a deleted user's permissions do not wait for his successor") {
  TopologyFixture on;
  REQUIRE_FALSE(on.topology.set_user(user("ann"), {}));
  REQUIRE_FALSE(on.topology.set_permission({"ann", "/", ".*", ".*", ".*", {}}, {}));
  REQUIRE_FALSE(on.topology.delete_user("ann", {}));
  REQUIRE_FALSE(on.topology.set_user(user("ann"), {}));
  on.finish();
  LocalAccess& access = on.replicas[0].access();
  CHECK_FALSE(access.may_access_vhost(**access.authenticate("ann", "secret", true), "/"));
}

TEST_CASE("deleting a virtual host removes all that was in it") {
  auto disk = std::make_shared<Disk>();
  TopologyFixture on(2, disk);
  on.declare_exchange("x", "topic", durable_exchange());
  on.declare_exchange("auto", "fanout", automatic_exchange());
  on.declare("q", durable_queue());
  on.bind("x", "q", "k");
  on.bind("auto", "q");
  on.bind("x", "auto", "k", {}, true);
  REQUIRE_FALSE(on.topology.set_user(user("ann"), {}));
  REQUIRE_FALSE(on.topology.set_permission({"ann", "/", ".*", ".*", ".*", {}}, {}));
  REQUIRE_FALSE(on.topology.set_policy(new_policy("p", {{"max-length", 5}}), {}));
  REQUIRE_FALSE(on.topology.set_parameter({"/", "shovel", "s", "{}", {}}, {}));
  on.finish();
  REQUIRE_FALSE(on.topology.delete_vhost("/", {}));
  on.finish();
  CHECK_FALSE(on.has_queue("q"));
  CHECK_FALSE(on.has_exchange("x"));
  CHECK_FALSE(on.has_exchange("amq.direct"));
  CHECK(on.replicas[0].find_vhost("/") == nullptr);
  const Definitions left = on.topology.export_definitions({});
  CHECK(left.vhosts.empty());
  CHECK(left.permissions.empty());
  CHECK(left.parameters.empty());
  CHECK(left.policies.empty());
  CHECK(left.users.size() == 1);
  // On disk: the user, and the id counters.
  CHECK(disk->records.size() == 2);
  // Sessions that are still closing are refused, and no more.
  CHECK(on.declare("late") == "vhost / not found");
  CHECK(on.declare_exchange("late") == "vhost / not found");
  CHECK(on.bind("x", "q") == "no exchange 'x' in vhost '/'");
  CHECK(text(on.topology.delete_vhost("/", {})) == "no vhost '/'");
  // One of that name is another one.
  on.topology.add_vhost("/", {});
  on.finish();
  REQUIRE(on.replicas[0].find_vhost("/") != nullptr);
  CHECK(on.replicas[0].find_vhost("/")->number != 1);
}

TEST_CASE("a virtual host's description changes without touching what is in it") {
  TopologyFixture on;
  on.declare("q", durable_queue());
  VhostDefinition vhost;
  vhost.name = "/";
  vhost.default_queue_type = "quorum";
  vhost.description = "mine";
  REQUIRE_FALSE(on.topology.set_vhost(vhost, {}));
  on.finish();
  CHECK(on.has_queue("q"));
  CHECK(on.replicas[1].vhost_record(1).default_queue_type == "quorum");
  vhost.default_queue_type = "other";
  CHECK(text(on.topology.set_vhost(vhost, {})) ==
        "default queue type 'other' of vhost '/' is none of classic, quorum and stream");
}

TEST_CASE("settings are back after a restart") {
  auto disk = std::make_shared<Disk>();
  {
    TopologyFixture on(2, disk);
    VhostDefinition vhost;
    vhost.name = "shop";
    vhost.tags = {"a"};
    REQUIRE_FALSE(on.topology.set_vhost(vhost, {}));
    on.declare("q", durable_queue());
    UserDefinition ann = user("ann");
    ann.tags = {"management"};
    REQUIRE_FALSE(on.topology.set_user(ann, {}));
    REQUIRE_FALSE(on.topology.set_permission({"ann", "/", "a", "b", "c", {}}, {}));
    REQUIRE_FALSE(on.topology.set_topic_permission({"ann", "/", "x", "k", "l", {}}, {}));
    REQUIRE_FALSE(on.topology.set_parameter({"", "", "cluster_name", "\"me\"", {}}, {}));
    REQUIRE_FALSE(on.topology.set_policy(new_policy("p", {{"max-length", 5}}), {}));
    PolicyDefinition of_operator = new_policy("p", {{"max-length", 4}});
    of_operator.is_operator = true;
    REQUIRE_FALSE(on.topology.set_policy(of_operator, {}));
    on.finish();
  }
  TopologyFixture on(3, disk);
  const Definitions all = on.topology.export_definitions({});
  CHECK(all.vhosts.size() == 2);
  REQUIRE(all.users.size() == 1);
  CHECK(all.users[0].tags == std::vector<std::string>{"management"});
  REQUIRE(all.permissions.size() == 1);
  CHECK(all.permissions[0].read == "c");
  CHECK(all.topic_permissions.size() == 1);
  CHECK(all.parameters.size() == 1);
  CHECK(all.policies.size() == 2);
  CHECK(may_log_in(on, "ann"));
  CHECK(rules(on, "q", 2).length_max == 4);
}

TEST_CASE("the first user is made once, and never again") {
  auto disk = std::make_shared<Disk>();
  {
    TopologyFixture on(2, disk);
    on.topology.set_up("first", user("admin"), {});
    on.finish();
    CHECK(on.replicas[0].find_vhost("first") != nullptr);
    LocalAccess& access = on.replicas[0].access();
    const User& admin = **access.authenticate("admin", "secret", true);
    CHECK(access.may(admin, "first", ResourceKind::queue, "q", Permission::configure));
    // A virtual host that was there before there were users is his too.
    CHECK(access.may(admin, "/", ResourceKind::queue, "q", Permission::configure));
    REQUIRE_FALSE(on.topology.delete_user("admin", {}));
    REQUIRE_FALSE(on.topology.delete_vhost("first", {}));
    on.finish();
  }
  TopologyFixture on(2, disk);
  on.topology.set_up("first", user("admin"), {});
  on.finish();
  CHECK_FALSE(may_log_in(on, "admin"));
  CHECK(on.replicas[0].find_vhost("first") == nullptr);
}
