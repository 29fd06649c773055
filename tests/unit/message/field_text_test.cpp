// The notation of values in reply texts.
#include "message/field_text.hpp"

#include <catch2/catch.hpp>

using namespace tern;
using namespace std::string_literals;

TEST_CASE("bytes are shown as Erlang shows them") {
  CHECK(erlang_numbers("\0\0\5ab"s) == "<<0,0,5,97,98>>");
  CHECK(erlang_numbers("") == "<<>>");
  CHECK(erlang_binary("") == "<<>>");
  CHECK(erlang_binary("ab") == "<<\"ab\">>");
  CHECK(erlang_binary("a\"\n"s) == "<<\"a\\\"\\n\">>");
  CHECK(erlang_binary("\0\x14\0("s) == "<<0,20,0,40>>");
  CHECK(erlang_binary("a\xFF"s) == "<<97,255>>");
}

TEST_CASE("a field value is described with RabbitMQ's name of its type") {
  const auto describe = [](const FieldValue& value) { return describe_field(&value); };
  CHECK(describe(1000) == "the value '1000' of type 'signedint'");
  CHECK(describe(std::int64_t{-1}) == "the value '-1' of type 'long'");
  CHECK(describe(std::int8_t{3}) == "the value '3' of type 'byte'");
  CHECK(describe("lazy") == "the value 'lazy' of type 'longstr'");
  CHECK(describe(true) == "the value 'true' of type 'bool'");
  CHECK(describe_field(nullptr) == "none");
}

TEST_CASE("values without a plain text are shown as Erlang terms") {
  CHECK(field_text(FieldValue()) == "undefined");
  CHECK(field_text(1.0) == "1.0");
  CHECK(field_text(0.5F) == "0.5");
  CHECK(field_text(1e22) == "1.0e22");
  CHECK(field_text(FieldDecimal{2, 314}) == "{2,314}");
  CHECK(field_text(FieldTimestamp{7}) == "7");
  CHECK(field_text(FieldArray{{"a"s, 1}}) == "[{longstr,<<\"a\">>},{signedint,1}]");
  CHECK(field_text(FieldTable{{"k", false}}) == "[{<<\"k\">>,bool,false}]");
}
