// The one table of options: each entry gives a setting its names, range and help text. The file
// parser, the environment, the flags, the help and docs/configuration.md are all made from it.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "config/config.hpp"

namespace tern::config {

/// Finds a setting in a Config; its type is the setting's type.
template <class T>
using FieldOf = T& (*)(Config&);
using Field = std::variant<FieldOf<bool>, FieldOf<std::uint16_t>, FieldOf<std::uint32_t>,
                           FieldOf<std::uint64_t>, FieldOf<std::chrono::milliseconds>,
                           FieldOf<std::chrono::seconds>, FieldOf<LogLevel>, FieldOf<std::string>,
                           FieldOf<std::vector<std::string>>>;

/// How a value is written.
enum class Kind : std::uint8_t { boolean, number, size, duration, level, text, list };

/// Where a text is read: in the file a size is quoted and a list has brackets; in flags and the
/// environment neither.
enum class Notation : std::uint8_t { file, plain };

enum class Unit : std::uint8_t { none, bytes, percent };

/// Looks at one text (of a list: one element) and may rewrite it. Returns what is wrong with it as
/// the rest of a sentence ("is empty"), or nothing.
using TextCheck = std::string_view (*)(std::string& text);

struct Option {
  /// `amqp.port`: the path of the field in Config and the key in the file.
  std::string_view key;
  Field field;
  std::string_view help;
  /// Both included. Numbers, bytes, or milliseconds; unused for the other kinds.
  std::uint64_t min = 0;
  std::uint64_t max = 0;
  Unit unit = Unit::none;
  TextCheck check = nullptr;
  /// What a text or an element of a list is, for people: "an IP address".
  std::string_view text_is = "text";
  /// A change takes effect without a restart.
  bool reloadable = false;
  /// Never printed, not even in an error.
  bool secret = false;
};

/// All options, in the order of the file and the docs page.
[[nodiscard]] std::span<const Option> options();

/// The option with this key, or nullptr.
[[nodiscard]] const Option* find_option(std::string_view key);

[[nodiscard]] Kind kind_of(const Option& option);

/// `--amqp-port`
[[nodiscard]] std::string flag_name(const Option& option);
/// `TERNMQ_AMQP_PORT`
[[nodiscard]] std::string environment_name(const Option& option);

/// "a whole number from 0 to 65535"
[[nodiscard]] std::string allowed_values(const Option& option, Notation notation);

/// The value of the option in `config`, as one would write it.
[[nodiscard]] std::string format_value(const Option& option, const Config& config,
                                       Notation notation);

/// Sets the option from text (a list: separated by commas). The error is the rest of a sentence
/// that starts with the value: "is out of range".
[[nodiscard]] Result<void> assign(const Option& option, Config& config, std::string_view text);

/// Sets an option of kind list.
[[nodiscard]] Result<void> assign_list(const Option& option, Config& config,
                                       std::vector<std::string> values);

/// Rules between options; each error is a whole sentence that names the keys.
[[nodiscard]] std::vector<std::string> check_together(const Config& config);

}  // namespace tern::config
