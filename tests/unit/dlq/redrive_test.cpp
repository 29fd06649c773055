// Redriving: where a message came from, and what it looks like when it is sent there again.
#include <catch2/catch.hpp>
#include <limits>

#include "dlq/redrive.hpp"
#include "unit/dlq/dlq_builders.hpp"

using namespace tern;
using namespace tern::dlq;
using namespace tern::dlq::test;
using queue::LeaveReason;

namespace {

std::string why_not(const FieldTable& headers) {
  const auto origin = origin_of(*make_with(headers));
  return origin ? "known" : origin.error().text;
}

FieldValue list_of(const FieldTable& death) {
  return FieldArray{{FieldValue(death)}};
}

FieldTable marks_of(const Message& message) {
  const FieldTable headers = headers_of(message);
  const FieldValue* const mark = headers.find("x-redriven");
  REQUIRE(mark != nullptr);
  return *mark->as<FieldTable>();
}

}  // namespace

TEST_CASE("a message goes back to the exchange and the keys of its first publish") {
  Made made{.exchange = "orders", .routing_key = "new"};
  made.properties.headers = FieldTable{{"CC", texts({"copy"})}};
  MessageRef message = make(made);
  message = die(*message, LeaveReason::rejected, "work", at_second(1), "parked").message;
  const auto origin = origin_of(*message);
  REQUIRE(origin.has_value());
  CHECK(origin->exchange == "orders");
  CHECK(origin->routing_keys == std::vector<std::string>{"new", "copy"});

  const Republish again = redrive(*message, "parked", *origin, at_second(9));
  CHECK(again.routing_keys == origin->routing_keys);
  CHECK(again.message->exchange() == "orders");
  CHECK(again.message->routing_key() == "new");
  CHECK(again.message->received() == at_second(9));
  CHECK(again.message->body() == "body");
  // The key that the queue gave to the dead letter cost it its CC; here it is again.
  CHECK(*headers_of(*again.message).find("CC") == texts({"copy"}));
}

TEST_CASE("a redriven message has no hidden keys: its destination says where it goes") {
  const MessageRef message = make({.hidden_keys = "values of an array"});
  CHECK(redrive(*message, "parked", to_queue("q"), at_second(9)).message->hidden_keys().empty());
}

TEST_CASE("the first death counts, also when later ones of its kind came in between") {
  MessageRef message = make({.exchange = "x", .routing_key = "first"});
  message = die(*message, LeaveReason::rejected, "a", at_second(1), "b").message;
  message = die(*message, LeaveReason::rejected, "b", at_second(2), "a").message;
  message = die(*message, LeaveReason::rejected, "a", at_second(3), "b").message;
  REQUIRE(*tables_in(*message, "x-death").back().find("queue") == FieldValue("b"));
  const auto origin = origin_of(*message);
  REQUIRE(origin.has_value());
  CHECK(origin->exchange == "x");
  CHECK(origin->routing_keys == std::vector<std::string>{"first"});
}

TEST_CASE("the first death is known by queue and reason together") {
  FieldArray deaths;
  for (const auto& [queue, reason] : {std::pair{"b", "expired"}, std::pair{"a", "rejected"},
                                      std::pair{"a", "expired"}, std::pair{"c", "expired"}})
    deaths.values.emplace_back(FieldTable{{"queue", queue},
                                          {"reason", reason},
                                          {"exchange", ""},
                                          {"routing-keys", texts({queue, reason})}});
  const auto origin = origin_of(*make_with(
      {{"x-death", deaths}, {"x-first-death-queue", "a"}, {"x-first-death-reason", "expired"}}));
  REQUIRE(origin.has_value());
  CHECK(origin->routing_keys == std::vector<std::string>{"a", "expired"});
}

