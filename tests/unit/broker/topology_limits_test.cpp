// Limits of users and virtual hosts: what is counted, and with which texts the rest is refused.
#include "support/test_client.hpp"
#include "unit/broker/topology_fixture.hpp"

using namespace tern;
using namespace tern::broker;
using namespace tern::test;
using tern::broker::test::TopologyFixture;

namespace {

struct Limited : TopologyFixture {
  void limit_user(const std::string& limits) {
    UserDefinition user;
    user.name = "ann";
    user.limits = limits;
    REQUIRE_FALSE(topology.set_user(user, {}));
    finish();
  }
  void limit_vhost(const std::string& limits) {
    REQUIRE_FALSE(topology.set_parameter({"/", "vhost-limits", "limits", limits, {}}, {}));
    finish();
  }
  /// The text of a refusal, or "".
  std::string connect() { return text_of(topology.admit_connection("ann", vhost)); }
  std::string open_channel() { return text_of(topology.admit_channel("ann")); }
  static std::string text_of(const Topology::Refusal& refusal) {
    if (!refusal) return "";
    return refusal->text;
  }
};

QueueDefinition limited_queue(const std::string& name) {
  QueueDefinition queue;
  queue.vhost = "/";
  queue.spec.name = name;
  queue.spec.durable = true;
  return queue;
}

}  // namespace

TEST_CASE("a user has as many connections as its limit says, then room when one has left") {
  Limited on;
  on.limit_user(R"({"max-connections":2})");
  CHECK(on.connect().empty());
  CHECK(on.connect().empty());
  CHECK(on.connect() == "connection refused for user 'ann': user connection limit (2) is reached");
  on.topology.connection_left("ann", on.vhost, 0);
  CHECK(on.connect().empty());
  on.limit_user("{}");
  CHECK(on.connect().empty());
}

TEST_CASE("a full virtual host is told of before a user's limit, and refusing counts nothing") {
  Limited on;
  on.limit_user(R"({"max-connections":1})");
  on.limit_vhost(R"({"max-connections":1})");
  CHECK(on.connect().empty());
  const std::string refused =
      "access to vhost '/' refused for user 'ann': connection limit (1) is reached";
  CHECK(on.connect() == refused);
  CHECK(on.connect() == refused);
  on.topology.connection_left("ann", on.vhost, 0);
  CHECK(on.connect().empty());
}

TEST_CASE("a user's channels are counted over its connections, and end with them") {
  Limited on;
  on.limit_user(R"({"max-channels":2})");
  CHECK(on.connect().empty());
  CHECK(on.connect().empty());
  CHECK(on.open_channel().empty());
  CHECK(on.open_channel().empty());
  const std::string refused =
      "number of channels opened for user 'ann' has reached the maximum allowed user limit of (2)";
  CHECK(on.open_channel() == refused);
  on.topology.channel_left("ann");
  CHECK(on.open_channel().empty());
  on.topology.connection_left("ann", on.vhost, 2);
  CHECK(on.open_channel().empty());
}

TEST_CASE("a virtual host has no more queues than its limit says, imported ones neither") {
  Limited on;
  on.declare("a");
  on.limit_vhost(R"({"max-queues":2})");
  CHECK(on.declare("b").empty());
  CHECK(on.declare("b").empty());
  CHECK(on.declare("c") == "cannot declare queue 'c': queue limit in vhost '/' (2) is reached");
  on.finish();
  on.delete_queue("a");
  on.finish();
  Definitions definitions;
  definitions.queues = {limited_queue("d"), limited_queue("e")};
  CHECK(Limited::text_of(on.topology.import(definitions, {})) ==
        "adding 2 queue(s) to virtual host \"/\" would exceed the limit of 2 queue(s); it has 1 "
        "now");
  definitions.queues.pop_back();
  CHECK(Limited::text_of(on.topology.import(definitions, {})).empty());
}

TEST_CASE("a limit of nought is one, a negative one is none") {
  Limited on;
  on.limit_vhost(R"({"max-connections":0,"max-queues":-1})");
  CHECK(on.connect() ==
        "access to vhost '/' refused for user 'ann': connection limit (0) is reached");
  CHECK(on.declare("q").empty());
  on.limit_vhost(R"({"max-connections":-5})");
  CHECK(on.connect().empty());
}
