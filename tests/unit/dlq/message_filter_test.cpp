// Message filters: what each term asks, and what is said of a text that is none.
#include <catch2/catch.hpp>

#include "dlq/message_filter.hpp"
#include "dlq/property_names.hpp"
#include "unit/dlq/dlq_builders.hpp"

using namespace tern;
using namespace tern::dlq;
using namespace tern::dlq::test;
using queue::LeaveReason;

namespace {

bool finds(std::string_view text, const Message& message) {
  INFO(text);
  const auto filter = MessageFilter::parse(text);
  REQUIRE(filter.has_value());
  return filter->matches(message);
}

std::string fault(std::string_view text) {
  const auto filter = MessageFilter::parse(text);
  return filter ? "none" : filter.error().text;
}

MessageRef order() {
  Made made{.exchange = "shop", .routing_key = "orders.new", .body = "a foo bar\nand 'more'"};
  made.properties.headers = FieldTable{
      {"order", 17}, {"text", "17"}, {"flag", true},         {"odd name", "a=b c"},
      {"half", 2.5}, {"empty", ""},  {"void", FieldValue{}}, {"when", FieldTimestamp{99}}};
  made.properties.message_id = "m-1";
  made.properties.priority = std::uint8_t{4};
  made.properties.timestamp = std::uint64_t{123};
  made.properties.delivery_mode = std::uint8_t{2};
  return make(made);
}

}  // namespace

TEST_CASE("a filter without terms finds everything") {
  CHECK(finds("", *order()));
  CHECK(finds("  \t\n", *make({})));
  CHECK(MessageFilter().is_empty());
  CHECK(MessageFilter::parse(" ")->is_empty());
  CHECK_FALSE(MessageFilter::parse("key:k")->is_empty());
}

TEST_CASE("headers are found by name and by how their value reads") {
  const MessageRef message = order();
  for (const char* yes : {"header:order", "header:order=17", "header:text=17", "header:flag=true",
                          "header:\"odd name\"=\"a=b c\"", "header:half=2.5", "header:empty=\"\"",
                          "header:void", "header:when=99", "header:\"order\"=\"17\""})
    CHECK(finds(yes, *message));
  for (const char* no : {"header:Order", "header:order=1", "header:order=170", "header:flag=1",
                         "header:\"odd name\"=a", "header:empty=x", "header:nothing",
                         "header:order=\"\"", "header:void=\"\""})
    CHECK_FALSE(finds(no, *message));
  CHECK_FALSE(finds("header:order", *make({})));
}

TEST_CASE("properties are found by name and value") {
  const MessageRef message = order();
  for (const char* yes : {"property:message_id", "property:message-id=m-1", "property:priority=4",
                          "property:timestamp=123", "property:delivery_mode=2", "property:headers"})
    CHECK(finds(yes, *message));
  for (const char* no : {"property:app_id", "property:message_id=m", "property:priority=0",
                         "property:app_id=\"\"", "property:timestamp=12"})
    CHECK_FALSE(finds(no, *message));
  // A number that is not there is not 0.
  CHECK_FALSE(finds("property:priority=0", *make({})));
}

