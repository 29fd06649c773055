// Effective rules: how arguments, policies and operator policies add up, key by key.
#include "broker/effective.hpp"

#include <catch2/catch.hpp>
#include <map>

using namespace tern;
using namespace tern::broker;

namespace {

struct Case {
  FieldTable arguments;
  FieldTable policy{};
  FieldTable operator_policy{};
  FieldTable lower_policy{};  ///< of a lower priority than `policy`
  bool merges = true;
};

PolicyPointer policy(const char* name, const FieldTable& definition, bool is_operator,
                     std::int64_t priority) {
  PolicyDefinition made;
  made.name = name;
  made.pattern = "^q";
  made.definition = definition;
  made.is_operator = is_operator;
  made.priority = priority;
  const auto checked = make_policy(made);
  REQUIRE(checked.has_value());
  return *checked;
}

PolicyBook book_of(const Case& of) {
  std::vector<PolicyPointer> policies;
  if (!of.policy.empty()) policies.push_back(policy("first", of.policy, false, 5));
  if (!of.lower_policy.empty()) policies.push_back(policy("second", of.lower_policy, false, 1));
  if (!of.operator_policy.empty()) policies.push_back(policy("ops", of.operator_policy, true, 0));
  return PolicyBook(std::move(policies), of.merges);
}

QueueRecord queue_of(const Case& of) {
  QueueRecord queue;
  queue.name = "q";
  queue.arguments = of.arguments;
  return queue;
}

queue::Rules rules(const Case& of) {
  return effective_queue(queue_of(of), book_of(of)).rules;
}

// "value, source" of one key, or "none".
std::string described(const Case& of, const std::string& key) {
  for (const EffectiveArgument& argument : describe_effective(queue_of(of), book_of(of)))
    if (argument.key == key) return argument.value + ", " + argument.source;
  return "none";
}

}  // namespace

TEST_CASE("a queue of which nothing is said has no rules") {
  CHECK(rules({}) == queue::Rules{});
  CHECK(described({}, "max-length") == "none");
}

