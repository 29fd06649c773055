// Queue, consumer and exchange arguments: what is refused, in which words and in which order, all
// as RabbitMQ was seen to do it.
#include "broker/arguments.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>

using namespace tern;
using namespace tern::broker;

namespace {

// The text after `for queue 'q' in vhost '/'`, or "ok".
std::string refusal(const FieldTable& arguments) {
  const auto error = check_queue_arguments(arguments, "/", "q");
  if (!error) return "ok";
  CHECK(error->kind == ErrorKind::precondition_failed);
  const std::string start =
      "invalid arg '" + arguments.entries().front().name + "' for queue 'q' in vhost '/'";
  if (!error->text.starts_with(start)) return error->text;
  return error->text.substr(start.size());
}

std::string refusal(std::string name, FieldValue value) {
  return refusal(FieldTable{{std::move(name), std::move(value)}});
}

constexpr std::int64_t ten_years = 315360000000;

}  // namespace

TEST_CASE("argument x-expires") {
  CHECK(refusal("x-expires", 1) == "ok");
  CHECK(refusal("x-expires", ten_years) == "ok");
  CHECK(refusal("x-expires", 0) == ": {value_zero,0}");
  CHECK(refusal("x-expires", -1) == ": {value_negative,-1}");
  CHECK(refusal("x-expires", ten_years + 1) == ": {value_too_large,315360000001}");
  CHECK(refusal("x-expires", "a") == ": \"expected integer, got longstr\"");
  CHECK(refusal("x-expires", true) == ": \"expected integer, got bool\"");
  CHECK(refusal("x-expires", FieldTable{}) == ": \"expected integer, got table\"");
  CHECK(refusal("x-expires", FieldValue{}) == ": \"expected integer, got void\"");
}

TEST_CASE("argument x-message-ttl") {
  CHECK(refusal("x-message-ttl", 0) == "ok");
  CHECK(refusal("x-message-ttl", std::uint8_t{5}) == "ok");
  CHECK(refusal("x-message-ttl", -1) == ": {value_negative,-1}");
  CHECK(refusal("x-message-ttl", ten_years + 1) == ": {value_too_large,315360000001}");
  CHECK(refusal("x-message-ttl", 1.5) == ": \"expected integer, got double\"");
}

TEST_CASE("arguments of length") {
  for (const char* name : {"x-max-length", "x-max-length-bytes"}) {
    CHECK(refusal(name, 0) == "ok");
    CHECK(refusal(name, std::int64_t{1} << 62) == "ok");
    CHECK(refusal(name, -1) == ": {value_negative,-1}");
    CHECK(refusal(name, "5") == ": \"expected integer, got longstr\"");
  }
}

TEST_CASE("argument x-max-priority") {
  CHECK(refusal("x-max-priority", 0) == "ok");
  CHECK(refusal("x-max-priority", 255) == "ok");
  CHECK(refusal("x-max-priority", 256) == ": {max_value_exceeded,256}");
  CHECK(refusal("x-max-priority", -1) == ": {value_negative,-1}");
}

TEST_CASE("arguments with a list of choices") {
  for (const char* mode : {"drop-head", "reject-publish", "reject-publish-dlx"})
    CHECK(refusal("x-overflow", mode) == "ok");
  CHECK(refusal("x-overflow", "a") == ": invalid_overflow");
  CHECK(refusal("x-overflow", 1) == ": {unacceptable_type,signedint}");
  CHECK(refusal("x-queue-mode", "lazy") == "ok");
  CHECK(refusal("x-queue-mode", "bad") == ": \"unsupported queue mode 'bad'\"");
  CHECK(refusal("x-queue-mode", std::int64_t{1}) == ": {unacceptable_type,long}");
  CHECK(refusal("x-queue-version", 2) == "ok");
  CHECK(refusal("x-queue-version", 0) == ": \"unsupported queue version '0'\"");
  CHECK(refusal("x-queue-version", 3) == ": \"unsupported queue version '3'\"");
  CHECK(refusal("x-queue-version", -1) == ": {value_negative,-1}");
  CHECK(refusal("x-queue-leader-locator", "min-masters") == ": invalid_queue_locator_arg");
}