TEST_CASE("names and body are found") {
  const MessageRef message = order();
  for (const char* yes : {"key:orders.new", "exchange:shop", "body:foo", "body:\"foo bar\"",
                          "body:'more'", "body:\"bar\nand\""})
    CHECK(finds(yes, *message));
  for (const char* no : {"key:orders", "key:\"\"", "exchange:shops", "body:Foo", "body:\"foo  b\""})
    CHECK_FALSE(finds(no, *message));
  CHECK(finds("exchange:\"\"", *make({})));
  Made quoted;
  quoted.body = R"(say "hi" \ bye)";
  CHECK(finds(R"(body:"say \"hi\" \\ bye")", *make(quoted)));
}

TEST_CASE("the newest death is found by reason and queue") {
  MessageRef message = make({});
  CHECK_FALSE(finds("reason:rejected", *message));
  CHECK_FALSE(finds("queue:a", *message));
  message = die(*message, LeaveReason::rejected, "a", at_second(1)).message;
  CHECK(finds("reason:rejected queue:a", *message));
  message = die(*message, LeaveReason::delivery_limit, "b", at_second(2)).message;
  CHECK(finds("reason:delivery_limit queue:b", *message));
  CHECK_FALSE(finds("reason:rejected", *message));
  CHECK_FALSE(finds("queue:a", *message));
  CHECK_FALSE(finds("reason:expired", *make_with({{"x-death", "expired"}})));
  const FieldValue no_table = text_like(FieldTable{{"reason", "expired"}});
  CHECK_FALSE(finds("reason:expired", *make_with({{"x-death", FieldArray{{no_table}}}})));
}

TEST_CASE("all terms must hold, and those with a minus must not") {
  const MessageRef message = order();
  CHECK(finds("header:order=17  key:orders.new\tbody:foo", *message));
  CHECK_FALSE(finds("header:order=17 key:other", *message));
  CHECK_FALSE(finds("key:other header:order=17", *message));
  CHECK(finds("-header:nothing -key:other header:order", *message));
  CHECK_FALSE(finds("-header:order", *message));
  CHECK(finds("-reason:expired", *message));
}

TEST_CASE("an error says where what was expected") {
  const std::string kinds =
      "expected header:, property:, key:, exchange:, body:, reason: or queue:, got ";
  CHECK(fault("foo") == "filter, column 1: " + kinds + "'foo'");
  CHECK(fault("key:a  foo:1 x") == "filter, column 8: " + kinds + "'foo:1'");
  CHECK(fault("-") == "filter, column 2: " + kinds + "the end");
  CHECK(fault(":") == "filter, column 1: " + kinds + "':'");
  CHECK(fault("Key:a") == "filter, column 1: " + kinds + "'Key:a'");
  CHECK(fault("header:") == "filter, column 8: expected the name of a header, got the end");
  CHECK(fault("header:=1") == "filter, column 8: expected the name of a header, got '=1'");
  CHECK(fault("header:a=") == "filter, column 10: expected a value for header, got the end");
  CHECK(fault("header:a= b") == "filter, column 10: expected a value for header, got ' '");
  CHECK(fault("key:") == "filter, column 5: expected a value for key, got the end");
  CHECK(fault("property:color=1") ==
        "filter, column 10: expected the name of a property, such as message_id, got 'color=1'");
  CHECK(fault("reason:died") ==
        "filter, column 8: expected rejected, expired, maxlen or delivery_limit, got 'died'");
  CHECK(fault("body:\"\"") == "filter, column 6: expected a text to look for, got '\"\"'");
  CHECK(fault("body:\"foo") == "filter, column 10: expected a closing quote, got the end");
  CHECK(fault("body:\"a\\n\"") == "filter, column 9: expected \\\" or \\\\, got 'n\"'");
  CHECK(fault("body:\"a\\") == "filter, column 9: expected \\\" or \\\\, got the end");
  CHECK(fault("key:\"a\"b") == "filter, column 8: expected a space after the term, got 'b'");
  CHECK(fault("key:a\"b\"") == "filter, column 6: expected a space after the term, got '\"b\"'");
  CHECK(fault("abcdefghijklmnopqrstuvwxyz") ==
        "filter, column 1: " + kinds + "'abcdefghijklmnopqrst...'");
}

TEST_CASE("filters are bounded") {
  std::string text;
  for (std::size_t i = 0; i < MessageFilter::terms_max; ++i) text += "key:k ";
  CHECK(fault(text) == "none");
  CHECK(fault(text + "key:k") == "filter, column 193: expected at most 32 terms, got 'key:k'");
  const std::string long_one(MessageFilter::text_bytes_max - 4, 'x');
  CHECK(fault("key:" + long_one) == "none");
  CHECK(fault("key:x" + long_one) == "filter: expected at most 4096 bytes, got 4097");
}

TEST_CASE("every property has a name") {
  for (std::size_t i = 0; i < property_count; ++i) {
    PropertiesView view;
    const auto property = static_cast<Property>(i);
    if (property == Property::delivery_mode)
      view.set_delivery_mode(1);
    else if (property == Property::priority)
      view.set_priority(1);
    else if (property == Property::timestamp)
      view.set_timestamp(1);
    else
      view.set(property, "");
    const std::string encoded = encode_properties(view);
    MessageParts parts{.names = Bytes("\0\0", 2), .properties = encoded, .body = ""};
    const MessageRef message = MessageRef::gather(parts);
    int found = 0;
    for (const char* name : {"content_type", "content-encoding", "headers", "delivery_mode",
                             "priority", "correlation-id", "reply_to", "expiration", "message_id",
                             "timestamp", "type", "user-id", "app_id", "cluster_id"}) {
      const bool is_this = find_property(name) == property;
      CHECK(finds(std::string("property:") + name, *message) == is_this);
      found += is_this ? 1 : 0;
    }
    CHECK(found == 1);
  }
}
