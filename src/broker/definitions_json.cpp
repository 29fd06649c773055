#include "broker/definitions_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "broker/definitions.hpp"

namespace tern::broker {
namespace {

constexpr std::size_t errors_max = 50;
constexpr std::size_t warnings_max = 200;
constexpr std::size_t shown_bytes_max = 60;

bool is_plain_key(std::string_view key) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  return !key.empty() && std::all_of(key.begin(), key.end(), is_plain);
}

std::string dump(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

FieldArray array_from_json(const Json& array, const std::string& path, Findings& findings) {
  FieldArray result;
  result.values.reserve(array.size());
  for (std::size_t index = 0; index < array.size(); ++index)
    result.values.push_back(
        field_from_json(array[index], fmt::format("{}[{}]", path, index), findings));
  return result;
}

// RabbitMQ 3.x exports what its command line set as [["max-length", 5], …], operator policies above
// all. Nothing if it is not that.
std::optional<FieldTable> table_from_pairs(const Json& array, const std::string& path,
                                           Findings& findings) {
  FieldTable table;
  for (const Json& pair : array) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string()) return std::nullopt;
    const auto& name = pair[0].get_ref<const std::string&>();
    if (name.size() > name_bytes_max || table.find(name) != nullptr) return std::nullopt;
    table.add(name, field_from_json(pair[1], child_path(path, name), findings));
  }
  return table;
}

Json field_to_json(const FieldValue& value);

struct ToJson {
  Json operator()(std::monostate) const { return nullptr; }
  Json operator()(const FieldDecimal& decimal) const {
    double number = decimal.value;
    for (std::uint8_t digit = 0; digit < decimal.scale; ++digit) number /= 10;
    return number;
  }
  Json operator()(const FieldBinary& binary) const { return binary.bytes; }
  Json operator()(const FieldTimestamp& time) const { return time.seconds; }
  Json operator()(const FieldArray& array) const {
    Json result = Json::array();
    for (const FieldValue& value : array.values) result.push_back(field_to_json(value));
    return result;
  }
  Json operator()(const FieldTable& table) const { return table_to_json(table); }
  template <class T>
  Json operator()(const T& plain) const {
    return plain;
  }
};

Json field_to_json(const FieldValue& value) {
  return std::visit(ToJson{}, value.value);
}

}  // namespace

void Findings::error(std::string_view path, std::string_view text) {
  if (errors_.size() == errors_max) {
    ++errors_left_out_;
    return;
  }
  errors_.push_back(fmt::format("{}: {}: {}", file_, path, text));
}

void Findings::warning(std::string_view path, std::string_view text) {
  if (warnings_.size() == warnings_max) return;
  warnings_.push_back(fmt::format("{}: {}: {}", file_, path, text));
}

void Findings::mismatch(std::string_view path, std::string_view expected, const Json& found) {
  error(path, fmt::format("expected {}, found {}", expected, shown(found)));
}

std::string Findings::error_text() const {
  std::string text = fmt::format("{}", fmt::join(errors_, "\n"));
  if (errors_left_out_ > 0)
    text += fmt::format("\n{}: and {} more errors", file_, errors_left_out_);
  return text;
}

std::string shown(const Json& value) {
  if (value.is_structured() && value.size() > 16) return value.is_array() ? "a list" : "an object";
  std::string text = dump(value);
  if (text.size() <= shown_bytes_max) return text;
  std::size_t cut = shown_bytes_max;
  // Not in the middle of a character.
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) --cut;
  text.resize(cut);
  return text + "...";
}

std::string child_path(std::string_view path, std::string_view key) {
  if (is_plain_key(key)) return fmt::format("{}.{}", path, key);
  return fmt::format("{}[{}]", path, dump(Json(std::string(key))));
}

FieldValue field_from_json(const Json& value, const std::string& path, Findings& findings) {
  switch (value.type()) {
    case Json::value_t::boolean:
      return value.get<bool>();
    case Json::value_t::number_integer:
      return value.get<std::int64_t>();
    case Json::value_t::number_unsigned:
      if (value.get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max())
        return value.get<std::int64_t>();
      findings.mismatch(path, "an integer of at most 64 bits", value);
      return {};
    case Json::value_t::number_float:
      return value.get<double>();
    case Json::value_t::string:
      return value.get<std::string>();
    case Json::value_t::array:
      return array_from_json(value, path, findings);
    case Json::value_t::object:
      return table_from_json(value, path, findings);
    default:
      return {};
  }
}

FieldTable table_from_json(const Json& object, const std::string& path, Findings& findings) {
  FieldTable table;
  for (const auto& [key, value] : object.items()) {
    const std::string at = child_path(path, key);
    if (key.size() > name_bytes_max) {
      findings.error(at, "expected a name of at most 255 bytes");
      continue;
    }
    table.add(key, field_from_json(value, at, findings));
  }
  return table;
}

Json table_to_json(const FieldTable& table) {
  Json object = Json::object();
  for (const FieldEntry& entry : table.entries()) {
    // Of two values with one name the first counts.
    if (!object.contains(entry.name)) object[entry.name] = field_to_json(entry.value);
  }
  return object;
}

JsonObject::JsonObject(const Json& value, std::string path, Findings& findings)
    : value_(value), path_(std::move(path)), findings_(findings) {}

const Json* JsonObject::find(std::string_view key) {
  asked_.push_back(key);
  const auto found = value_.find(key);
  return found == value_.end() || found->is_null() ? nullptr : &*found;
}

