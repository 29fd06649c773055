#include "message/field_table.hpp"

#include <bit>

#include "message/table_view.hpp"

namespace tern {
namespace {

// Tag and name of each type, in the order of FieldValue::Variant.
struct TypeInfo {
  char tag;
  const char* name;
};
constexpr TypeInfo types[] = {
    {'V', "void"},    {'t', "bool"},          {'b', "byte"},      {'B', "unsignedbyte"},
    {'s', "short"},   {'u', "unsignedshort"}, {'I', "signedint"}, {'i', "unsignedint"},
    {'l', "long"},    {'f', "float"},         {'d', "double"},    {'D', "decimal"},
    {'S', "longstr"}, {'x', "binary"},        {'T', "timestamp"}, {'A', "array"},
    {'F', "table"},
};
static_assert(std::size(types) == std::variant_size_v<FieldValue::Variant>);

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

// Reads the fixed-size octets of a view as the unsigned type of that size.
template <class T>
T load(const FieldView& view) noexcept {
  ensure(view.content.size() == sizeof(T), "field view of the wrong size");
  return load_big_endian<T>(view.content.data());
}

bool is_floating(const FieldValue& value) noexcept {
  return value.as<float>() != nullptr || value.as<double>() != nullptr;
}

double floating(const FieldValue& value) noexcept {
  const float* narrow = value.as<float>();
  return narrow != nullptr ? static_cast<double>(*narrow) : *value.as<double>();
}

Decoded<void> validate_field(const FieldView& field, int depth_left) noexcept;

Decoded<void> validate_array(Bytes values, int depth_left) noexcept {
  if (depth_left <= 0) return DecodeError::too_deep;
  ByteReader reader(values);
  while (!reader.is_at_end()) {
    const auto field = read_field(reader);
    if (!field) return reader.has_failed() ? DecodeError::truncated : DecodeError::unknown_type;
    if (const auto valid = validate_field(*field, depth_left - 1); !valid) return valid;
  }
  return {};
}

Decoded<void> validate_field(const FieldView& field, int depth_left) noexcept {
  if (field.tag == 'F') return validate_entries(field.content, depth_left);
  if (field.tag == 'A') return validate_array(field.content, depth_left);
  return {};
}

Decoded<FieldArray> decode_array(Bytes values, int depth_left) {
  if (depth_left <= 0) return DecodeError::too_deep;
  FieldArray array;
  ByteReader reader(values);
  while (!reader.is_at_end()) {
    const auto field = read_field(reader);
    if (!field) return reader.has_failed() ? DecodeError::truncated : DecodeError::unknown_type;
    auto value = field->decode(depth_left - 1);
    if (!value) return value.error();
    array.values.push_back(std::move(*value));
  }
  return array;
}

// Fills in the length of what was appended behind a placeholder of four octets.
void finish_length(std::string& out, std::size_t placeholder) {
  const std::size_t bytes = out.size() - placeholder - 4;
  ensure(bytes <= 0xFFFFFFFFU, "table too long");
  store_big_endian(out.data() + placeholder, static_cast<std::uint32_t>(bytes));
}

}  // namespace

bool operator==(const FieldArray& left, const FieldArray& right) {
  return left.values == right.values;
}

bool operator==(const FieldTable& left, const FieldTable& right) {
  return left.entries_ == right.entries_;
}

FieldTable::FieldTable() noexcept = default;
FieldTable::FieldTable(const FieldTable&) = default;
FieldTable::FieldTable(FieldTable&&) noexcept = default;
FieldTable& FieldTable::operator=(const FieldTable&) = default;
FieldTable& FieldTable::operator=(FieldTable&&) noexcept = default;
FieldTable::~FieldTable() = default;

FieldTable::FieldTable(std::initializer_list<FieldEntry> entries) : entries_(entries) {}

const FieldValue* FieldTable::find(std::string_view name) const noexcept {
  for (const auto& entry : entries_)
    if (entry.name == name) return &entry.value;
  return nullptr;
}

void FieldTable::add(std::string name, FieldValue value) {
  entries_.push_back({std::move(name), std::move(value)});
}

void FieldTable::set(std::string name, FieldValue value) {
  for (auto& entry : entries_) {
    if (entry.name != name) continue;
    entry.value = std::move(value);
    return;
  }
  add(std::move(name), std::move(value));
}

void FieldTable::erase(std::string_view name) {
  std::erase_if(entries_, [name](const FieldEntry& entry) { return entry.name == name; });
}

bool FieldValue::is_integer() const noexcept {
  return std::visit([]<class T>(const T&) { return std::integral<T> && !std::same_as<T, bool>; },
                    value);
}

std::int64_t FieldValue::integer() const noexcept {
  ensure(is_integer(), "field is not an integer");
  return std::visit(
      []<class T>(const T& number) -> std::int64_t {
        if constexpr (std::integral<T>) return number;
        return 0;
      },
      value);
}

const char* FieldValue::type_name() const noexcept {
  return types[value.index()].name;
}

bool is_equivalent(const FieldValue& left, const FieldValue& right) noexcept {
  if (left.is_integer() && right.is_integer()) return left.integer() == right.integer();
  if (is_floating(left) && is_floating(right)) return floating(left) == floating(right);
  return left == right;
}

Decoded<void> validate_entries(Bytes entries, int depth_max) noexcept {
  if (depth_max <= 0) return DecodeError::too_deep;
  ByteReader reader(entries);
  while (!reader.is_at_end()) {
    static_cast<void>(reader.short_string());
    const auto field = read_field(reader);
    if (!field) return reader.has_failed() ? DecodeError::truncated : DecodeError::unknown_type;
    if (const auto valid = validate_field(*field, depth_max - 1); !valid) return valid;
  }
  return {};
}

Decoded<FieldTable> decode_entries(Bytes entries, int depth_max) {
  if (depth_max <= 0) return DecodeError::too_deep;
  FieldTable table;
  ByteReader reader(entries);
  while (!reader.is_at_end()) {
    const Bytes name = reader.short_string();
    const auto field = read_field(reader);
    if (!field) return reader.has_failed() ? DecodeError::truncated : DecodeError::unknown_type;
    auto value = field->decode(depth_max - 1);
    if (!value) return value.error();
    table.add(std::string(name), std::move(*value));
  }
  return table;
}

Decoded<DecodedTable> decode_table(Bytes encoded, int depth_max) {
  ByteReader reader(encoded);
  const Bytes entries = reader.long_string();
  if (reader.has_failed()) return DecodeError::truncated;
  auto table = decode_entries(entries, depth_max);
  if (!table) return table.error();
  return DecodedTable{std::move(*table), reader.used()};
}

Decoded<FieldValue> FieldView::decode(int depth_max) const {
  switch (tag) {
    case 'V':
      return FieldValue();
    case 't':
      return FieldValue(load<std::uint8_t>(*this) != 0);
    case 'b':
      return FieldValue(static_cast<std::int8_t>(load<std::uint8_t>(*this)));
    case 'B':
      return FieldValue(load<std::uint8_t>(*this));
    case 's':
      return FieldValue(static_cast<std::int16_t>(load<std::uint16_t>(*this)));
    case 'u':
      return FieldValue(load<std::uint16_t>(*this));
    case 'I':
      return FieldValue(static_cast<std::int32_t>(load<std::uint32_t>(*this)));
    case 'i':
      return FieldValue(load<std::uint32_t>(*this));
    case 'l':
    case 'L':
      return FieldValue(static_cast<std::int64_t>(load<std::uint64_t>(*this)));
    case 'f':
      return FieldValue(std::bit_cast<float>(load<std::uint32_t>(*this)));
    case 'd':
      return FieldValue(std::bit_cast<double>(load<std::uint64_t>(*this)));
    case 'D':
      return FieldValue(FieldDecimal{static_cast<std::uint8_t>(content[0]),
                                     load_big_endian<std::uint32_t>(content.data() + 1)});
    case 'T':
      return FieldValue(FieldTimestamp{load<std::uint64_t>(*this)});
    case 'S':
      return FieldValue(std::string(content));
    case 'x':
      return FieldValue(FieldBinary{std::string(content)});
    case 'A': {
      auto array = decode_array(content, depth_max);
      if (!array) return array.error();
      return FieldValue(std::move(*array));
    }
    case 'F': {
      auto table = decode_entries(content, depth_max);
      if (!table) return table.error();
      return FieldValue(std::move(*table));
    }
    default:
      return DecodeError::unknown_type;
  }
}

const char* FieldView::type_name() const noexcept {
  const char canonical = tag == 'L' ? 'l' : tag;
  for (const auto& type : types)
    if (type.tag == canonical) return type.name;
  return "unknown";
}

void append_value(std::string& out, const FieldValue& value) {
  out.push_back(types[value.value.index()].tag);
  std::visit(Overloaded{
                 [](std::monostate) {},
                 [&](bool flag) { out.push_back(flag ? '\1' : '\0'); },
                 [&]<std::integral T>(T number) {
                   append_number(out, static_cast<std::make_unsigned_t<T>>(number));
                 },
                 [&](float number) { append_number(out, std::bit_cast<std::uint32_t>(number)); },
                 [&](double number) { append_number(out, std::bit_cast<std::uint64_t>(number)); },
                 [&](const FieldDecimal& decimal) {
                   append_number(out, decimal.scale);
                   append_number(out, decimal.value);
                 },
                 [&](const FieldTimestamp& time) { append_number(out, time.seconds); },
                 [&](const std::string& text) { append_long_string(out, text); },
                 [&](const FieldBinary& binary) { append_long_string(out, binary.bytes); },
                 [&](const FieldArray& array) {
                   const std::size_t placeholder = out.size();
                   out.append(4, '\0');
                   for (const auto& item : array.values) append_value(out, item);
                   finish_length(out, placeholder);
                 },
                 [&](const FieldTable& table) { append_table(out, table); },
             },
             value.value);
}

void append_entries(std::string& out, const FieldTable& table) {
  for (const auto& entry : table.entries()) {
    append_short_string(out, entry.name);
    append_value(out, entry.value);
  }
}

void append_table(std::string& out, const FieldTable& table) {
  const std::size_t placeholder = out.size();
  out.append(4, '\0');
  append_entries(out, table);
  finish_length(out, placeholder);
}

std::string encode_entries(const FieldTable& table) {
  std::string out;
  append_entries(out, table);
  return out;
}

}  // namespace tern
