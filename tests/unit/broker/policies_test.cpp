// Policies: what may stand in one, in whose words the rest is refused, and which names one matches.
#include "broker/policies.hpp"

#include <catch2/catch.hpp>

using namespace tern;
using namespace tern::broker;

namespace {

PolicyDefinition policy(FieldTable definition, bool is_operator = false) {
  PolicyDefinition made;
  made.vhost = "/";
  made.name = "p";
  made.pattern = ".*";
  made.definition = std::move(definition);
  made.is_operator = is_operator;
  return made;
}

std::string refusal(const PolicyDefinition& definition) {
  const auto made = make_policy(definition);
  if (made) return "ok";
  CHECK(made.error().kind == ErrorKind::precondition_failed);
  return made.error().text;
}

PolicyPointer made(std::string name, std::string pattern, ApplyTo apply_to,
                   std::int64_t priority = 0, bool is_operator = false) {
  PolicyDefinition definition = policy({{"max-length", 1}}, is_operator);
  definition.name = std::move(name);
  definition.pattern = std::move(pattern);
  definition.apply_to = apply_to;
  definition.priority = priority;
  const auto result = make_policy(definition);
  REQUIRE(result.has_value());
  return *result;
}

std::string names(const std::vector<const Policy*>& policies) {
  std::string list;
  for (const Policy* each : policies) list += each->definition.name + " ";
  return list;
}

}  // namespace

TEST_CASE("values of a policy are those of the argument") {
  CHECK(refusal(policy({{"max-length", 5}, {"overflow", "reject-publish"}})) == "ok");
  CHECK(refusal(policy({{"max-length", -1}})) == "-1 is not a valid maximum length");
  CHECK(refusal(policy({{"max-length", "5"}})) == "<<\"5\">> is not a valid maximum length");
  CHECK(refusal(policy({{"message-ttl", -1}})) == "-1 is not a valid message TTL");
  CHECK(refusal(policy({{"expires", 0}})) == "0 is not a valid queue expiry");
  CHECK(refusal(policy({{"overflow", "bad"}})) == "<<\"bad\">> is not a valid overflow strategy");
  CHECK(refusal(policy({{"dead-letter-exchange", 1}})) ==
        "1 is not a valid dead letter exchange name");
  CHECK(refusal(policy({{"alternate-exchange", 1}})) == "1 is not a valid alternate exchange name");
  CHECK(refusal(policy({{"alternate-exchange", "a"}})) == "ok");
  CHECK(refusal(policy({{"delivery-limit", -1}})) == "ok");
  CHECK(refusal(policy({{"message-deduplication", true}, {"cache-size", 5}})) == "ok");
  CHECK(refusal(policy({{"priority-weights", "1,x"}})) ==
        "<<\"1,x\">> is not a valid list of priority weights");
}

TEST_CASE("keys that are not known are refused together, in RabbitMQ's words") {
  CHECK(refusal(policy({{"max-length", 5}, {"foo", "bar"}, {"baz", 1}})) ==
        "[{<<\"foo\">>,<<\"bar\">>},{<<\"baz\">>,1}] are not recognised policy settings");
  // The argument's name is none: a policy has it without its prefix.
  CHECK(refusal(policy({{"x-max-length", 5}})) ==
        "[{<<\"x-max-length\">>,5}] are not recognised policy settings");
  CHECK(refusal(policy({{"single-active-consumer", true}})) ==
        "[{<<\"single-active-consumer\">>,true}] are not recognised policy settings");
  CHECK(refusal(policy({})) == "no policy provided");
  CHECK(refusal(policy({{"max-length", 5}, {"max-length", 6}})) ==
        "[<<\"max-length\">>] duplicate keys not allowed");
}

TEST_CASE("keys of RabbitMQ's without meaning here are accepted whatever they say") {
  CHECK(refusal(policy(
            {{"ha-mode", "exactly"}, {"ha-params", 2}, {"ha-sync-mode", "automatic"}})) == "ok");
  CHECK(refusal(policy({{"federation-upstream-set", "all"}})) == "ok");
  CHECK(refusal(policy({{"queue-mode", "lazy"}})) == "ok");
}

TEST_CASE("an operator policy sets only what is for operators") {
  for (const char* key : {"expires", "message-ttl", "max-length", "max-length-bytes",
                          "max-in-memory-length", "delivery-limit", "target-group-size"}) {
    CAPTURE(key);
    CHECK(refusal(policy({{key, 7}}, true)) == "ok");
  }
  CHECK(refusal(policy({{"overflow", "drop-head"}}, true)) == "ok");
  CHECK(refusal(policy({{"dead-letter-exchange", "x"}}, true)) ==
        "[{<<\"dead-letter-exchange\">>,<<\"x\">>}] are not recognised policy settings");
  CHECK(refusal(policy({{"ha-mode", "all"}}, true)) ==
        "[{<<\"ha-mode\">>,<<\"all\">>}] are not recognised policy settings");
}

TEST_CASE("a policy has a name and a pattern that is one") {
  PolicyDefinition definition = policy({{"max-length", 5}});
  definition.pattern = "a(";
  CHECK(refusal(definition) ==
        "pattern 'a(' should be a regular expression but is invalid: missing closing parenthesis "
        "at offset 2");
  definition = policy({{"max-length", 5}});
  definition.name.clear();
  CHECK(refusal(definition) == "a policy's name has from 1 to 255 octets");
}

TEST_CASE("a policy applies to the kinds of things it says") {
  const PolicyBook book(
      {made("all", "", ApplyTo::all), made("queues", "", ApplyTo::queues),
       made("classic", "", ApplyTo::classic_queues), made("quorum", "", ApplyTo::quorum_queues),
       made("streams", "", ApplyTo::streams), made("exchanges", "", ApplyTo::exchanges)},
      true);
  CHECK(names(book.match_queue("q", QueueType::classic).policies) == "all classic queues ");
  CHECK(names(book.match_queue("q", QueueType::quorum).policies) == "all queues quorum ");
  CHECK(names(book.match_queue("q", QueueType::stream).policies) == "all queues streams ");
  CHECK(names(book.match_exchange("x").policies) == "all exchanges ");
}

TEST_CASE("the highest priority comes first, and of one priority the first name") {
  const std::vector<PolicyPointer> policies{
      made("b", "^o", ApplyTo::all, 1),       made("low", "", ApplyTo::all, -5),
      made("a", "o", ApplyTo::all, 1),        made("high", "orders", ApplyTo::all, 10),
      made("op1", "", ApplyTo::all, 1, true), made("op2", "", ApplyTo::all, 2, true)};
  const PolicyBook merging(policies, true);
  CHECK(names(merging.match_queue("orders", QueueType::classic).policies) == "high a b low ");
  CHECK(names(merging.match_queue("orders", QueueType::classic).operator_policies) == "op2 op1 ");
  CHECK(names(merging.match_queue("other", QueueType::classic).policies) == "a b low ");
  CHECK(names(merging.match_queue("x", QueueType::classic).policies) == "low ");
  const PolicyBook single(policies, false);
  CHECK(names(single.match_queue("orders", QueueType::classic).policies) == "high ");
  CHECK(names(single.match_queue("orders", QueueType::classic).operator_policies) == "op2 ");
}