TEST_CASE("without first-death headers the oldest entry counts") {
  FieldArray deaths;
  for (const char* key : {"new", "old"})
    deaths.values.emplace_back(FieldTable{
        {"queue", "q"}, {"reason", key}, {"exchange", ""}, {"routing-keys", texts({key})}});
  const auto origin = origin_of(*make_with({{"x-death", deaths}}));
  REQUIRE(origin.has_value());
  CHECK(origin->exchange.empty());
  CHECK(origin->routing_keys == std::vector<std::string>{"old"});
  const auto named = origin_of(*make_with(
      {{"x-death", deaths}, {"x-first-death-queue", "q"}, {"x-first-death-reason", "new"}}));
  REQUIRE(named.has_value());
  CHECK(named->routing_keys == std::vector<std::string>{"new"});
}

TEST_CASE("what does not say where it came from is not redrivable, and why is said") {
  const std::string no_header = "has no x-death header: it was published here, or redriven to here";
  CHECK(why_not({}) == no_header);
  CHECK(why_not({{"x-death", "text"}}) == no_header);
  CHECK(why_not({{"x-death", FieldArray{}}}) == "has an x-death header without an entry");
  CHECK(why_not({{"x-death", FieldArray{{FieldValue(1)}}}}) ==
        "has an x-death header without an entry");
  CHECK(why_not({{"x-death", list_of({{"routing-keys", texts({"k"})}})}}) ==
        "has an x-death entry that names no exchange");
  const std::string no_keys = "has an x-death entry without routing keys";
  CHECK(why_not({{"x-death", list_of({{"exchange", ""}})}}) == no_keys);
  CHECK(why_not({{"x-death", list_of({{"exchange", ""}, {"routing-keys", "k"}})}}) == no_keys);
  CHECK(why_not({{"x-death", list_of({{"exchange", ""}, {"routing-keys", texts({})}})}}) ==
        no_keys);
  const std::string longest(255, 'x');
  const std::string longer(256, 'x');
  const std::string too_long =
      "has an x-death entry whose exchange or routing key is longer than 255 octets";
  CHECK(why_not({{"x-death", list_of({{"exchange", longer}, {"routing-keys", texts({"k"})}})}}) ==
        too_long);
  CHECK(why_not({{"x-death", list_of({{"exchange", ""}, {"routing-keys", texts({longer})}})}}) ==
        too_long);
  CHECK(why_not({{"x-death", list_of({{"exchange", longest},
                                      {"routing-keys", texts({longest, longer})}})}}) == "known");
}

TEST_CASE("a redriven message is marked, and its history moves away from x-death") {
  MessageRef message = make({.exchange = "orders", .routing_key = "new"});
  message = die(*message, LeaveReason::expired, "work", at_second(1), "parked").message;
  const FieldValue first_life = *headers_of(*message).find("x-death");
  message = redrive(*message, "parked", *origin_of(*message), at_second(20)).message;
  CHECK(headers_of(*message).find("x-death") == nullptr);
  CHECK(*headers_of(*message).find("x-redriven-death") == first_life);
  CHECK(marks_of(*message) ==
        FieldTable{{"count", std::int64_t{1}}, {"queue", "parked"}, {"time", FieldTimestamp{20}}});

  // The queue it came from expires it again: with the old x-death that would close a cycle.
  message = die(*message, LeaveReason::expired, "work", at_second(30), "parked").message;
  CHECK_FALSE(closes_cycle(*message, LeaveReason::expired, "parked"));
  const auto deaths = tables_in(*message, "x-death");
  REQUIRE(deaths.size() == 1);
  CHECK(*deaths[0].find("count") == FieldValue(std::int64_t{1}));

  message = redrive(*message, "other", *origin_of(*message), at_second(40)).message;
  CHECK(marks_of(*message) ==
        FieldTable{{"count", std::int64_t{2}}, {"queue", "other"}, {"time", FieldTimestamp{40}}});
  const auto history = tables_in(*message, "x-redriven-death");
  REQUIRE(history.size() == 2);
  CHECK(*history[0].find("time") == FieldValue(FieldTimestamp{30}));
  CHECK(*history[1].find("time") == FieldValue(FieldTimestamp{1}));
}

