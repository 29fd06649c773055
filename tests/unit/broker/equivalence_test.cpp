// Redeclaring: which differences are refused, in which words, and which one is named first.
#include "broker/equivalence.hpp"

#include <catch2/catch.hpp>

using namespace tern;
using namespace tern::broker;

namespace {

std::string text_of(const std::optional<BrokerError>& error) {
  if (!error) return "ok";
  CHECK(error->kind == ErrorKind::precondition_failed);
  return error->text;
}

// What a redeclare says when only the arguments differ.
std::string redeclare(FieldTable current, FieldTable received) {
  QueueRecord record;
  record.name = "q";
  record.arguments = std::move(current);
  QueueSpec spec{.name = "q", .arguments = std::move(received)};
  return text_of(compare(record, spec, "/"));
}

const std::string queue_prefix = "inequivalent arg 'x-max-length' for queue 'q' in vhost '/': ";

}  // namespace

TEST_CASE("a redeclare with equal arguments is fine") {
  CHECK(redeclare({}, {}) == "ok");
  CHECK(redeclare({{"x-max-length", 5}, {"x-overflow", "drop-head"}},
                  {{"x-overflow", "drop-head"}, {"x-max-length", 5}}) == "ok");
}

TEST_CASE("integers are compared by value whatever their width") {
  CHECK(redeclare({{"x-max-length", 5}}, {{"x-max-length", std::int64_t{5}}}) == "ok");
  CHECK(redeclare({{"x-max-length", 5}}, {{"x-max-length", std::uint8_t{5}}}) == "ok");
  CHECK(redeclare({{"x-max-length", 5}}, {{"x-max-length", "5"}}) ==
        queue_prefix + "received '5' but current is '5'");
}

TEST_CASE("an argument that differs, is left out or is added") {
  CHECK(redeclare({{"x-max-length", 5}}, {{"x-max-length", 6}}) ==
        queue_prefix + "received '6' but current is '5'");
  CHECK(redeclare({{"x-max-length", 5}}, {}) ==
        queue_prefix + "received none but current is the value '5' of type 'signedint'");
  CHECK(redeclare({}, {{"x-max-length", std::int64_t{5}}}) ==
        queue_prefix + "received the value '5' of type 'long' but current is none");
  CHECK(redeclare({{"x-single-active-consumer", true}}, {}) ==
        "inequivalent arg 'x-single-active-consumer' for queue 'q' in vhost '/': received none but "
        "current is the value 'true' of type 'bool'");
  CHECK(redeclare({{"x-overflow", "drop-head"}}, {{"x-overflow", "reject-publish"}}) ==
        "inequivalent arg 'x-overflow' for queue 'q' in vhost '/': received 'reject-publish' but "
        "current is 'drop-head'");
}

TEST_CASE("a redeclare compares values that a declare would refuse") {
  CHECK(redeclare({}, {{"x-max-length", -1}}) ==
        queue_prefix + "received the value '-1' of type 'signedint' but current is none");
  CHECK(redeclare({}, {{"x-max-length", FieldArray{{"a", 1}}}}) ==
        queue_prefix +
            "received the value '[{longstr,<<\"a\">>},{signedint,1}]' of type 'array' but current "
            "is none");
}

TEST_CASE("of several differences the first of the table is named") {
  CHECK(redeclare({{"x-expires", 9}}, {{"x-max-length", 1}, {"x-expires", 5}}) ==
        "inequivalent arg 'x-expires' for queue 'q' in vhost '/': received '5' but current is '9'");
}

TEST_CASE("arguments that are not known to this type of queue are not compared") {
  CHECK(redeclare({}, {{"x-foo", 1}}) == "ok");
  CHECK(redeclare({{"x-foo", 2}}, {{"x-foo", 1}}) == "ok");
  const FieldTable quorum{{"x-queue-type", "quorum"}};
  CHECK(redeclare(quorum, {{"x-queue-type", "quorum"}, {"x-max-priority", 1}}) == "ok");
  CHECK(redeclare(quorum, {{"x-queue-type", "quorum"}, {"x-delivery-limit", 1}}) ==
        "inequivalent arg 'x-delivery-limit' for queue 'q' in vhost '/': received the value '1' of "
        "type 'signedint' but current is none");
}

TEST_CASE("arguments that RabbitMQ does not have are not compared") {
  CHECK(redeclare({{"x-delivery-limit", 5}}, {}) == "ok");
  CHECK(redeclare({{"x-consumer-timeout", 5}}, {{"x-consumer-timeout", 6}}) == "ok");
  CHECK(redeclare({}, {{"x-message-group", "customer"}}) == "ok");
  CHECK(redeclare({{"x-message-deduplication", true}}, {}) == "ok");
  CHECK(redeclare({}, {{"x-priority-weights", 7}}) == "ok");
}

