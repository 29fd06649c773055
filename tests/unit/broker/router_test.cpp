// Routing through a replica: chains and loops of exchanges, alternates, CC and BCC, and which
// routes may be remembered.
#include "broker/router.hpp"

#include <set>

#include "support/test_client.hpp"
#include "unit/broker/topology_fixture.hpp"

using namespace tern;
using namespace tern::broker;
using namespace tern::test;
using tern::broker::test::TopologyFixture;

namespace {

using Names = std::set<std::string>;

struct RouterFixture : TopologyFixture {
  RouterFixture() {
    for (const char* name : {"p", "q", "r"}) declare(name);
    finish();
  }
  /// The names of the queues that the message goes to.
  Names route(const Post& post) {
    const MessageRef message = make_message(post);
    const Bytes headers = headers_of(*message);
    const RoutedExchange* from =
        post.exchange.empty() ? nullptr : replicas[0].find_exchange(vhost, post.exchange);
    router.route(vhost, from, *message, headers, cache);
    Names names;
    for (const QueueAddress& target : cache.targets) {
      for (const char* name : {"p", "q", "r"})
        if (replicas[0].find_queue(vhost, name)->id == target.id) names.insert(name);
    }
    CHECK(names.size() == cache.targets.size());
    return names;
  }
  Names keys_of(const Message& message) {
    Names names;
    for (const Bytes key : router.keys_of(message, headers_of(message))) names.emplace(key);
    return names;
  }
  bool is_cached(const Post& post) {
    const MessageRef message = make_message(post);
    return router.is_cached(cache, vhost, *message, headers_of(*message));
  }

  Router router{replicas[0], 2};
  RouteCache cache;
};

FieldTable keys(const char* name, std::initializer_list<const char*> of) {
  FieldArray values;
  for (const char* key : of) values.values.emplace_back(key);
  FieldTable headers;
  headers.add(name, std::move(values));
  return headers;
}

ExchangeSpec with_alternate(const char* name) {
  ExchangeSpec spec;
  spec.arguments = {{"alternate-exchange", name}};
  return spec;
}

}  // namespace

TEST_CASE("the default exchange goes to the queue of that name") {
  RouterFixture on;
  CHECK(on.route({"", "p", ""}) == Names{"p"});
  CHECK(on.route({"", "none", ""}).empty());
}

TEST_CASE("exchanges bound in a ring are each visited once") {
  RouterFixture on;
  for (const char* name : {"a", "b"}) on.declare_exchange(name, "fanout");
  on.bind("a", "b", {}, {}, true);
  on.bind("b", "a", {}, {}, true);
  on.bind("a", "a", {}, {}, true);
  on.bind("a", "p");
  on.bind("b", "p");
  on.bind("b", "q");
  on.finish();
  CHECK(on.route({"a", "", ""}) == Names{"p", "q"});
  CHECK(on.route({"b", "", ""}) == Names{"p", "q"});
}

TEST_CASE("the alternate exchange takes what goes nowhere, and only that") {
  RouterFixture on;
  on.declare_exchange("a", "direct", with_alternate("b"));
  on.declare_exchange("b", "direct", with_alternate("a"));
  on.declare_exchange("lost", "direct", with_alternate("none"));
  on.bind("a", "p", "1");
  on.bind("b", "q", "2");
  on.finish();
  CHECK(on.route({"a", "1", ""}) == Names{"p"});
  CHECK(on.route({"a", "2", ""}) == Names{"q"});
  CHECK(on.route({"a", "3", ""}).empty());
  CHECK(on.route({"lost", "1", ""}).empty());
}

TEST_CASE("CC and BCC are further keys, and a queue gets one copy") {
  RouterFixture on;
  CHECK(on.route({"", "p", "", false, keys("CC", {"q", "p"})}) == Names{"p", "q"});
  CHECK(on.route({"", "p", "", false, keys("BCC", {"r"})}) == Names{"p", "r"});
  CHECK(on.route({"", "none", "", false, keys("CC", {"r"})}) == Names{"r"});
}

TEST_CASE("hidden keys count on every way a message takes") {
  RouterFixture on;
  MessageRef message = make_message({"", "p", "", false, keys("BCC", {"r"})});
  hide_bcc(message, headers_of(*message));
  CHECK(on.keys_of(*message) == Names{"p", "r"});
  CHECK(on.keys_of(*MessageRef::copy(*message)) == Names{"p", "r"});
}

TEST_CASE("BCC is hidden in the message, CC and the rest stay") {
  FieldTable headers = keys("BCC", {"r"});
  headers.add("CC", FieldValue{FieldArray{}});
  headers.add("other", 5);
  MessageRef message = make_message({"x", "key", "body", true, headers});
  hide_bcc(message, headers_of(*message));
  const auto rest = decode_entries(headers_of(*message));
  REQUIRE(rest.has_value());
  CHECK(rest->find("BCC") == nullptr);
  CHECK(rest->find("CC") != nullptr);
  CHECK(rest->find("other") != nullptr);
  CHECK(message->body() == "body");
  CHECK(message->routing_key() == "key");
  CHECK(message->is_persistent());
  CHECK(RouterFixture().keys_of(*message) == Names{"key", "r"});
  const Message* const same = message.get();
  hide_bcc(message, headers_of(*message));
  CHECK(message.get() == same);
}

TEST_CASE("a route is remembered for the same exchange and key until topology changes") {
  RouterFixture on;
  on.bind("amq.direct", "p", "k");
  on.finish();
  CHECK_FALSE(on.is_cached({"amq.direct", "k", ""}));
  on.route({"amq.direct", "k", ""});
  CHECK(on.is_cached({"amq.direct", "k", "other body"}));
  CHECK_FALSE(on.is_cached({"amq.direct", "l", ""}));
  CHECK_FALSE(on.is_cached({"amq.fanout", "k", ""}));
  CHECK_FALSE(on.is_cached({"amq.direct", "k", "", false, keys("CC", {"q"})}));
  CHECK_FALSE(on.is_cached({"amq.direct", "k", "", false, keys("BCC", {})}));
  on.bind("amq.direct", "q", "k");
  on.finish();
  CHECK_FALSE(on.is_cached({"amq.direct", "k", ""}));
  CHECK(on.route({"amq.direct", "k", ""}) == Names{"p", "q"});
  on.route({"amq.direct", "k", "", false, keys("CC", {"none"})});
  CHECK_FALSE(on.is_cached({"amq.direct", "k", ""}));
}

TEST_CASE("a route over a headers exchange is not remembered") {
  RouterFixture on;
  on.declare_exchange("a", "fanout");
  on.bind("a", "amq.headers", {}, {}, true);
  on.bind("amq.headers", "p", {}, {{"h", 1}});
  on.finish();
  CHECK(on.route({"a", "", "", false, {{"h", 1}}}) == Names{"p"});
  CHECK_FALSE(on.is_cached({"a", "", ""}));
  CHECK(on.route({"a", "", "", false, {{"h", 2}}}).empty());
}