TEST_CASE("the history of redriven messages is bounded") {
  MessageRef message = make({});
  for (int i = 1; i <= 70; ++i) {
    message = die(*message, LeaveReason::rejected, "q", at_second(i)).message;
    message = redrive(*message, "q", *origin_of(*message), at_second(i)).message;
  }
  const auto history = tables_in(*message, "x-redriven-death");
  REQUIRE(history.size() == redriven_deaths_max);
  CHECK(*history.front().find("time") == FieldValue(FieldTimestamp{70}));
  CHECK(*history.back().find("time") == FieldValue(FieldTimestamp{7}));
  CHECK(*marks_of(*message).find("count") == FieldValue(std::int64_t{70}));
}

TEST_CASE("a message redriven to a queue goes there alone") {
  const FieldTable headers{{"CC", texts({"copy"})}, {"x-delivery-count", 3}, {"mine", 1}};
  const MessageRef message = make_with(headers);
  const Republish sent = redrive(*message, "from", to_queue("target"), at_second(2));
  CHECK(sent.routing_keys == std::vector<std::string>{"target"});
  CHECK(sent.message->exchange().empty());
  CHECK(sent.message->routing_key() == "target");
  CHECK(header_names(*sent.message) == std::vector<std::string>{"mine", "x-redriven"});
}

TEST_CASE("an expiration stays if it is there, and is not given back if a death took it") {
  Made made;
  made.properties.expiration = "5000";
  const MessageRef waiting = make(made);
  const MessageRef sent = redrive(*waiting, "q", to_queue("t"), at_second(50)).message;
  CHECK(sent->has_ttl());
  CHECK(sent->ttl() == Millis{5000});
  CHECK(sent->received() == at_second(50));
  CHECK(properties_of(*sent).expiration == "5000");

  const MessageRef dead = die(*waiting, LeaveReason::expired, "q", at_second(6)).message;
  const MessageRef again = redrive(*dead, "q", *origin_of(*dead), at_second(50)).message;
  CHECK_FALSE(again->has_ttl());
  CHECK_FALSE(properties_of(*again).expiration.has_value());
}

TEST_CASE("marks that a client made up do no harm") {
  for (const FieldValue& mark :
       {FieldValue("x"), text_like(FieldTable{{"count", 41}}), FieldValue(FieldTable{}),
        FieldValue(FieldTable{{"count", "x"}}), FieldValue(FieldTable{{"count", std::int64_t{-7}}}),
        FieldValue(FieldTable{{"count", std::numeric_limits<std::int64_t>::max()}})}) {
    const MessageRef message = make_with({{"x-redriven", mark}, {"x-redriven-death", 5}});
    const MessageRef sent = redrive(*message, "q", to_queue("t"), at_second(1)).message;
    CHECK(*marks_of(*sent).find("count") == FieldValue(std::int64_t{1}));
  }
  const MessageRef empty = make_with({{"x-death", FieldArray{}}});
  const MessageRef sent = redrive(*empty, "q", to_queue("t"), at_second(1)).message;
  CHECK(header_names(*sent) == std::vector<std::string>{"x-redriven"});

  const MessageRef foreign = make_with({{"x-death", "text"}});
  const MessageRef kept = redrive(*foreign, "q", to_queue("t"), at_second(1)).message;
  CHECK(header_names(*kept) == std::vector<std::string>{"x-death", "x-redriven"});

  const FieldValue no_list = text_like(FieldArray{{FieldValue(5)}});
  const MessageRef message = make_with({{"x-redriven-death", no_list}});
  const MessageRef dead = die(*message, LeaveReason::rejected, "q", at_second(1)).message;
  const MessageRef again = redrive(*dead, "q", to_queue("t"), at_second(1)).message;
  CHECK(headers_of(*again).find("x-redriven-death")->as<FieldArray>()->values.size() == 1);
}
