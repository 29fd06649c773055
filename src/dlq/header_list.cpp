// Editing headers (header_list.hpp).
#include "dlq/header_list.hpp"

#include <algorithm>
#include <utility>

namespace tern::dlq {

void append_field(std::string& out, const FieldView& field) {
  out.push_back(field.tag);
  const bool has_length =
      field.tag == 'S' || field.tag == 'x' || field.tag == 'A' || field.tag == 'F';
  if (has_length) {
    append_long_string(out, field.content);
  } else {
    out.append(field.content);
  }
}

std::string encode_text(Bytes text) {
  return encode_nested('S', text);
}

std::string encode_long(std::int64_t number) {
  std::string out(1, 'l');
  append_number(out, static_cast<std::uint64_t>(number));
  return out;
}

std::string encode_timestamp(std::uint64_t seconds) {
  std::string out(1, 'T');
  append_number(out, seconds);
  return out;
}

std::string encode_nested(char tag, Bytes content) {
  std::string out(1, tag);
  append_long_string(out, content);
  return out;
}

HeaderList::HeaderList(Bytes entries) {
  TableView table(entries);
  while (const auto entry = table.next())
    items_.push_back({entry->name, entry->encoded.substr(1 + entry->name.size())});
}

std::optional<FieldView> HeaderList::find(Bytes name) const noexcept {
  for (const Item& item : items_) {
    if (item.name != name) continue;
    ByteReader reader(item.value);
    return read_field(reader);
  }
  return std::nullopt;
}

void HeaderList::set(Bytes name, std::string value) {
  const Bytes kept = made_.emplace_back(std::move(value));
  for (Item& item : items_) {
    if (item.name != name) continue;
    item.value = kept;
    return;
  }
  items_.push_back({name, kept});
}

void HeaderList::erase(Bytes name) {
  const auto gone = std::remove_if(items_.begin(), items_.end(),
                                   [&](const Item& item) { return item.name == name; });
  items_.erase(gone, items_.end());
}

std::string HeaderList::encode_sorted() {
  std::stable_sort(items_.begin(), items_.end(),
                   [](const Item& left, const Item& right) { return left.name < right.name; });
  std::string out;
  for (const Item& item : items_) {
    append_short_string(out, item.name);
    out.append(item.value);
  }
  return out;
}

}  // namespace tern::dlq
