// The linter: each finding once, at its place, at its level; and nothing where nothing is wrong.
#include "broker/lint.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>

namespace tern::broker {
namespace {

using Lines = std::vector<std::string>;

Lines lint(const std::string& json) {
  const auto definitions = parse_definitions(json, "f");
  INFO((definitions ? std::string() : definitions.error().text));
  REQUIRE(definitions.has_value());
  Lines lines;
  for (const LintFinding& finding : lint_definitions(*definitions))
    lines.push_back(fmt::format("{}: {}: {}", finding.where, to_text(finding.level), finding.text));
  return lines;
}

std::string queue(const std::string& name, const std::string& arguments = "{}") {
  return R"({"vhost": "/", "name": ")" + name + R"(", "arguments": )" + arguments + "}";
}

std::string exchange(const std::string& name, const std::string& more = "",
                     const std::string& type = "direct") {
  return R"({"vhost": "/", "name": ")" + name + R"(", "type": ")" + type + "\"" + more + "}";
}

std::string binding(const std::string& source, const std::string& destination,
                    const std::string& key = "", const std::string& kind = "queue") {
  return R"({"vhost": "/", "source": ")" + source + R"(", "destination": ")" + destination +
         R"(", "routing_key": ")" + key + R"(", "destination_type": ")" + kind + "\"}";
}

std::string policy(const std::string& name, const std::string& pattern,
                   const std::string& definition, int priority = 0,
                   const std::string& apply_to = "all") {
  return fmt::format(R"({{"vhost": "/", "name": "{}", "pattern": "{}", "definition": {},
                        "priority": {}, "apply-to": "{}"}})",
                     name, pattern, definition, priority, apply_to);
}

std::string file(const std::string& exchanges, const std::string& queues,
                 const std::string& bindings, const std::string& policies = "") {
  return R"({"exchanges": [)" + exchanges + R"(], "queues": [)" + queues + R"(], "bindings": [)" +
         bindings + R"(], "policies": [)" + policies + "]}";
}

}  // namespace

TEST_CASE("lint: the classic retry topology has nothing wrong") {
  CHECK(
      lint(file(exchange("work") + "," + exchange("retry") + "," + exchange("dead"),
                queue("jobs", R"({"x-dead-letter-exchange": "retry"})") + "," +
                    queue("later", R"({"x-message-ttl": 5000, "x-dead-letter-exchange": "work"})") +
                    "," + queue("graves"),
                binding("work", "jobs", "job") + "," + binding("retry", "later", "job") + "," +
                    binding("dead", "graves"))) == Lines{});
}

TEST_CASE("lint: bindings whose ends are not there") {
  CHECK(lint(file(exchange("x"), queue("q"),
                  binding("nope", "q") + "," + binding("x", "p") + "," +
                      binding("x", "y", "", "exchange") + "," + binding("amq.topic", "q"))) ==
        Lines{"f: $.bindings[0].source: error: exchange 'nope' is not defined",
              "f: $.bindings[1].destination: error: queue 'p' is not defined",
              "f: $.bindings[2].destination: error: exchange 'y' is not defined",
              "f: $.exchanges[0]: note: nothing is bound to exchange 'x'"});
}

TEST_CASE("lint: dead-letter exchanges that are not there, by argument and by policy") {
  CHECK(lint(file("", queue("a", R"({"x-dead-letter-exchange": "nope"})") + "," + queue("b"),
                  binding("amq.topic", "a") + "," + binding("amq.topic", "b"),
                  policy("p", "^b", R"({"dead-letter-exchange": "gone"})", 0, "queues"))) ==
        Lines{"f: $.queues[0].arguments.x-dead-letter-exchange: warning: the dead-letter exchange "
              "'nope' is not defined: dead letters are dropped",
              "f: $.policies[0].definition.dead-letter-exchange: warning: the dead-letter exchange "
              "'gone' is not defined: dead letters are dropped"});
}

TEST_CASE("lint: dead letters that reach no queue") {
  const std::string at = "f: $.queues[0].arguments.x-dead-letter-exchange: warning: ";
  const std::string lost =
      queue("q", R"({"x-dead-letter-exchange": "x", "x-dead-letter-routing-key": "k"})");
  CHECK(lint(file(exchange("x"), lost + "," + queue("p"),
                  binding("amq.topic", "q") + "," + binding("x", "p", "other"))) ==
        Lines{at + "dead letters with the routing key 'k' reach no queue from exchange 'x'"});
  CHECK(lint(file(exchange("x"), lost + "," + queue("p"),
                  binding("amq.topic", "q") + "," + binding("x", "p", "k"))) == Lines{});
  const std::string by_name =
      queue("q", R"({"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "p"})");
  CHECK(lint(file("", by_name, binding("amq.topic", "q"))) ==
        Lines{at + "dead letters with the routing key 'p' reach no queue from exchange ''"});
  // Reached by its name from another queue: no note for p.
  CHECK(lint(file("", by_name + "," + queue("p"), binding("amq.topic", "q"))) == Lines{});
}