TEST_CASE("a classic queue is one whether or not it says so") {
  const std::string prefix = "inequivalent arg 'x-queue-type' for queue 'q' in vhost '/': ";
  CHECK(redeclare({}, {{"x-queue-type", "classic"}}) == "ok");
  CHECK(redeclare({{"x-queue-type", "classic"}}, {}) == "ok");
  CHECK(redeclare({}, {{"x-queue-type", "quorum"}}) ==
        prefix + "received the value 'quorum' of type 'longstr' but current is none");
  CHECK(redeclare({{"x-queue-type", "quorum"}}, {}) ==
        prefix + "received none but current is the value 'quorum' of type 'longstr'");
  CHECK(redeclare({{"x-queue-type", "classic"}}, {{"x-queue-type", "quorum"}}) ==
        prefix + "received 'quorum' but current is 'classic'");
}

TEST_CASE("a queue's flags are compared before its arguments") {
  QueueRecord record;
  record.name = "q";
  record.durable = true;
  QueueSpec spec{.name = "q", .auto_delete = true, .arguments = {{"x-max-length", 1}}};
  CHECK(text_of(compare(record, spec, "v")) ==
        "inequivalent arg 'durable' for queue 'q' in vhost 'v': received 'false' but current is "
        "'true'");
  spec.durable = true;
  CHECK(text_of(compare(record, spec, "v")) ==
        "inequivalent arg 'auto_delete' for queue 'q' in vhost 'v': received 'true' but current is "
        "'false'");
}

TEST_CASE("another exclusive flag is a locked queue, whatever else differs") {
  QueueRecord record;
  record.name = "q";
  record.durable = true;
  QueueSpec spec{.name = "q", .exclusive = true, .arguments = {}};
  const auto wanted = compare(record, spec, "/");
  REQUIRE(wanted.has_value());
  CHECK(wanted->kind == ErrorKind::resource_locked);
  record.exclusive = true;
  spec.exclusive = false;
  const auto given_up = compare(record, spec, "/");
  REQUIRE(given_up.has_value());
  CHECK(given_up->kind == ErrorKind::resource_locked);
}

TEST_CASE("an exclusive queue is its session's alone") {
  const SessionId owner{ShardId{0}, 7};
  QueueRecord record;
  record.name = "q";
  CHECK_FALSE(check_exclusive_access(record, owner, "/").has_value());
  record.exclusive = true;
  record.owner = owner;
  CHECK_FALSE(check_exclusive_access(record, owner, "/").has_value());
  for (const SessionId other : {SessionId{ShardId{0}, 8}, SessionId{ShardId{1}, 7}, SessionId{}}) {
    const auto refused = check_exclusive_access(record, other, "/");
    REQUIRE(refused.has_value());
    CHECK(refused->kind == ErrorKind::resource_locked);
  }
}

TEST_CASE("an exchange's fields are compared in RabbitMQ's order") {
  ExchangeRecord record;
  record.name = "x";
  record.type = "direct";
  ExchangeSpec spec{.name = "x",
                    .type = "fanout",
                    .durable = true,
                    .auto_delete = true,
                    .internal = true,
                    .arguments = {{"alternate-exchange", "a"}}};
  const std::string thing = " for exchange 'x' in vhost '/': received ";
  const auto text = [&] { return text_of(compare(record, spec, "/")); };
  CHECK(text() == "inequivalent arg 'type'" + thing + "'fanout' but current is 'direct'");
  record.type = "fanout";
  CHECK(text() == "inequivalent arg 'durable'" + thing + "'true' but current is 'false'");
  record.durable = true;
  CHECK(text() == "inequivalent arg 'auto_delete'" + thing + "'true' but current is 'false'");
  record.auto_delete = true;
  CHECK(text() == "inequivalent arg 'internal'" + thing + "'true' but current is 'false'");
  record.internal = true;
  CHECK(text() == "inequivalent arg 'alternate-exchange'" + thing +
                      "the value 'a' of type 'longstr' but current is none");
  record.arguments = {{"alternate-exchange", "b"}};
  CHECK(text() == "inequivalent arg 'alternate-exchange'" + thing + "'a' but current is 'b'");
  record.arguments = {{"alternate-exchange", "a"}, {"other", 1}};
  CHECK(text() == "ok");
}
