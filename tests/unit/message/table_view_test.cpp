// Views into encoded tables: finding a key, walking arrays, taking a key out.
#include "message/table_view.hpp"

#include <catch2/catch.hpp>

using namespace tern;
using namespace std::string_literals;

namespace {

std::string headers() {
  return encode_entries({{"n", std::int16_t{-3}},
                         {"inner", FieldTable{{"CC", "hidden"}}},
                         {"CC", FieldArray{{"one"s, "two"s}}},
                         {"BCC", FieldArray{{"three"s}}},
                         {"CC", "second"},
                         {"last", FieldValue()}});
}

}  // namespace

TEST_CASE("a key is found in an encoded table, the first one and not a nested one") {
  const std::string entries = headers();
  const TableView view(entries);
  const auto found = view.find("CC");
  REQUIRE(found.has_value());
  CHECK(found->tag == 'A');
  CHECK(found->type_name() == "array"s);
  CHECK_FALSE(found->text().has_value());
  CHECK(view.find("last")->tag == 'V');
  CHECK_FALSE(view.find("hidden").has_value());
  CHECK_FALSE(view.find("cc").has_value());
  CHECK_FALSE(TableView().find("CC").has_value());
}

TEST_CASE("array values come one after the other") {
  const std::string entries = headers();
  ArrayView array(TableView(entries).find("CC")->content);
  CHECK(array.next()->text() == "one");
  CHECK(array.next()->text() == "two");
  CHECK_FALSE(array.next().has_value());
}

TEST_CASE("a view gives integers of every width without decoding the table") {
  const std::vector<FieldValue> values = {std::int8_t{-5},          std::uint8_t{250},
                                          std::int16_t{-500},       std::uint16_t{65000},
                                          std::int32_t{-70000},     std::uint32_t{4000000000},
                                          std::int64_t{-5000000000}};
  for (const auto& value : values) {
    std::string encoded;
    append_value(encoded, value);
    ByteReader reader(encoded);
    const auto view = read_field(reader);
    REQUIRE(view.has_value());
    CHECK(view->integer() == value.integer());
    CHECK(*view->decode() == value);
  }
  const std::string no_number = encode_entries({{"t", true}});
  CHECK_FALSE(TableView(no_number).find("t")->integer().has_value());
}

TEST_CASE("a name is taken out of the entries wherever it stands, and nothing else changes") {
  const std::string without = entries_without(headers(), "CC");
  CHECK(without == encode_entries({{"n", std::int16_t{-3}},
                                   {"inner", FieldTable{{"CC", "hidden"}}},
                                   {"BCC", FieldArray{{"three"s}}},
                                   {"last", FieldValue()}}));
  CHECK(entries_without(headers(), "none") == headers());
}

TEST_CASE("a view over entries cut short ends early and reads nothing beyond") {
  const std::string entries = headers();
  for (std::size_t size = 0; size < entries.size(); ++size) {
    const std::vector<char> cut(entries.begin(), entries.begin() + static_cast<long>(size));
    TableView view(Bytes(cut.data(), cut.size()));
    int count = 0;
    while (view.next()) ++count;
    CHECK(count < 6);
    CHECK_FALSE(TableView(Bytes(cut.data(), cut.size())).find("last").has_value());
  }
}
