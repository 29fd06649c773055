#include "message/table_view.hpp"

namespace tern {
namespace {

constexpr int with_length = -1;
constexpr int no_type = -2;

// Octets of a value's content by its tag.
constexpr int content_octets(char tag) noexcept {
  switch (tag) {
    case 'V':
      return 0;
    case 't':
    case 'b':
    case 'B':
      return 1;
    case 's':
    case 'u':
      return 2;
    case 'I':
    case 'i':
    case 'f':
      return 4;
    case 'D':
      return 5;
    case 'l':
    case 'L':
    case 'd':
    case 'T':
      return 8;
    case 'S':
    case 'x':
    case 'A':
    case 'F':
      return with_length;
    default:
      return no_type;
  }
}

}  // namespace

std::optional<FieldView> read_field(ByteReader& reader) noexcept {
  const char tag = static_cast<char>(reader.u8());
  if (reader.has_failed()) return std::nullopt;
  const int octets = content_octets(tag);
  if (octets == no_type) return std::nullopt;
  const Bytes content =
      octets == with_length ? reader.long_string() : reader.take(static_cast<std::size_t>(octets));
  if (reader.has_failed()) return std::nullopt;
  return FieldView{tag, content};
}

std::optional<std::int64_t> FieldView::integer() const noexcept {
  const char* octets = content.data();
  switch (tag) {
    case 'b':
      return static_cast<std::int8_t>(octets[0]);
    case 'B':
      return static_cast<std::uint8_t>(octets[0]);
    case 's':
      return static_cast<std::int16_t>(load_big_endian<std::uint16_t>(octets));
    case 'u':
      return load_big_endian<std::uint16_t>(octets);
    case 'I':
      return static_cast<std::int32_t>(load_big_endian<std::uint32_t>(octets));
    case 'i':
      return load_big_endian<std::uint32_t>(octets);
    case 'l':
    case 'L':
      return static_cast<std::int64_t>(load_big_endian<std::uint64_t>(octets));
    default:
      return std::nullopt;
  }
}

std::optional<TableView::Entry> TableView::next() noexcept {
  if (reader_.is_at_end()) return std::nullopt;
  const std::size_t start = reader_.used();
  const Bytes name = reader_.short_string();
  const auto value = read_field(reader_);
  if (!value) return std::nullopt;
  return Entry{name, *value, entries_.substr(start, reader_.used() - start)};
}

std::optional<FieldView> TableView::find(Bytes name) const noexcept {
  TableView scan(entries_);
  while (const auto entry = scan.next())
    if (entry->name == name) return entry->value;
  return std::nullopt;
}

std::string entries_without(Bytes entries, Bytes name) {
  std::string out;
  out.reserve(entries.size());
  TableView scan(entries);
  while (const auto entry = scan.next())
    if (entry->name != name) out.append(entry->encoded);
  return out;
}

}  // namespace tern