TEST_CASE("every argument finds its rule") {
  const queue::Rules all = rules({{{"x-message-ttl", 0},
                                   {"x-expires", 7},
                                   {"x-max-length", 0},
                                   {"x-max-length-bytes", std::int64_t{1} << 40},
                                   {"x-overflow", "reject-publish-dlx"},
                                   {"x-dead-letter-exchange", ""},
                                   {"x-delivery-limit", 3},
                                   {"x-single-active-consumer", true},
                                   {"x-consumer-timeout", 60000},
                                   {"x-delivery-delay", std::int64_t{5'000'000'000}},
                                   {"x-delayed-retry-type", "all"},
                                   {"x-delayed-retry-min", 100},
                                   {"x-delayed-retry-max", std::int64_t{5'000'000'000}},
                                   {"x-delayed-retry-multiplier", 2},
                                   {"x-delayed-retry-jitter", 10},
                                   {"x-message-group", "customer"},
                                   {"x-message-deduplication", true},
                                   {"x-deduplication-header", "key"},
                                   {"x-cache-ttl", 1000},
                                   {"x-cache-size", 50},
                                   {"x-priority-weights", "1,2,4"}}});
  queue::Rules wanted;
  wanted.message_ttl = Millis{0};
  wanted.expires = Millis{7};
  wanted.length_max = 0;
  wanted.length_bytes_max = std::uint64_t{1} << 40;
  wanted.overflow = queue::Overflow::reject_publish_dlx;
  wanted.has_dead_letter_exchange = true;
  wanted.delivery_limit = 3;
  wanted.shows_delivery_count = true;
  wanted.single_active_consumer = true;
  wanted.consumer_timeout = Millis{60000};
  wanted.delivery_delay = Millis{5'000'000'000};
  wanted.retry = {queue::Retry::Type::all, Millis{100}, Millis{5'000'000'000}, 2, 10};
  wanted.group = "customer";
  wanted.deduplication = {true, "key", Millis{1000}, 50};
  wanted.priority_weights = {1, 2, 4};
  CHECK(all == wanted);
}

TEST_CASE("every policy key finds the same rule") {
  const FieldTable arguments{{"x-message-ttl", 5},
                             {"x-expires", 7},
                             {"x-max-length", 8},
                             {"x-max-length-bytes", 9},
                             {"x-overflow", "reject-publish"},
                             {"x-dead-letter-exchange", "dlx"},
                             {"x-dead-letter-routing-key", "k"},
                             {"x-delivery-limit", 3},
                             {"x-consumer-timeout", 60000},
                             {"x-delivery-delay", 50},
                             {"x-delayed-retry-type", "failed"},
                             {"x-delayed-retry-min", 100},
                             {"x-delayed-retry-max", 200},
                             {"x-delayed-retry-multiplier", 2},
                             {"x-delayed-retry-jitter", 10},
                             {"x-message-group", "customer"},
                             {"x-message-deduplication", true},
                             {"x-deduplication-header", "key"},
                             {"x-cache-ttl", 1000},
                             {"x-cache-size", 50},
                             {"x-priority-weights", "1,2,4"}};
  FieldTable policy;
  for (const FieldEntry& entry : arguments.entries()) {
    policy.add(entry.name.substr(2), entry.value);
    // One at a time too: none is found by the help of another.
    const Case by_argument{{entry}};
    const Case by_policy{{}, {{entry.name.substr(2), entry.value}}};
    CAPTURE(entry.name);
    CHECK(rules(by_argument) == rules(by_policy));
    CHECK(described(by_policy, entry.name.substr(2)).ends_with(", policy first"));
    CHECK(described(by_argument, entry.name.substr(2)).ends_with(", argument"));
  }
  CHECK(rules({arguments}) == rules({{}, policy}));
}

TEST_CASE("of numbers that limit, the lowest counts") {
  for (const char* name : {"message-ttl", "expires", "max-length", "max-length-bytes",
                           "delivery-limit", "consumer-timeout"}) {
    CAPTURE(name);
    const std::string argument = std::string("x-") + name;
    CHECK(described({{{argument, 5}}, {{name, 6}}}, name) == "5, argument");
    CHECK(described({{{argument, 6}}, {{name, 5}}}, name) == "5, policy first");
    CHECK(described({{{argument, 5}}, {{name, 5}}}, name) == "5, argument");
    CHECK(described({{{argument, 5}}, {{name, 6}}, {{name, 4}}}, name) == "4, operator policy ops");
    CHECK(described({{{argument, 5}}, {{name, 6}}, {{name, 7}}}, name) == "5, argument");
    CHECK(described({{}, {{name, 6}}, {{name, 7}}}, name) == "6, policy first");
    CHECK(described({{}, {}, {{name, 7}}}, name) == "7, operator policy ops");
  }
  CHECK(rules({{{"x-max-length", 6}}, {{"max-length", 5}}}).length_max == 5);
  CHECK(rules({{{"x-message-ttl", 6}}, {}, {{"message-ttl", 5}}}).message_ttl == Millis{5});
}

TEST_CASE("no limit is more than any limit") {
  CHECK(described({{{"x-delivery-limit", -1}}, {{"delivery-limit", 6}}}, "delivery-limit") ==
        "6, policy first");
  CHECK(described({{{"x-delivery-limit", 6}}, {{"delivery-limit", -1}}}, "delivery-limit") ==
        "6, argument");
  CHECK(described({{{"x-consumer-timeout", 0}}, {{"consumer-timeout", 6}}}, "consumer-timeout") ==
        "6, policy first");
  CHECK(rules({{{"x-consumer-timeout", 0}}}).consumer_timeout == std::nullopt);
  // 0 is a limit for everything else.
  CHECK(described({{{"x-message-ttl", 0}}, {{"message-ttl", 6}}}, "message-ttl") == "0, argument");
  CHECK(described({{{"x-delivery-limit", 6}}, {{"delivery-limit", 0}}}, "delivery-limit") ==
        "0, policy first");
}

TEST_CASE("of everything else the argument counts, then the operator's policy") {
  const Case both{{{"x-overflow", "drop-head"}, {"x-dead-letter-exchange", "a"}},
                  {{"overflow", "reject-publish"}, {"dead-letter-exchange", "b"}},
                  {{"overflow", "reject-publish-dlx"}}};
  CHECK(described(both, "overflow") == "drop-head, argument");
  CHECK(described(both, "dead-letter-exchange") == "a, argument");
  CHECK(effective_queue(queue_of(both), book_of(both)).dead_letter_exchange == "a");
  CHECK(described({{}, both.policy, both.operator_policy}, "overflow") ==
        "reject-publish-dlx, operator policy ops");
  CHECK(described({{}, both.policy}, "overflow") == "reject-publish, policy first");
}

TEST_CASE("several policies merge key by key, unless one is to win") {
  Case both{{},
            {{"max-length", 10}, {"overflow", "reject-publish"}},
            {},
            {{"max-length", 5}, {"message-ttl", 100}}};
  CHECK(described(both, "max-length") == "10, policy first");
  CHECK(described(both, "overflow") == "reject-publish, policy first");
  CHECK(described(both, "message-ttl") == "100, policy second");
  both.merges = false;
  CHECK(described(both, "max-length") == "10, policy first");
  CHECK(described(both, "message-ttl") == "none");
  CHECK(rules(both).message_ttl == std::nullopt);
}

TEST_CASE("where dead letters go") {
  const auto target = [](const Case& of) { return effective_queue(queue_of(of), book_of(of)); };
  CHECK_FALSE(target({}).rules.has_dead_letter_exchange);
  const EffectiveQueue by_default_exchange = target({{{"x-dead-letter-exchange", ""}}});
  CHECK(by_default_exchange.rules.has_dead_letter_exchange);
  CHECK(by_default_exchange.dead_letter_exchange.empty());
  CHECK_FALSE(by_default_exchange.dead_letter_routing_key.has_value());
  const EffectiveQueue by_policy =
      target({{}, {{"dead-letter-exchange", "dlx"}, {"dead-letter-routing-key", ""}}});
  CHECK(by_policy.rules.has_dead_letter_exchange);
  CHECK(by_policy.dead_letter_exchange == "dlx");
  CHECK(by_policy.dead_letter_routing_key == "");
}

TEST_CASE("the delivery limit of a quorum queue") {
  const FieldTable quorum{{"x-queue-type", "quorum"}};
  CHECK(rules({quorum}).delivery_limit == 20);
  CHECK(rules({quorum}).shows_delivery_count);
  CHECK(described({quorum}, "delivery-limit") == "20, default");
  const Case none{{{"x-queue-type", "quorum"}, {"x-delivery-limit", -1}}};
  CHECK(rules(none).delivery_limit == std::nullopt);
  CHECK(rules(none).shows_delivery_count);
  CHECK(rules({quorum, {{"delivery-limit", 100}}}).delivery_limit == 100);
  CHECK(rules({quorum, {}, {{"delivery-limit", 0}}}).delivery_limit == 0);
  // Of a classic one: none, and the count is shown to those who ask for a limit.
  CHECK(rules({}).delivery_limit == std::nullopt);
  CHECK_FALSE(rules({}).shows_delivery_count);
  CHECK(rules({{{"x-delivery-limit", -1}}}).shows_delivery_count);
  CHECK(rules({{{"x-delivery-limit", std::int64_t{1} << 40}}}).delivery_limit == 0xFFFF'FFFF);
}

TEST_CASE("an argument that nobody checked does nothing") {
  CHECK(
      rules({{{"x-queue-type", "quorum"}, {"x-priority-weights", "5"}}}).priority_weights.empty());
  CHECK(rules({{{"x-max-length", "many"}}}).length_max == std::nullopt);
  CHECK(rules({{{"x-max-length", "many"}}, {{"max-length", 4}}}).length_max == 4);
}

TEST_CASE("a gate has its exchange's deduplication and nothing else") {
  Case of{{{"x-message-deduplication", true}, {"x-max-length", 5}, {"x-cache-size", 9}},
          {{"max-length", 3}}};
  QueueRecord gate = queue_of(of);
  gate.is_gate = true;
  queue::Rules wanted;
  wanted.deduplication = {true, "", std::nullopt, 9};
  CHECK(effective_queue(gate, book_of(of)).rules == wanted);
}

TEST_CASE("an exchange's alternate is its argument's, else the policy's") {
  ExchangeRecord exchange;
  exchange.name = "q";
  const PolicyBook book = book_of({{}, {{"alternate-exchange", "by-policy"}}});
  CHECK(effective_alternate_exchange(exchange, {}).empty());
  CHECK(describe_effective(exchange, {}).empty());
  CHECK(effective_alternate_exchange(exchange, book) == "by-policy");
  CHECK(describe_effective(exchange, book).at(0).source == "policy first");
  exchange.arguments = {{"alternate-exchange", "by-argument"}};
  CHECK(effective_alternate_exchange(exchange, book) == "by-argument");
  CHECK(describe_effective(exchange, book).at(0).source == "argument");
  exchange.name = "other";
  exchange.arguments = {};
  CHECK(effective_alternate_exchange(exchange, book).empty());
}
