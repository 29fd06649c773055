// From a row to a message: what stands where, and which rows are none.
#include "outbox/row.hpp"

#include <catch2/catch.hpp>

#include "fakes.hpp"

namespace tern::outbox {
namespace {

ternmq::table headers_of(const std::string& json) {
  Row row = make_row(1);
  row.headers = json;
  const auto message = to_message(row, "dedup");
  REQUIRE(message.has_value());
  auto headers = message->properties.headers;
  CHECK(headers.find("dedup") != nullptr);
  headers.erase("dedup");
  return headers;
}

std::string reason_for(const std::string& json) {
  Row row = make_row(1);
  row.headers = json;
  const auto message = to_message(row, "dedup");
  REQUIRE_FALSE(message.has_value());
  return message.error().text;
}

}  // namespace

TEST_CASE("a row's columns are the message's properties; its id is there twice") {
  Row row = make_row(4, "order.placed");
  row.exchange = "orders";
  row.content_type = "application/json";
  row.type = "placed";
  row.correlation_id = "c1";
  const auto message = to_message(row, "x-deduplication-header");
  REQUIRE(message.has_value());
  CHECK(message->exchange == "orders");
  CHECK(message->routing_key == "order.placed");
  CHECK(message->body == "body 4");
  const auto& properties = message->properties;
  CHECK(properties.content_type == "application/json");
  CHECK(properties.type == "placed");
  CHECK(properties.correlation_id == "c1");
  CHECK(properties.persistent);
  CHECK(properties.message_id == "uuid-4");
  CHECK(properties.headers == ternmq::table{{"x-deduplication-header", "uuid-4"}});
}

TEST_CASE("headers keep their types") {
  CHECK(headers_of(R"({"a": 1, "b": -2, "c": 1.5, "d": true, "e": "text", "f": null})") ==
        ternmq::table{{"a", std::int64_t(1)},
                      {"b", std::int64_t(-2)},
                      {"c", 1.5},
                      {"d", true},
                      {"e", "text"},
                      {"f", ternmq::value()}});
  CHECK(
      headers_of(R"({"CC": ["x", "y"], "t": {"u": {}}})") ==
      ternmq::table{{"CC", ternmq::array{"x", "y"}}, {"t", ternmq::table{{"u", ternmq::table{}}}}});
  CHECK(headers_of("null").empty());
}

TEST_CASE("the deduplication header cannot be forged by the row's own headers") {
  Row row = make_row(1);
  row.headers = R"({"dedup": "other"})";
  CHECK(to_message(row, "dedup")->properties.headers == ternmq::table{{"dedup", "uuid-1"}});
}

TEST_CASE("headers that are none say why") {
  CHECK(reason_for("[1]") == "headers are a JSON array, an object is needed");
  CHECK(reason_for("{") == "headers cannot be read as JSON, or hold a number that no double can");
  CHECK(reason_for(R"({"n": 1e999})") ==
        "headers cannot be read as JSON, or hold a number that no double can");
  CHECK(reason_for(R"({"n": 18446744073709551615})") ==
        "headers hold 18446744073709551615, which has more than 64 bits");
  CHECK(reason_for("{\"" + std::string(256, 'n') + "\": 1}") ==
        "the name of a header has 256 octets, 255 are allowed");
}

TEST_CASE("headers are bounded in depth and in octets on the wire") {
  const auto nested = [](int depth) {
    std::string text;
    for (int level = 0; level < depth; ++level) text += R"({"a":)";
    return text + "1" + std::string(static_cast<std::size_t>(depth), '}');
  };
  CHECK_FALSE(headers_of(nested(16)).empty());
  CHECK(reason_for(nested(17)) == "headers are nested deeper than 16");
  // Each element takes two octets of JSON, and nine of a frame.
  std::string list = R"({"l":[1)";
  for (int element = 0; element < 15'000; ++element) list += ",1";
  CHECK(reason_for(list + "]}") == "headers take 135020 octets, 120000 are allowed");
  CHECK_FALSE(headers_of(R"({"s":")" + std::string(119'000, 's') + R"("})").empty());
  CHECK(reason_for(R"({"s":")" + std::string(120'000, 's') + R"("})") ==
        "headers take 120011 octets, 120000 are allowed");
}

TEST_CASE("texts that AMQP has 255 octets for are checked, each by its name") {
  const std::string long_text(256, 'x');
  const std::pair<std::string Row::*, std::string> columns[] = {
      {&Row::exchange, "exchange"},
      {&Row::routing_key, "routing_key"},
      {&Row::content_type, "content_type"},
      {&Row::type, "type"},
      {&Row::correlation_id, "correlation_id"},
  };
  for (const auto& [column, name] : columns) {
    Row row = make_row(1);
    row.*column = long_text;
    CHECK(to_message(row, "dedup").error().text == name + " has 256 octets, 255 are allowed");
    row.*column = long_text.substr(1);
    CHECK(to_message(row, "dedup").has_value());
  }
}

}  // namespace tern::outbox
