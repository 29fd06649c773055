// What operators set, under a running broker: policies on queues in use, permissions where
// RabbitMQ checks them, connections of users and virtual hosts that are gone.
#include <catch2/catch.hpp>

#include "broker/policies.hpp"
#include "support/node_fixture.hpp"

using namespace tern;
using namespace tern::broker;
using namespace tern::test;

namespace {

struct SettingsFixture {
  explicit SettingsFixture(std::uint32_t shards = 2) : node({.shards = shards}) {
    node.run();
    client = &node.connect();
  }

  Management::Done noted() {
    return [this](std::optional<BrokerError> error) { answer = error ? error->text : "done"; };
  }
  std::string after_run() {
    node.run();
    return std::exchange(answer, "nothing");
  }
  Management& management() { return node.node().management(); }
  std::string set_policy(FieldTable definition, const std::string& pattern = "") {
    PolicyDefinition policy;
    policy.vhost = "/";
    policy.name = "p";
    policy.pattern = pattern;
    policy.definition = std::move(definition);
    management().set_policy(policy, noted());
    return after_run();
  }
  // Another user, as whom the client goes on.
  void become(const std::string& name, const PermissionDefinition& permission) {
    management().set_user(name, "secret", {}, noted());
    CHECK(after_run() == "done");
    management().set_permission(permission, noted());
    CHECK(after_run() == "done");
    Shard& shard = node.node().shard(0);
    const auto user = shard.authenticate(name, "secret", false);
    REQUIRE(user.has_value());
    client->caller.user = *user;
    const auto vhost = shard.open_vhost(client->caller.session, **user, "/");
    REQUIRE(vhost.has_value());
    client->caller.vhost = *vhost;
  }
  std::string outcome(OperationNumber operation) {
    const OperationResult result = node.wait(*client, operation);
    if (!result.failed) return "ok";
    CHECK(result.error.kind == ErrorKind::access_refused);
    return result.error.text;
  }
  std::uint64_t ready(const std::string& name) {
    return node.wait(*client, client->find(name)).count;
  }

  TestNode node;
  TestClient* client = nullptr;
  std::string answer = "nothing";
};

}  // namespace

TEST_CASE("a policy shortens a queue that is full already, and only the one it matches") {
  SettingsFixture on;
  for (const char* name : {"short", "long"}) {
    CHECK(on.outcome(on.client->declare(name)) == "ok");
    for (int number = 0; number < 5; ++number) on.client->publish({"", name, "m"});
  }
  on.node.run();
  CHECK(on.set_policy({{"max-length", 2}}, "^short$") == "done");
  CHECK(on.ready("short") == 2);
  CHECK(on.ready("long") == 5);
  // A queue that is made later has it from the start.
  CHECK(on.set_policy({{"max-length", 1}}, "^(short|new)$") == "done");
  CHECK(on.outcome(on.client->declare("new")) == "ok");
  on.client->publish({"", "new", "a"});
  on.client->publish({"", "new", "b"});
  on.node.run();
  CHECK(on.ready("new") == 1);
  CHECK(on.ready("short") == 1);
  on.management().clear_policy("/", "p", false, on.noted());
  CHECK(on.after_run() == "done");
  on.client->publish({"", "new", "c"});
  on.node.run();
  CHECK(on.ready("new") == 2);
}

TEST_CASE("a policy that is wrong is refused") {
  SettingsFixture on;
  CHECK(on.set_policy({{"max-length", "five"}}) == "<<\"five\">> is not a valid maximum length");
  on.management().clear_policy("/", "p", false, on.noted());
  CHECK(on.after_run() == "no policy 'p'");
}

TEST_CASE("dead letters follow a policy") {
  SettingsFixture on;
  CHECK(on.outcome(on.client->declare("dead")) == "ok");
  CHECK(on.outcome(on.client->declare("q")) == "ok");
  CHECK(on.set_policy(
            {{"max-length", 1}, {"dead-letter-exchange", ""}, {"dead-letter-routing-key", "dead"}},
            "^q$") == "done");
  for (int number = 0; number < 3; ++number) on.client->publish({"", "q", "m"});
  on.node.run();
  CHECK(on.ready("q") == 1);
  CHECK(on.ready("dead") == 2);
}

TEST_CASE("permissions are checked where RabbitMQ checks them, in its words") {
  SettingsFixture on;
  CHECK(on.outcome(on.client->declare("other")) == "ok");
  CHECK(on.outcome(on.client->declare_exchange("theirs", "direct")) == "ok");
  on.become("ann", {"ann", "/", "^own", "^own|^amq\\.default$", "^own", {}});
  TestClient& ann = *on.client;
  CHECK(on.outcome(ann.declare("own")) == "ok");
  CHECK(on.outcome(ann.declare_exchange("own-x", "topic")) == "ok");
  CHECK(on.outcome(ann.bind("own-x", "own", "k")) == "ok");
  CHECK(on.outcome(ann.declare("q")) ==
        "configure access to queue 'q' in vhost '/' refused for user 'ann'");
  CHECK(on.outcome(ann.declare_exchange("x", "direct")) ==
        "configure access to exchange 'x' in vhost '/' refused for user 'ann'");
  CHECK(on.outcome(ann.remove("other")) ==
        "configure access to queue 'other' in vhost '/' refused for user 'ann'");
  CHECK(on.outcome(ann.get("other")) ==
        "read access to queue 'other' in vhost '/' refused for user 'ann'");
  CHECK(on.outcome(ann.purge("other")) ==
        "read access to queue 'other' in vhost '/' refused for user 'ann'");
  CHECK(on.outcome(ann.consume("other")) ==
        "read access to queue 'other' in vhost '/' refused for user 'ann'");
  CHECK(on.outcome(ann.bind("own-x", "other", "k")) ==
        "write access to queue 'other' in vhost '/' refused for user 'ann'");
  CHECK(on.outcome(ann.bind("theirs", "own", "k")) ==
        "read access to exchange 'theirs' in vhost '/' refused for user 'ann'");
  CHECK(ann.publish({"own-x", "k", "m"}) == 1);
  CHECK(ann.publish({"", "own", "m"}) == 1);
  CHECK_FALSE(ann.publish({"theirs", "k", "m"}).has_value());
}

