#include "message/field_text.hpp"

#include <algorithm>
#include <charconv>

namespace tern {
namespace {

// The letter that follows a backslash in Erlang's notation of this octet, or 0.
char escape_letter(char octet) noexcept {
  switch (octet) {
    case '"':
      return '"';
    case '\\':
      return '\\';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    case '\v':
      return 'v';
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\x1B':
      return 'e';
    default:
      return 0;
  }
}

bool is_shown_as_text(char octet) noexcept {
  return (octet >= ' ' && octet <= '~') || escape_letter(octet) != 0;
}

std::string float_text(double number) {
  char digits[32];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), number).ptr;
  std::string text(std::begin(digits), end);
  // Erlang's floats always have a fraction: 1.0, 1.0e22.
  const bool is_finite = text.find_first_not_of("+-0123456789.e") == std::string::npos;
  if (is_finite && text.find('.') == std::string::npos)
    text.insert(std::min(text.find('e'), text.size()), ".0");
  std::erase(text, '+');
  return text;
}

// A value inside a list, where strings stand as binaries.
std::string nested_text(const FieldValue& value) {
  if (const auto* text = value.as<std::string>()) return erlang_binary(*text);
  if (const auto* binary = value.as<FieldBinary>()) return erlang_binary(binary->bytes);
  return field_text(value);
}

std::string list_text(const FieldArray& array) {
  std::string text = "[";
  for (const auto& item : array.values) {
    if (text.size() > 1) text += ',';
    text += std::string("{") + item.type_name() + ',' + nested_text(item) + '}';
  }
  return text + ']';
}

std::string list_text(const FieldTable& table) {
  std::string text = "[";
  for (const auto& [name, value] : table.entries()) {
    if (text.size() > 1) text += ',';
    text += '{' + erlang_binary(name) + ',' + value.type_name() + ',' + nested_text(value) + '}';
  }
  return text + ']';
}

}  // namespace

std::string erlang_numbers(Bytes bytes) {
  std::string text = "<<";
  for (const char octet : bytes) {
    if (text.size() > 2) text += ',';
    text += std::to_string(static_cast<std::uint8_t>(octet));
  }
  return text + ">>";
}

std::string erlang_binary(Bytes bytes) {
  if (bytes.empty() || !std::all_of(bytes.begin(), bytes.end(), is_shown_as_text))
    return erlang_numbers(bytes);
  std::string text = "<<\"";
  for (const char octet : bytes) {
    const char letter = escape_letter(octet);
    if (letter != 0) text += '\\';
    text += letter != 0 ? letter : octet;
  }
  return text + "\">>";
}

std::string field_text(const FieldValue& value) {
  if (value.is_integer()) return std::to_string(value.integer());
  if (const auto* flag = value.as<bool>()) return *flag ? "true" : "false";
  if (const auto* text = value.as<std::string>()) return *text;
  if (const auto* binary = value.as<FieldBinary>()) return binary->bytes;
  if (const auto* number = value.as<float>()) return float_text(static_cast<double>(*number));
  if (const auto* number = value.as<double>()) return float_text(*number);
  if (const auto* time = value.as<FieldTimestamp>()) return std::to_string(time->seconds);
  if (const auto* decimal = value.as<FieldDecimal>())
    return '{' + std::to_string(decimal->scale) + ',' + std::to_string(decimal->value) + '}';
  if (const auto* array = value.as<FieldArray>()) return list_text(*array);
  if (const auto* table = value.as<FieldTable>()) return list_text(*table);
  return "undefined";
}

std::string describe_field(const FieldValue* value) {
  if (value == nullptr) return "none";
  return "the value '" + field_text(*value) + "' of type '" + value->type_name() + "'";
}

}  // namespace tern