TEST_CASE("lint: alternate exchanges that are not there") {
  CHECK(lint(file(exchange("x", R"(, "arguments": {"alternate-exchange": "nope"})"), "", "")) ==
        Lines{"f: $.exchanges[0].arguments.alternate-exchange: warning: the alternate exchange "
              "'nope' is not defined: what exchange 'x' cannot route is dropped"});
}

TEST_CASE("lint: policies that match nothing, or never count") {
  const std::string queues = queue("orders.new");
  const std::string bound = binding("amq.topic", "orders.new");
  CHECK(lint(file("", queues, bound, policy("typo", "^order[.]", R"({"max-length": 5})"))) ==
        Lines{"f: $.policies[0]: warning: the policy 'typo' matches nothing that is defined here"});
  CHECK(lint(file("", queues, bound,
                  policy("low", "^orders", R"({"max-length": 5})") + "," +
                      policy("high", "", R"({"max-length": 6, "message-ttl": 1})", 1, "queues"))) ==
        Lines{"f: $.policies[0]: warning: the policy 'low' never counts: wherever it matches, "
              "policies of a higher priority, 'high' among them, set all that it sets"});
  CHECK(lint(file("", queues, bound,
                  policy("low", "^orders", R"({"max-length": 5, "expires": 9})") + "," +
                      policy("high", "", R"({"max-length": 6})", 1, "queues"))) == Lines{});
  CHECK(lint(file("", queues, bound, policy("p", "(", R"({"max-length": 5})"))).size() == 1);
  CHECK(lint(file("", queues, bound, policy("p", "", R"({"max-length": "x"})"))).size() == 1);
}

TEST_CASE("lint: queues that nothing is routed to") {
  CHECK(lint(file("", queue("q"), "")) ==
        Lines{"f: $.queues[0]: note: nothing is routed to queue 'q' but by its name, through the "
              "default exchange"});
  const std::string inner = R"(, "internal": true)";
  CHECK(
      lint(file(exchange("in", inner), queue("q"), binding("in", "q"))) ==
      Lines{"f: $.exchanges[0]: warning: nothing leads to the internal exchange 'in': no binding, "
            "alternate or dead-letter exchange",
            "f: $.queues[0]: warning: queue 'q' is bound only to exchanges that nothing leads to"});
  CHECK(lint(file(exchange("in", inner), queue("q"),
                  binding("in", "q") + "," + binding("amq.topic", "in", "", "exchange"))) ==
        Lines{});
}

TEST_CASE("lint: loops of dead letters without a consumer in them") {
  const auto expiring = [](const std::string& name, const std::string& next) {
    return queue(name, R"({"x-message-ttl": 1, "x-dead-letter-exchange": "", )"
                       R"("x-dead-letter-routing-key": ")" +
                           next + "\"}");
  };
  const std::string tail =
      ": messages that expire or overflow all the way round, with no consumer "
      "rejecting them, are dropped";
  CHECK(lint(file("", expiring("a", "b") + "," + expiring("b", "c") + "," + expiring("c", "b"),
                  binding("amq.topic", "a"))) ==
        Lines{"f: $.queues[1]: warning: dead-letter loop 'b' -> 'c' -> 'b'" + tail});
  CHECK(lint(file("", expiring("a", "a"), "")) ==
        Lines{"f: $.queues[0]: warning: dead-letter loop 'a' -> 'a'" + tail});
}

TEST_CASE("lint: what an import would refuse") {
  CHECK(lint(file(exchange("x", "", "tropic"), "", "")) ==
        Lines{"f: $.exchanges[0].type: error: unknown exchange type 'tropic'",
              "f: $.exchanges[0]: note: nothing is bound to exchange 'x'"});
  const Lines quorum =
      lint(file("", queue("q", R"({"x-queue-type": "quorum", "x-max-priority": 5})"),
                binding("amq.topic", "q")));
  REQUIRE(quorum.size() == 1);
  CHECK(quorum[0].starts_with("f: $.queues[0].arguments: error: invalid arg 'x-max-priority'"));
}

TEST_CASE("lint: permissions of users and virtual hosts that are not there") {
  const std::string permission =
      R"({"user": "u", "vhost": "v", "configure": "(", "write": "", "read": ""})";
  const Lines lines = lint(R"({"users": [{"name": "a"}], "permissions": [)" + permission + "]}");
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "f: $.permissions[0]: error: user 'u' is not defined");
  CHECK(lines[1] == "f: $.permissions[0]: warning: virtual host 'v' is not defined");
  CHECK(lines[2].starts_with("f: $.permissions[0].configure: error: "));
  CHECK(lint(R"({"vhosts": [{"name": "v"}], "users": [{"name": "u"}], "topic_permissions": [
    {"user": "u", "vhost": "v", "exchange": "amq.topic", "write": "", "read": ""}]})") == Lines{});
}

}  // namespace tern::broker
