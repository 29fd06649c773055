// Message properties: known octets, editing, hostile input.
#include "message/properties.hpp"

#include <catch2/catch.hpp>

#include "message/table_view.hpp"

using namespace tern;
using namespace std::string_literals;

namespace {

Properties all_properties() {
  Properties properties;
  properties.content_type = "text/plain";
  properties.content_encoding = "gzip";
  properties.headers = FieldTable{{"BCC", FieldArray{{"b"s}}}, {"n", 7}};
  properties.delivery_mode = std::uint8_t{2};
  properties.priority = std::uint8_t{9};
  properties.correlation_id = "c";
  properties.reply_to = "amq.rabbitmq.reply-to";
  properties.expiration = "60000";
  properties.message_id = "m";
  properties.timestamp = 1700000000;
  properties.type = "t";
  properties.user_id = "guest";
  properties.app_id = "a";
  properties.cluster_id = "";
  return properties;
}

}  // namespace

TEST_CASE("properties have the octets of the specification") {
  Properties properties;
  properties.content_type = "ab";
  properties.delivery_mode = std::uint8_t{2};
  properties.priority = std::uint8_t{1};
  properties.timestamp = 258;
  CHECK(encode_properties(properties) ==
        "\x98\x40\x02"
        "ab\x02\x01\x00\x00\x00\x00\x00\x00\x01\x02"s);
  CHECK(encode_properties(Properties{}) == no_properties);
}

TEST_CASE("each property has its own flag, in the order of the specification") {
  for (unsigned i = 0; i < property_count; ++i) {
    std::string encoded;
    append_number(encoded, static_cast<std::uint16_t>(0x8000U >> i));
    const auto property = static_cast<Property>(i);
    switch (property) {
      case Property::headers:
        encoded += "\0\0\0\0"s;
        break;
      case Property::delivery_mode:
      case Property::priority:
        encoded += "\x01";
        break;
      case Property::timestamp:
        encoded += "\0\0\0\0\0\0\0\x01"s;
        break;
      default:
        encoded += "\x01x";
        break;
    }
    const auto view = PropertiesView::decode(encoded);
    REQUIRE(view.has_value());
    for (unsigned other = 0; other < property_count; ++other)
      CHECK(view->has(static_cast<Property>(other)) == (other == i));
    CHECK(encode_properties(*view) == encoded);
  }
}

TEST_CASE("all properties survive a round trip") {
  const std::string encoded = encode_properties(all_properties());
  const auto view = PropertiesView::decode(encoded);
  REQUIRE(view.has_value());
  CHECK(view->is_persistent());
  CHECK(view->priority() == 9);
  CHECK(view->timestamp() == 1700000000);
  CHECK(view->get(Property::expiration) == "60000");
  CHECK(view->get(Property::user_id) == "guest");
  CHECK(view->has(Property::cluster_id));
  CHECK(TableView(view->headers()).find("n")->integer() == 7);
  CHECK(*to_properties(*view) == all_properties());
  CHECK(encode_properties(*view) == encoded);
}

TEST_CASE("properties are edited through a view") {
  const std::string encoded = encode_properties(all_properties());
  auto view = *PropertiesView::decode(encoded);
  const std::string headers = entries_without(view.headers(), "BCC");
  view.set(Property::headers, headers);
  view.set(Property::reply_to, "amq.rabbitmq.reply-to.token");
  view.clear(Property::expiration);
  view.clear(Property::priority);
  view.set_timestamp(5);

  Properties expected = all_properties();
  expected.headers = FieldTable{{"n", 7}};
  expected.reply_to = "amq.rabbitmq.reply-to.token";
  expected.expiration.reset();
  expected.priority.reset();
  expected.timestamp = 5;
  CHECK(encode_properties(view) == encode_properties(expected));
  CHECK(view.priority() == 0);
}

TEST_CASE("properties cut short anywhere, or with bytes left over, are refused") {
  const std::string encoded = encode_properties(all_properties());
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    INFO(size);
    const std::vector<char> cut(encoded.begin(), encoded.begin() + static_cast<long>(size));
    const Bytes bytes(cut.data(), cut.size());
    CHECK(PropertiesView::decode(bytes).error() == DecodeError::truncated);
    CHECK(PropertiesView::decode(bytes, PropertiesView::Headers::trust).has_error());
  }
  CHECK(PropertiesView::decode(encoded + "x").error() == DecodeError::trailing_bytes);
}

TEST_CASE("a broken headers table is refused unless it was checked before") {
  const std::string encoded = "\x20\x00\x00\x00\x00\x03\x01kZ"s;
  CHECK(PropertiesView::decode(encoded).error() == DecodeError::unknown_type);
  CHECK(PropertiesView::decode(encoded, PropertiesView::Headers::trust).has_value());
}

TEST_CASE("further flag words are read, and may announce nothing") {
  CHECK(PropertiesView::decode("\x80\x01\x00\x00\x01x"s)->get(Property::content_type) == "x");
  CHECK(PropertiesView::decode("\x80\x01\x00\x01\x00\x00\x01x"s).has_value());
  CHECK(PropertiesView::decode("\x80\x01\x80\x00\x01x\x01y"s).error() == DecodeError::unknown_flag);
  CHECK(PropertiesView::decode("\x00\x01"s).error() == DecodeError::truncated);
  // The unassigned bit is passed over, as RabbitMQ does.
  CHECK(PropertiesView::decode("\x00\x02"s).has_value());
}