TEST_CASE("argument x-single-active-consumer") {
  CHECK(refusal("x-single-active-consumer", true) == "ok");
  CHECK(refusal("x-single-active-consumer", 1) == ": {unacceptable_type,signedint}");
  CHECK(refusal("x-single-active-consumer", "true") == ": {unacceptable_type,longstr}");
}

TEST_CASE("arguments of dead-lettering") {
  CHECK(refusal("x-dead-letter-exchange", "") == "ok");
  CHECK(refusal("x-dead-letter-exchange", 1) ==
        "invalid type 'signedint' for arg 'x-dead-letter-exchange' in queue 'q' in vhost '/'");
  CHECK(refusal("x-dead-letter-routing-key", "k") == ": routing_key_but_no_dlx_defined");
  CHECK(refusal("x-dead-letter-routing-key", 1) == ": {unacceptable_type,signedint}");
  CHECK(refusal({{"x-dead-letter-routing-key", "k"}, {"x-dead-letter-exchange", ""}}) == "ok");
  // The exchange's type comes before everything else.
  CHECK(refusal({{"x-expires", 0}, {"x-dead-letter-exchange", true}}) ==
        "invalid type 'bool' for arg 'x-dead-letter-exchange' in queue 'q' in vhost '/'");
}

TEST_CASE("argument x-queue-type") {
  CHECK(refusal("x-queue-type", "classic") == "ok");
  CHECK(refusal("x-queue-type", "quorum") == "ok");
  CHECK(refusal("x-queue-type", "bad") == ": \"unsupported queue type 'bad'\"");
  CHECK(refusal("x-queue-type", 1) == ": {unacceptable_type,signedint}");
  CHECK(refusal("x-queue-type", "stream") ==
        ": \"queue type 'stream' is not supported by this version of TernMQ\"");
}

TEST_CASE("an argument of another type of queue is refused, after all values were checked") {
  CHECK(refusal("x-quorum-initial-group-size", 5) == " of queue type rabbit_classic_queue");
  CHECK(refusal("x-quorum-initial-group-size", -2) == " of queue type rabbit_classic_queue");
  CHECK(refusal("x-max-age", "1D") == " of queue type rabbit_classic_queue");
  CHECK(refusal({{"x-max-priority", 5}, {"x-queue-type", "quorum"}}) ==
        " of queue type rabbit_quorum_queue");
  CHECK(refusal({{"x-delivery-limit", 5}, {"x-queue-type", "quorum"}}) == "ok");
  CHECK(refusal({{"x-delivery-limit", -2}, {"x-queue-type", "quorum"}}) == ": {value_negative,-2}");
  CHECK(refusal({{"x-quorum-initial-group-size", 0}, {"x-queue-type", "quorum"}}) ==
        ": {value_zero,0}");
  CHECK(refusal({{"x-dead-letter-strategy", "bad"}, {"x-queue-type", "quorum"}}) ==
        ": invalid_dlx_strategy");
  CHECK(refusal({{"x-expires", 0}, {"x-max-age", "1D"}}) == ": {value_zero,0}");
}

TEST_CASE("x-delivery-limit is for every type of queue") {
  CHECK(refusal("x-delivery-limit", 5) == "ok");
  CHECK(refusal("x-delivery-limit", 0) == "ok");
  CHECK(refusal("x-delivery-limit", -1) == "ok");
  CHECK(refusal("x-delivery-limit", -2) == ": {value_negative,-2}");
}

