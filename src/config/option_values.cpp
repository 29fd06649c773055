// What the table's entries have in common: names, and values from and to text. Every kind of value
// is handled here and nowhere else.
#include <fmt/format.h>

#include <limits>
#include <type_traits>

#include "base/ensure.hpp"
#include "config/options.hpp"
#include "config/units.hpp"

namespace tern::config {

namespace {

constexpr LogLevel levels[] = {LogLevel::error, LogLevel::warn, LogLevel::info, LogLevel::debug};

template <class T>
constexpr bool is_duration =
    std::is_same_v<T, std::chrono::milliseconds> || std::is_same_v<T, std::chrono::seconds>;

// Calls `use` with the setting itself.
template <class Use>
auto visit_field(const Option& option, Config& config, Use use) {
  return std::visit([&](auto field) { return use(field(config)); }, option.field);
}

// A TOML basic string.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      result += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string format_text(std::string_view text, Notation notation) {
  return notation == Notation::file ? quoted(text) : std::string(text);
}

std::string format_list(const std::vector<std::string>& values, Notation notation) {
  std::string result;
  for (const auto& value : values) {
    if (!result.empty()) result += notation == Notation::file ? ", " : ",";
    result += format_text(value, notation);
  }
  return notation == Notation::file ? "[" + result + "]" : result;
}

Result<void> check_text(const Option& option, std::string& text) {
  if (text.find('\0') != std::string::npos) return Error{"contains a zero byte"};
  if (option.check == nullptr) return {};
  const auto problem = option.check(text);
  if (!problem.empty()) return Error{std::string(problem)};
  return {};
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> values;
  while (!text.empty()) {
    const auto comma = text.find(',');
    auto value = text.substr(0, comma);
    while (value.starts_with(' ')) value.remove_prefix(1);
    while (value.ends_with(' ')) value.remove_suffix(1);
    values.emplace_back(value);
    text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
  }
  return values;
}

bool in_range(const Option& option, std::uint64_t value) {
  return value >= option.min && value <= option.max;
}

Result<void> set(const Option&, bool& field, std::string_view text) {
  if (text != "true" && text != "false") return Error{"is neither true nor false"};
  field = text == "true";
  return {};
}

template <class T>
requires(std::is_unsigned_v<T> &&
         !std::is_same_v<T, bool>) Result<void> set(const Option& option, T& field,
                                                    std::string_view text) {
  // A negative number is a number, only not one of those allowed.
  if (text.size() > 1 && text[0] == '-' && parse_number(text.substr(1))) {
    return Error{"is out of range"};
  }
  const auto value = option.unit == Unit::bytes ? parse_size(text) : parse_number(text);
  if (!value) return value.error();
  if (!in_range(option, *value)) return Error{"is out of range"};
  ensure(*value <= std::numeric_limits<T>::max(), "an option's range is wider than its field");
  field = static_cast<T>(*value);
  return {};
}

template <class T>
requires is_duration<T> Result<void> set(const Option& option, T& field, std::string_view text) {
  const auto value = parse_duration(text);
  if (!value) return value.error();
  if (!in_range(option, static_cast<std::uint64_t>(value->count()))) {
    return Error{"is out of range"};
  }
  const auto rounded = std::chrono::duration_cast<T>(*value);
  if (rounded != *value) return Error{"is not in whole seconds"};
  field = rounded;
  return {};
}

Result<void> set(const Option&, LogLevel& field, std::string_view text) {
  for (const LogLevel level : levels) {
    if (text != log_level_name(level)) continue;
    field = level;
    return {};
  }
  return Error{"is not a level"};
}

Result<void> set(const Option& option, std::string& field, std::string_view text) {
  std::string value(text);
  if (auto checked = check_text(option, value); !checked) return checked;
  field = std::move(value);
  return {};
}

Result<void> set(const Option& option, std::vector<std::string>& field,
                 std::vector<std::string> values) {
  for (auto& value : values) {
    const std::string as_given = value;
    if (auto checked = check_text(option, value); !checked) {
      return Error{fmt::format("holds {}, which {}", quoted(as_given), checked.error().text)};
    }
  }
  field = std::move(values);
  return {};
}

Result<void> set(const Option& option, std::vector<std::string>& field, std::string_view text) {
  return set(option, field, split_list(text));
}

// From a bound in the table to text, as people write it.
std::string format_bound(const Option& option, std::uint64_t bound) {
  switch (kind_of(option)) {
    case Kind::size:
      return format_size(bound);
    case Kind::duration:
      return format_duration(std::chrono::milliseconds(static_cast<std::int64_t>(bound)));
    default:
      return fmt::format("{}", bound);
  }
}

}  // namespace

