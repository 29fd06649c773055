// Field tables: RabbitMQ's tags byte for byte, hostile input, and argument comparison.
#include "message/field_table.hpp"

#include <catch2/catch.hpp>
#include <limits>

using namespace tern;
using namespace std::string_literals;

namespace {

// One entry of every type, with the octets that RabbitMQ writes for it.
struct Sample {
  FieldValue value;
  std::string encoded;
  const char* type_name;
};

std::vector<Sample> samples() {
  return {
      {FieldValue(), "V", "void"},
      {true, "t\x01"s, "bool"},
      {false, "t\x00"s, "bool"},
      {std::int8_t{-2}, "b\xFE"s, "byte"},
      {std::uint8_t{254}, "B\xFE"s, "unsignedbyte"},
      {std::int16_t{-2}, "s\xFF\xFE"s, "short"},
      {std::uint16_t{65534}, "u\xFF\xFE"s, "unsignedshort"},
      {std::int32_t{-1000}, "I\xFF\xFF\xFC\x18"s, "signedint"},
      {std::uint32_t{4294966296}, "i\xFF\xFF\xFC\x18"s, "unsignedint"},
      {std::int64_t{-2}, "l\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFE"s, "long"},
      {1.5F, "f\x3F\xC0\x00\x00"s, "float"},
      {-2.0, "d\xC0\x00\x00\x00\x00\x00\x00\x00"s, "double"},
      {FieldDecimal{2, 31415}, "D\x02\x00\x00\x7A\xB7"s, "decimal"},
      {"ab"s, "S\x00\x00\x00\x02"s + "ab", "longstr"},
      {FieldBinary{"\x00\xFF"s}, "x\x00\x00\x00\x02\x00\xFF"s, "binary"},
      {FieldTimestamp{1}, "T\x00\x00\x00\x00\x00\x00\x00\x01"s, "timestamp"},
      {FieldArray{{true, "x"s}}, "A\x00\x00\x00\x08t\x01S\x00\x00\x00\x01x"s, "array"},
      {FieldTable{{"k", true}}, "F\x00\x00\x00\x04\x01kt\x01"s, "table"},
  };
}

FieldTable all_types() {
  FieldTable table;
  for (const auto& sample : samples()) table.add(sample.type_name, sample.value);
  return table;
}

std::string nested_tables(int depth) {
  std::string entries;
  for (int i = 1; i < depth; ++i) {
    std::string outer;
    append_short_string(outer, "t");
    outer.push_back('F');
    append_long_string(outer, entries);
    entries = outer;
  }
  return entries;
}

std::string nested_arrays(int depth) {
  std::string values;
  for (int i = 2; i < depth; ++i) {
    std::string outer = "A";
    append_long_string(outer, values);
    values = outer;
  }
  std::string entries = "\x01"s + "aA";
  append_long_string(entries, values);
  return entries;
}

}  // namespace

TEST_CASE("every field type has RabbitMQ's tag and octets") {
  for (const auto& sample : samples()) {
    INFO(sample.type_name);
    std::string encoded;
    append_value(encoded, sample.value);
    CHECK(encoded == sample.encoded);
    CHECK(sample.value.type_name() == std::string(sample.type_name));
    const auto decoded = decode_entries("\x01n"s + sample.encoded);
    REQUIRE(decoded.has_value());
    REQUIRE(decoded->size() == 1);
    CHECK(decoded->entries()[0].name == "n");
    CHECK(decoded->entries()[0].value == sample.value);
  }
}