bool JsonObject::has(std::string_view key) {
  return find(key) != nullptr;
}

std::string JsonObject::name(std::string_view key, bool may_be_empty) {
  constexpr std::string_view expected = "a string of 1 to 255 bytes";
  constexpr std::string_view or_empty = "a string of at most 255 bytes";
  const Json* value = find(key);
  if (value == nullptr) {
    findings_.error(path_, fmt::format("expected the key \"{}\", which is missing", key));
    return {};
  }
  const auto* text = value->get_ptr<const std::string*>();
  if (text == nullptr || text->size() > name_bytes_max || (text->empty() && !may_be_empty)) {
    mismatch(key, may_be_empty ? or_empty : expected);
    return {};
  }
  return *text;
}

std::string JsonObject::text(std::string_view key) {
  if (!has(key)) {
    findings_.error(path_, fmt::format("expected the key \"{}\", which is missing", key));
    return {};
  }
  return text(key, "");
}

std::string JsonObject::text(std::string_view key, std::string_view missing) {
  const Json* value = find(key);
  if (value == nullptr) return std::string(missing);
  const auto* text = value->get_ptr<const std::string*>();
  if (text != nullptr) return *text;
  mismatch(key, "a string");
  return std::string(missing);
}

bool JsonObject::flag(std::string_view key, bool missing) {
  const Json* value = find(key);
  if (value == nullptr) return missing;
  if (value->is_boolean()) return value->get<bool>();
  mismatch(key, "true or false");
  return missing;
}

std::int64_t JsonObject::integer(std::string_view key, std::int64_t missing) {
  const Json* value = find(key);
  if (value == nullptr) return missing;
  const auto* wide = value->get_ptr<const Json::number_unsigned_t*>();
  const bool fits = wide == nullptr || *wide <= std::numeric_limits<std::int64_t>::max();
  if (value->is_number_integer() && fits) return value->get<std::int64_t>();
  mismatch(key, "an integer");
  return missing;
}

std::vector<std::string> JsonObject::words(std::string_view key) {
  const Json* value = find(key);
  std::vector<std::string> words;
  if (value == nullptr) return words;
  const auto is_string = [](const Json& element) { return element.is_string(); };
  if (value->is_array() && std::all_of(value->begin(), value->end(), is_string)) {
    for (const Json& element : *value) words.push_back(element.get<std::string>());
  } else if (const auto* joined = value->get_ptr<const std::string*>()) {
    std::string_view rest = *joined;
    while (!rest.empty()) {
      const auto word = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), word.size() + 1));
      const auto begin = word.find_first_not_of(' ');
      if (begin == std::string_view::npos) continue;
      words.emplace_back(word.substr(begin, word.find_last_not_of(' ') + 1 - begin));
    }
  } else {
    mismatch(key, "a list of strings");
  }
  return words;
}

FieldTable JsonObject::table(std::string_view key) {
  const Json* value = find(key);
  if (value == nullptr || (value->is_array() && value->empty())) return {};
  const std::string at = child_path(path_, key);
  if (value->is_object()) return table_from_json(*value, at, findings_);
  if (value->is_array()) {
    if (auto pairs = table_from_pairs(*value, at, findings_)) return std::move(*pairs);
  }
  mismatch(key, "an object");
  return {};
}

std::string JsonObject::raw(std::string_view key, std::string_view missing) {
  const Json* value = find(key);
  return value == nullptr ? std::string(missing) : dump(*value);
}

std::string JsonObject::limits(std::string_view key,
                               std::initializer_list<std::string_view> names) {
  const Json* value = find(key);
  // An empty list is what Erlang calls an object without entries.
  if (value == nullptr || (value->is_array() && value->empty())) return "{}";
  if (!value->is_object()) {
    mismatch(key, "an object with limits");
    return "{}";
  }
  JsonObject inner(*value, child_path(path_, key), findings_);
  for (const auto& [name, limit] : value->items()) {
    if (std::find(names.begin(), names.end(), name) == names.end())
      inner.error(name, fmt::format("expected one of {}", fmt::join(names, ", ")));
    else
      static_cast<void>(inner.integer(name, 0));
  }
  return dump(*value);
}

std::optional<std::uint64_t> limit_in(const std::string& limits, std::string_view name) {
  const Json parsed = Json::parse(limits, nullptr, false);
  if (!parsed.is_object()) return std::nullopt;
  const auto found = parsed.find(name);
  if (found == parsed.end() || !found->is_number_integer()) return std::nullopt;
  const auto limit = found->get<std::int64_t>();
  return limit < 0 ? std::nullopt : std::optional<std::uint64_t>(limit);
}

void JsonObject::finish(std::initializer_list<std::string_view> ignored) {
  for (const auto& item : value_.items()) {
    const std::string& key = item.key();
    if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
    if (std::find(ignored.begin(), ignored.end(), key) != ignored.end()) continue;
    findings_.warning(child_path(path_, key), "unknown key; it is ignored");
  }
}

void JsonObject::error(std::string_view key, std::string_view text) {
  findings_.error(child_path(path_, key), text);
}

void JsonObject::mismatch(std::string_view key, std::string_view expected) {
  const auto found = value_.find(key);
  findings_.mismatch(child_path(path_, key), expected, found == value_.end() ? Json() : *found);
}

}  // namespace tern::broker