TEST_CASE("a permission that is taken away stops a publisher at once") {
  SettingsFixture on;
  on.become("ann", {"ann", "/", ".*", ".*", ".*", {}});
  CHECK(on.outcome(on.client->declare("q")) == "ok");
  CHECK(on.client->publish({"", "q", "m"}) == 1);
  CHECK(on.client->publish({"", "q", "m"}) == 1);
  on.management().set_permission({"ann", "/", ".*", "^nothing$", ".*", {}}, on.noted());
  CHECK(on.after_run() == "done");
  CHECK_FALSE(on.client->publish({"", "q", "m"}).has_value());
}

TEST_CASE("topic permissions are checked for publishing and binding") {
  SettingsFixture on;
  on.become("ann", {"ann", "/", ".*", ".*", ".*", {}});
  on.management().set_topic_permission({"ann", "/", "amq.topic", "^{username}\\.", "^read\\.", {}},
                                       on.noted());
  CHECK(on.after_run() == "done");
  CHECK(on.outcome(on.client->declare("q")) == "ok");
  CHECK(on.outcome(on.client->bind("amq.topic", "q", "read.#")) == "ok");
  CHECK(on.outcome(on.client->bind("amq.topic", "q", "#")) ==
        "read access to topic '#' in exchange 'amq.topic' in vhost '/' refused for user 'ann'");
  CHECK(on.outcome(on.client->bind("amq.direct", "q", "#")) == "ok");
  CHECK(on.client->publish({"amq.topic", "ann.x", "m"}) == 0);
  CHECK_FALSE(on.client->publish({"amq.topic", "bob.x", "m"}).has_value());
  // Keys in CC are no way round.
  CHECK_FALSE(on.client->publish({"amq.topic", "ann.x", "m", true, {{"CC", FieldArray{{"bob.x"}}}}})
                  .has_value());
  CHECK(on.client->publish({"amq.direct", "bob.x", "m"}) == 0);
}

TEST_CASE("a virtual host is closed to those without permissions in it") {
  SettingsFixture on;
  on.management().set_user("ann", "secret", {}, on.noted());
  CHECK(on.after_run() == "done");
  Shard& shard = on.node.node().shard(0);
  const auto ann = shard.authenticate("ann", "secret", true);
  REQUIRE(ann.has_value());
  const auto refused = shard.open_vhost(on.client->caller.session, **ann, "/");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind == ErrorKind::not_allowed);
  CHECK(refused.error().text == "access to vhost '/' refused for user 'ann'");
  CHECK(on.management().authenticate("ann", "secret", true).has_value());
  CHECK_FALSE(on.management().authenticate("ann", "wrong", true).has_value());
}

TEST_CASE("connections of a deleted user are closed, and no others") {
  SettingsFixture on;
  TestClient& other = on.node.connect(1);
  on.become("ann", {"ann", "/", ".*", ".*", ".*", {}});
  on.management().delete_user("ann", on.noted());
  CHECK(on.after_run() == "done");
  CHECK(on.client->shut_down_reason == "user 'ann' is deleted");
  CHECK(other.shut_down_reason.empty());
  // While it closes it is refused, and no more.
  CHECK(on.outcome(on.client->declare("q")) ==
        "configure access to queue 'q' in vhost '/' refused for user 'ann'");
}

TEST_CASE("connections to a deleted virtual host are closed, with all that is in it") {
  SettingsFixture on;
  TestClient& consumer = on.node.connect(1);
  CHECK(on.outcome(on.client->declare("q", durable_queue())) == "ok");
  on.client->publish({"", "q", "m"});
  CHECK_FALSE(on.node.wait(consumer, consumer.consume("q")).failed);
  on.management().delete_vhost("/", on.noted());
  CHECK(on.after_run() == "done");
  CHECK(on.client->shut_down_reason == "vhost '/' is deleted");
  CHECK(consumer.shut_down_reason == "vhost '/' is deleted");
  const OperationResult late = on.node.wait(*on.client, on.client->declare("late"));
  CHECK(late.failed);
  consumer.leave();
  on.client->leave();
  on.node.run();
  CHECK(on.management().export_definitions({}).vhosts.empty());
}

TEST_CASE("a queue is of its virtual host's default type, if it can be") {
  SettingsFixture on;
  VhostDefinition vhost;
  vhost.name = "/";
  vhost.default_queue_type = "quorum";
  on.management().set_vhost(vhost, on.noted());
  CHECK(on.after_run() == "done");
  CHECK(on.outcome(on.client->declare("kept", durable_queue())) == "ok");
  CHECK(on.outcome(on.client->declare("kept", durable_queue())) == "ok");
  CHECK(on.outcome(on.client->declare("passing", automatic_queue())) == "ok");
  const auto limit_of = [&](const char* name) {
    const auto found = on.management().effective_arguments("/", name, false);
    REQUIRE(found.has_value());
    for (const EffectiveArgument& each : *found)
      if (each.key == "delivery-limit") return each.value;
    return std::string("none");
  };
  CHECK(limit_of("kept") == "20");
  CHECK(limit_of("passing") == "none");
}