const Option* find_option(std::string_view key) {
  for (const Option& option : options()) {
    if (option.key == key) return &option;
  }
  return nullptr;
}

Kind kind_of(const Option& option) {
  Config scratch;
  return visit_field(option, scratch, [&](auto& field) {
    using T = std::remove_reference_t<decltype(field)>;
    if constexpr (std::is_same_v<T, bool>) return Kind::boolean;
    if constexpr (is_duration<T>) return Kind::duration;
    if constexpr (std::is_same_v<T, LogLevel>) return Kind::level;
    if constexpr (std::is_same_v<T, std::string>) return Kind::text;
    if constexpr (std::is_same_v<T, std::vector<std::string>>) return Kind::list;
    return option.unit == Unit::bytes ? Kind::size : Kind::number;
  });
}

std::string flag_name(const Option& option) {
  std::string name = "--";
  for (const char c : option.key) name += c == '.' || c == '_' ? '-' : c;
  return name;
}

std::string environment_name(const Option& option) {
  std::string name = "TERNMQ_";
  for (const char c : option.key) {
    const bool letter = c >= 'a' && c <= 'z';
    name += letter ? static_cast<char>(c - 'a' + 'A') : '_';
  }
  return name;
}

std::string allowed_values(const Option& option, Notation notation) {
  const auto range = [&] {
    return fmt::format("from {} to {}", format_bound(option, option.min),
                       format_bound(option, option.max));
  };
  switch (kind_of(option)) {
    case Kind::boolean:
      return "true or false";
    case Kind::number:
      return fmt::format("a whole number {}{}", range(),
                         option.unit == Unit::percent ? " (percent)" : "");
    case Kind::size:
      return fmt::format("a size {}, such as {}", range(), format_value(option, {}, notation));
    case Kind::duration:
      return fmt::format("a duration {}, such as {}", range(), format_value(option, {}, notation));
    case Kind::level: {
      std::string names;
      for (const LogLevel level : levels) {
        names += names.empty() ? "" : ", ";
        names += log_level_name(level);
      }
      return "one of " + names;
    }
    case Kind::text:
      return std::string(option.text_is);
    case Kind::list:
      return fmt::format("a list of {}", option.text_is);
  }
  return {};
}

std::string format_value(const Option& option, const Config& config, Notation notation) {
  Config copy = config;
  return visit_field(option, copy, [&](auto& field) -> std::string {
    using T = std::remove_reference_t<decltype(field)>;
    if constexpr (std::is_same_v<T, bool>) {
      return field ? "true" : "false";
    } else if constexpr (is_duration<T>) {
      return format_text(format_duration(field), notation);
    } else if constexpr (std::is_same_v<T, LogLevel>) {
      return format_text(log_level_name(field), notation);
    } else if constexpr (std::is_same_v<T, std::string>) {
      return format_text(field, notation);
    } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      return format_list(field, notation);
    } else if (option.unit == Unit::bytes) {
      return format_text(format_size(field), notation);
    } else {
      return fmt::format("{}", field);
    }
  });
}

Result<void> assign(const Option& option, Config& config, std::string_view text) {
  return visit_field(option, config, [&](auto& field) { return set(option, field, text); });
}

Result<void> assign_list(const Option& option, Config& config, std::vector<std::string> values) {
  const auto* field = std::get_if<FieldOf<std::vector<std::string>>>(&option.field);
  ensure(field != nullptr, "the option is not a list");
  return set(option, (*field)(config), std::move(values));
}

}  // namespace tern::config
