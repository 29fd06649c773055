// Fuzzes field tables: the three ways to read one agree, and a decoded one survives a round trip.
#include "message/field_table.hpp"
#include "message/field_text.hpp"
#include "message/table_view.hpp"

using namespace tern;

namespace {

void check_views(Bytes entries, const FieldTable& table) {
  TableView view(entries);
  for (const auto& [name, value] : table.entries()) {
    const auto entry = view.next();
    ensure(entry.has_value(), "view ended early");
    ensure(entry->name == name, "view shows another name");
    ensure(TableView(entries).find(name).has_value(), "name not found");
    if (value.is_integer()) ensure(entry->value.integer() == value.integer(), "other integer");
  }
  ensure(!view.next().has_value(), "view has too many entries");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes entries(reinterpret_cast<const char*>(data), size);
  const auto valid = validate_entries(entries);
  const auto table = decode_entries(entries);
  ensure(valid.has_value() == table.has_value(), "validate and decode disagree");
  static_cast<void>(TableView(entries).find("CC"));
  static_cast<void>(entries_without(entries, "BCC"));
  static_cast<void>(decode_table(entries));
  if (!table) {
    ensure(valid.error() == table.error(), "validate and decode give other reasons");
    return 0;
  }
  check_views(entries, *table);
  // Compared as octets: a NaN does not equal itself.
  const std::string encoded = encode_entries(*table);
  ensure(encoded.size() == entries.size(), "table encoded with another length");
  ensure(encode_entries(*decode_entries(encoded)) == encoded, "table changed by a round trip");
  for (const auto& entry : table->entries()) static_cast<void>(describe_field(&entry.value));
  return 0;
}