TEST_CASE("arguments that RabbitMQ does not have are checked too") {
  CHECK(refusal("x-consumer-timeout", 0) == "ok");
  CHECK(refusal("x-consumer-timeout", "1h") == ": \"expected integer, got longstr\"");
  CHECK(refusal("x-delayed-retry-type", "returned") == "ok");
  CHECK(refusal("x-delayed-retry-type", "some") == ": \"unsupported delayed retry type 'some'\"");
  CHECK(refusal("x-delayed-retry-jitter", 100) == "ok");
  CHECK(refusal("x-delayed-retry-jitter", 101) == ": {value_too_large,101}");
  // 64 bits: 50 days and more are no end.
  CHECK(refusal("x-delivery-delay", std::int64_t{5'000'000'000}) == "ok");
  CHECK(refusal("x-delayed-retry-max", std::int64_t{5'000'000'000}) == "ok");
  CHECK(refusal("x-delivery-delay", -1) == ": {value_negative,-1}");
  CHECK(refusal("x-message-group", 1) == ": {unacceptable_type,signedint}");
  CHECK(refusal("x-message-deduplication", "yes") == ": {unacceptable_type,longstr}");
  CHECK(refusal("x-cache-size", 0) == ": {value_zero,0}");
  CHECK(refusal("x-cache-ttl", 0) == ": {value_zero,0}");
  CHECK(refusal("x-priority-weights", "1,2,4") == "ok");
  CHECK(refusal("x-priority-weights", "1,,4") == ": \"unsupported priority weights '1,,4'\"");
  CHECK(refusal("x-priority-weights", 5) == ": {unacceptable_type,signedint}");
}

TEST_CASE("priority weights are numbers between commas") {
  using Weights = std::vector<std::uint32_t>;
  CHECK(parse_priority_weights("4,2,1") == Weights{4, 2, 1});
  CHECK(parse_priority_weights("1000") == Weights{1000});
  for (const char* text :
       {"", ",", "1,", ",1", "0", "1001", "-1", "1 ,2", "1;2", "1.5", "+1", "99999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_priority_weights(text).has_value());
  }
  std::string many = "1";
  for (int count = 1; count < 256; ++count) many += ",1";
  CHECK(parse_priority_weights(many).has_value());
  CHECK_FALSE(parse_priority_weights(many + ",1").has_value());
}

TEST_CASE("the table of arguments is consistent") {
  std::set<std::string_view> keys;
  for (const QueueArgument& argument : queue_arguments()) {
    CAPTURE(argument.name);
    CHECK((!argument.policy_key.empty() || !argument.is_for_operators));
    CHECK((!argument.policy_key.empty() || !argument.is_live));
    CHECK((argument.policy_key.empty() || !argument.policy_noun.empty()));
    CHECK((argument.type == ArgumentType::integer ||
           argument.combination == Combination::argument_first));
    CHECK((argument.type != ArgumentType::integer || argument.min <= argument.max));
    if (!argument.policy_key.empty()) CHECK(keys.insert(argument.policy_key).second);
  }
  for (const ExchangeArgument& argument : exchange_arguments()) {
    CAPTURE(argument.name);
    CHECK((!argument.name.empty() || argument.takes_any));
    CHECK((argument.name.empty() || !argument.help.empty()));
    if (!argument.policy_key.empty()) CHECK(keys.insert(argument.policy_key).second);
  }
}

TEST_CASE("docs/arguments.md is what the tables say") {
  std::ifstream file(std::string(TERN_SOURCE_DIR) + "/docs/arguments.md");
  REQUIRE(file.is_open());
  std::ostringstream page;
  page << file.rdbuf();
  INFO("run `ternmq check --print-arguments > docs/arguments.md`");
  CHECK(page.str() == arguments_page());
}

TEST_CASE("arguments that are not known are let be") {
  CHECK(find_queue_argument("x-anything") == nullptr);
  CHECK(refusal("x-anything", FieldArray{}) == "ok");
  CHECK(refusal("no-prefix", -1) == "ok");
}

TEST_CASE("every integer argument refuses texts, and every other one integers") {
  std::set<std::string_view> names;
  for (const QueueArgument& argument : queue_arguments()) {
    CAPTURE(argument.name);
    CHECK(names.insert(argument.name).second);
    CHECK_FALSE(argument.help.empty());
    const bool is_quorums = !argument.applies_to(QueueType::classic);
    if (is_quorums && !argument.applies_to(QueueType::quorum)) continue;
    FieldTable arguments;
    if (argument.type == ArgumentType::integer)
      arguments.add(std::string(argument.name), "text");
    else
      arguments.add(std::string(argument.name), 5);
    if (is_quorums) arguments.add("x-queue-type", "quorum");
    const std::string text = refusal(arguments);
    CHECK((text.find("expected integer, got longstr") != std::string::npos ||
           text.find("signedint") != std::string::npos));
  }
}

TEST_CASE("a quorum queue is durable, shared and stays") {
  QueueSpec spec{.name = "q", .durable = true, .arguments = {{"x-queue-type", "quorum"}}};
  CHECK_FALSE(check_queue_spec(spec, "/").has_value());
  const auto property = [&] {
    const auto error = check_queue_spec(spec, "/");
    REQUIRE(error.has_value());
    CHECK(error->kind == ErrorKind::precondition_failed);
    return error->text;
  };
  spec.durable = false;
  CHECK(property() == "invalid property 'non-durable' for queue 'q' in vhost '/'");
  spec.exclusive = true;
  CHECK(property() == "invalid property 'exclusive-owner' for queue 'q' in vhost '/'");
  spec.auto_delete = true;
  CHECK(property() == "invalid property 'auto-delete' for queue 'q' in vhost '/'");
  spec.arguments.add("x-expires", 0);
  CHECK(property() == "invalid arg 'x-expires' for queue 'q' in vhost '/': {value_zero,0}");
  spec.arguments = {};
  CHECK_FALSE(check_queue_spec(spec, "/").has_value());
}

TEST_CASE("consumer arguments") {
  const auto text = [](const FieldTable& arguments, QueueType type) {
    const auto error = check_consumer_arguments(arguments, "/", "q", type);
    return error ? error->text : "ok";
  };
  CHECK(text({}, QueueType::classic) == "ok");
  CHECK(text({{"x-priority", -5}}, QueueType::classic) == "ok");
  CHECK(text({{"x-priority", "a"}}, QueueType::classic) ==
        "invalid arg 'x-priority' for queue 'q' in vhost '/': \"expected integer, got longstr\"");
  CHECK(text({{"x-cancel-on-ha-failover", true}}, QueueType::classic) == "ok");
  CHECK(text({{"x-cancel-on-ha-failover", 1}}, QueueType::classic) ==
        "invalid arg 'x-cancel-on-ha-failover' for queue 'q' in vhost '/': "
        "{unacceptable_type,signedint}");
  CHECK(text({{"x-stream-offset", "first"}}, QueueType::quorum) ==
        "invalid arg 'x-stream-offset' for queue 'q' in vhost '/' of queue type "
        "rabbit_quorum_queue");
  CHECK(text({{"x-anything", "a"}}, QueueType::classic) == "ok");
}

TEST_CASE("exchange arguments") {
  CHECK_FALSE(check_exchange_arguments({{"alternate-exchange", ""}}, "/", "x").has_value());
  CHECK_FALSE(check_exchange_arguments({{"anything", 1}}, "/", "x").has_value());
  const auto error = check_exchange_arguments({{"alternate-exchange", 1}}, "/", "x");
  REQUIRE(error.has_value());
  CHECK(error->kind == ErrorKind::precondition_failed);
  CHECK(error->text ==
        "invalid type 'signedint' for arg 'alternate-exchange' in exchange 'x' in vhost '/'");
}

TEST_CASE("deduplication's arguments of an exchange") {
  const auto text = [](const FieldTable& arguments) {
    const auto error = check_exchange_arguments(arguments, "/", "x");
    return error ? error->text : "ok";
  };
  CHECK(text({{"x-message-deduplication", true}, {"x-cache-size", 5}}) == "ok");
  CHECK(text({{"x-message-deduplication", 1}}) ==
        "invalid arg 'x-message-deduplication' for exchange 'x' in vhost '/': "
        "{unacceptable_type,signedint}");
  CHECK(text({{"x-cache-ttl", 0}}) ==
        "invalid arg 'x-cache-ttl' for exchange 'x' in vhost '/': {value_zero,0}");
}