TEST_CASE("L is read as a signed 64-bit integer and written as l") {
  const auto decoded = decode_entries("\x01nL\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s);
  REQUIRE(decoded.has_value());
  CHECK(*decoded->find("n") == FieldValue(std::int64_t{-1}));
  CHECK(encode_entries(*decoded) == "\x01nl\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s);
}

TEST_CASE("any octet but 0 is true") {
  const auto decoded = decode_entries("\x01nt\x05"s);
  REQUIRE(decoded.has_value());
  CHECK(*decoded->find("n") == FieldValue(true));
}

TEST_CASE("a table of all types survives a round trip and says how many bytes it used") {
  const FieldTable table = all_types();
  std::string encoded;
  append_table(encoded, table);
  const auto decoded = decode_table(encoded + "rest");
  REQUIRE(decoded.has_value());
  CHECK(decoded->table == table);
  CHECK(decoded->bytes_used == encoded.size());
}

TEST_CASE("a table cut short anywhere is an error") {
  std::string encoded;
  append_table(encoded, all_types());
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    INFO(size);
    // In a buffer of its own, so that a sanitizer sees a read past its end.
    const std::vector<char> cut(encoded.begin(), encoded.begin() + static_cast<long>(size));
    CHECK(decode_table({cut.data(), cut.size()}).error() == DecodeError::truncated);
  }
}

TEST_CASE("entries cut short decode only at the boundary of an entry") {
  const FieldTable table = all_types();
  const std::string entries = encode_entries(table);
  std::size_t accepted = 0;
  for (std::size_t size = 0; size < entries.size(); ++size) {
    const std::vector<char> cut(entries.begin(), entries.begin() + static_cast<long>(size));
    const Bytes bytes(cut.data(), cut.size());
    const bool is_valid = validate_entries(bytes).has_value();
    CHECK(decode_entries(bytes).has_value() == is_valid);
    accepted += is_valid ? 1 : 0;
  }
  CHECK(accepted == table.size());
}

TEST_CASE("malformed tables are refused with the reason") {
  CHECK(validate_entries("\x01nZ"s).error() == DecodeError::unknown_type);
  CHECK(validate_entries("\x01n"s).error() == DecodeError::truncated);
  CHECK(validate_entries("\x05n"s).error() == DecodeError::truncated);
  CHECK(validate_entries("\x01nS\xFF\xFF\xFF\xFFx"s).error() == DecodeError::truncated);
  CHECK(validate_entries("\x01nA\x00\x00\x00\x01Z"s).error() == DecodeError::unknown_type);
  CHECK(validate_entries("\x01nF\x00\x00\x00\x03\x01nZ"s).error() == DecodeError::unknown_type);
  CHECK(decode_entries("\x01nA\x00\x00\x00\x01Z"s).error() == DecodeError::unknown_type);
  CHECK(decode_table("\xFF\xFF\xFF\xFF"s).error() == DecodeError::truncated);
}

TEST_CASE("nesting is limited, for tables and arrays alike") {
  for (const auto& build : {nested_tables, nested_arrays}) {
    const std::string deepest = build(field_depth_max);
    const std::string deeper = build(field_depth_max + 1);
    CHECK(validate_entries(deepest).has_value());
    CHECK(decode_entries(deepest).has_value());
    CHECK(validate_entries(deeper).error() == DecodeError::too_deep);
    CHECK(decode_entries(deeper).error() == DecodeError::too_deep);
    CHECK(validate_entries(build(3000)).error() == DecodeError::too_deep);
  }
}

TEST_CASE("the first of two equal names counts") {
  FieldTable table{{"a", 1}, {"a", 2}, {"b", 3}};
  CHECK(*table.find("a") == FieldValue(1));
  CHECK(table.find("c") == nullptr);
  table.set("b", "new");
  CHECK(*table.find("b") == FieldValue("new"s));
  table.set("c", true);
  CHECK(table.size() == 4);
  table.erase("a");
  CHECK(table.find("a") == nullptr);
  CHECK(table.size() == 2);
}

TEST_CASE("arguments compare by value within a family of types") {
  CHECK(is_equivalent(std::int32_t{5}, std::int64_t{5}));
  CHECK(is_equivalent(std::uint8_t{5}, std::int16_t{5}));
  CHECK(is_equivalent(1.5F, 1.5));
  CHECK_FALSE(is_equivalent(std::int32_t{5}, std::int64_t{6}));
  CHECK_FALSE(is_equivalent(std::int32_t{1}, true));
  CHECK_FALSE(is_equivalent(std::int32_t{1}, "1"s));
  CHECK_FALSE(is_equivalent(std::int32_t{1}, 1.0));
  CHECK_FALSE(is_equivalent("a"s, FieldBinary{"a"}));
  CHECK_FALSE(is_equivalent(std::uint32_t{0xFFFFFFFF}, std::int32_t{-1}));
  // Exactly the same type is asked for inside of arrays and tables.
  CHECK_FALSE(FieldValue(std::int32_t{5}) == FieldValue(std::int64_t{5}));
  CHECK_FALSE(is_equivalent(FieldArray{{std::int32_t{5}}}, FieldArray{{std::int64_t{5}}}));
  CHECK(is_equivalent(FieldArray{{std::int32_t{5}}}, FieldArray{{std::int32_t{5}}}));
}

TEST_CASE("integers of any width are read as int64") {
  CHECK(FieldValue(std::uint32_t{4294967295}).integer() == 4294967295);
  CHECK(FieldValue(std::int8_t{-128}).integer() == -128);
  CHECK(FieldValue(std::numeric_limits<std::int64_t>::min()).integer() ==
        std::numeric_limits<std::int64_t>::min());
  CHECK_FALSE(FieldValue(true).is_integer());
  CHECK_FALSE(FieldValue("5"s).is_integer());
}
