// An x-death that a client made up, and cycles of dead letters.
#include <catch2/catch.hpp>
#include <limits>

#include "unit/dlq/dlq_builders.hpp"

using namespace tern;
using namespace tern::dlq;
using namespace tern::dlq::test;
using queue::LeaveReason;

namespace {

FieldTable death(std::string_view queue, std::string_view reason) {
  return {{"queue", queue}, {"reason", reason}};
}

FieldTable counted(std::string_view queue, std::string_view reason, FieldValue count) {
  return {{"reason", reason}, {"count", std::move(count)}, {"queue", queue}};
}

std::vector<FieldValue> values_after_death(FieldArray deaths) {
  const MessageRef sent = make_with({{"x-death", std::move(deaths)}});
  const Republish dead = die(*sent, LeaveReason::rejected, "q", at_second(1));
  const FieldTable headers = headers_of(*dead.message);
  return headers.find("x-death")->as<FieldArray>()->values;
}

FieldValue count_after_death(const FieldTable& entry) {
  const auto values = values_after_death({{FieldValue(entry)}});
  REQUIRE(values.size() == 1);
  return *values[0].as<FieldTable>()->find("count");
}

FieldValue count(std::int64_t number) {
  return number;
}

}  // namespace

TEST_CASE("an x-death that is no list is replaced, and no first death is told") {
  for (const FieldValue& foreign :
       {FieldValue("text"), FieldValue(7), FieldValue(death("q", "rejected")), FieldValue{}}) {
    const MessageRef sent = make_with({{"x-death", foreign}, {"x-first-death-queue", "zzz"}});
    const Republish dead = die(*sent, LeaveReason::rejected, "q", at_second(1));
    CHECK(tables_in(*dead.message, "x-death").size() == 1);
    CHECK(*headers_of(*dead.message).find("x-first-death-queue") == FieldValue("zzz"));
    CHECK(headers_of(*dead.message).find("x-first-death-reason") == nullptr);
    CHECK(*headers_of(*dead.message).find("x-last-death-queue") == FieldValue("q"));
  }
}

TEST_CASE("foreign entries stay, behind the new one") {
  const FieldArray deaths{
      {FieldValue("a"), FieldValue(FieldTable{}), FieldValue(FieldTable{{"queue", "q"}}),
       FieldValue(FieldTable{{"queue", 1}, {"reason", true}}), FieldValue(FieldDecimal{1, 2}),
       FieldValue(FieldArray{{FieldValue(2.5)}}), FieldValue(FieldBinary{"xy"}), FieldValue{}}};
  auto values = values_after_death(deaths);
  REQUIRE(values.size() == 9);
  const auto* front = values[0].as<FieldTable>();
  REQUIRE(front != nullptr);
  CHECK(*front->find("count") == count(1));
  CHECK(*front->find("queue") == FieldValue("q"));
  values.erase(values.begin());
  CHECK(values == deaths.values);
}

TEST_CASE("an empty list is continued like any other") {
  const auto values = values_after_death({});
  REQUIRE(values.size() == 1);
  // Sorted fields: that is how RabbitMQ writes an entry into a list that is there.
  CHECK(values[0].as<FieldTable>()->entries()[1].name == "exchange");
}

TEST_CASE("the count of a foreign entry goes on from any integer") {
  CHECK(count_after_death(counted("q", "rejected", std::int8_t{3})) == count(4));
  CHECK(count_after_death(counted("q", "rejected", -5)) == count(-4));
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  CHECK(count_after_death(counted("q", "rejected", most)) == count(most));
  // RabbitMQ loses the message there: it counts what is no number as one death.
  CHECK(count_after_death(counted("q", "rejected", "many")) == count(2));
  CHECK(count_after_death(death("q", "rejected")) == count(2));
}

TEST_CASE("entries of one queue and reason become one") {
  const auto values = values_after_death(
      {{FieldValue(death("q", "rejected")), FieldValue(death("p", "rejected")),
        FieldValue(counted("q", "rejected", 40)), FieldValue(death("q", "expired"))}});
  REQUIRE(values.size() == 3);
  CHECK(*values[0].as<FieldTable>()->find("count") == count(3));
  CHECK(values[1] == FieldValue(death("p", "rejected")));
  CHECK(values[2] == FieldValue(death("q", "expired")));
}

TEST_CASE("a cycle without a rejection is closed, one with a rejection is not") {
  const auto closes = [](const FieldValue& deaths, LeaveReason reason, std::string_view target) {
    return closes_cycle(*make_with({{"x-death", deaths}}), reason, target);
  };
  const auto list = [](std::vector<FieldTable> deaths) {
    FieldArray array;
    for (FieldTable& each : deaths) array.values.emplace_back(std::move(each));
    return FieldValue(array);
  };
  const FieldValue expired_twice = list({death("b", "expired"), death("a", "maxlen")});
  CHECK(closes(expired_twice, LeaveReason::expired, "a"));
  CHECK(closes(expired_twice, LeaveReason::expired, "b"));
  CHECK_FALSE(closes(expired_twice, LeaveReason::expired, "c"));
  CHECK_FALSE(closes(expired_twice, LeaveReason::rejected, "a"));
  CHECK_FALSE(closes(expired_twice, LeaveReason::released, "a"));
  CHECK(closes(list({death("a", "delivery_limit")}), LeaveReason::delivery_limit, "a"));

  // A rejection in the cycle lets it go round; one before the cycle does not.
  const FieldValue rejected_inside =
      list({death("b", "expired"), death("c", "rejected"), death("a", "expired")});
  CHECK_FALSE(closes(rejected_inside, LeaveReason::expired, "a"));
  CHECK(closes(rejected_inside, LeaveReason::expired, "b"));
  CHECK_FALSE(closes(list({death("a", "rejected")}), LeaveReason::expired, "a"));

  // What only a client can have written breaks the cycle.
  FieldArray foreign{
      {FieldValue(death("b", "expired")), FieldValue("?"), FieldValue(death("a", "expired"))}};
  CHECK_FALSE(closes(foreign, LeaveReason::expired, "a"));
  CHECK(closes(foreign, LeaveReason::expired, "b"));
  CHECK_FALSE(closes("a", LeaveReason::expired, "a"));
  CHECK_FALSE(closes_cycle(*make({}), LeaveReason::expired, "a"));
}

TEST_CASE("two queues that expire into each other stop after one round") {
  MessageRef message = make({.routing_key = "a"});
  message = die(*message, LeaveReason::expired, "a", at_second(1), "b").message;
  CHECK_FALSE(closes_cycle(*message, LeaveReason::expired, "b"));
  message = die(*message, LeaveReason::expired, "b", at_second(2), "a").message;
  CHECK(closes_cycle(*message, LeaveReason::expired, "a"));

  message = make({.routing_key = "a"});
  message = die(*message, LeaveReason::rejected, "a", at_second(1), "b").message;
  message = die(*message, LeaveReason::expired, "b", at_second(2), "a").message;
  CHECK_FALSE(closes_cycle(*message, LeaveReason::expired, "a"));
}
