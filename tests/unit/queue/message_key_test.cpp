// Keys and group names taken from messages.
#include "queue/message_key.hpp"

#include <catch2/catch.hpp>

namespace tern::queue::test {

namespace {
MessageRef with(const Properties& properties) {
  static const std::string names{"\0\1q", 3};
  const std::string encoded = encode_properties(properties);
  return MessageRef::gather({.names = names, .properties = encoded, .body = "x"});
}
MessageRef with_header(FieldValue value) {
  return with({.headers = FieldTable{{"key", std::move(value)}}, .message_id = "id"});
}
std::optional<std::string> key(const MessageKey& source, const MessageRef& message) {
  std::string memory;
  const auto text = source.of(*message, memory);
  return text ? std::optional(std::string(*text)) : std::nullopt;
}
}  // namespace

TEST_CASE("a key is a header's value as text, whatever its type") {
  const MessageKey source("key", std::nullopt);
  CHECK(key(source, with_header(std::string("abc"))) == "abc");
  CHECK(key(source, with_header(std::string())) == "");
  CHECK(key(source, with_header(std::int32_t{-5})) == "-5");
  CHECK(key(source, with_header(std::int64_t{1} << 60)) == "1152921504606846976");
  CHECK(key(source, with_header(true)) == "true");
  CHECK(key(source, with_header(2.5)) == "2.5");
  CHECK(key(source, with_header(FieldTimestamp{77})) == "77");
  CHECK(key(source, with_header(FieldDecimal{2, 314})) == "314e-2");
  CHECK(key(source, with_header(FieldBinary{std::string("\0z", 2)})) == std::string("\0z", 2));
}

TEST_CASE("nested values and nothing are no key") {
  const MessageKey source("key", std::nullopt);
  CHECK_FALSE(key(source, with_header(FieldTable{})));
  CHECK_FALSE(key(source, with_header(FieldArray{})));
  CHECK_FALSE(key(source, with({})));
  CHECK_FALSE(key(source, with({.headers = FieldTable{{"other", true}}})));
  CHECK_FALSE(key(MessageKey(), with_header(true)));
}

TEST_CASE("a property stands in for the header") {
  const MessageKey source("key", Property::message_id);
  CHECK(key(source, with_header(std::string("abc"))) == "abc");
  CHECK(key(source, with({.message_id = "m1"})) == "m1");
  CHECK(key(source, with_header(FieldArray{})) == "id");
  CHECK_FALSE(key(source, with({.correlation_id = "c1"})));
  CHECK(key(MessageKey("", Property::type), with({.type = "t"})) == "t");
}

TEST_CASE("properties go by their names in AMQP") {
  CHECK(text_property("message-id") == Property::message_id);
  CHECK(text_property("app-id") == Property::app_id);
  CHECK_FALSE(text_property("headers"));
  CHECK_FALSE(text_property("x-key"));
}

}  // namespace tern::queue::test
