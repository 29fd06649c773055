// What the readers of a definitions file share: a JSON object read key by key, with every fault
// noted at its path. Internal to definitions*.cpp. Plain values; any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "message/field_table.hpp"

namespace tern::broker {

using Json = nlohmann::json;

/// What is wrong with a file, and what is odd: "FILE: $.queues[3].name: …".
class Findings {
 public:
  explicit Findings(std::string_view file) : file_(file) {}

  void error(std::string_view path, std::string_view text);
  void warning(std::string_view path, std::string_view text);
  /// "expected …, found …".
  void mismatch(std::string_view path, std::string_view expected, const Json& found);

  [[nodiscard]] const std::string& file() const noexcept { return file_; }
  [[nodiscard]] bool has_errors() const noexcept { return !errors_.empty(); }
  /// All errors, a line each; after some dozens only their number.
  [[nodiscard]] std::string error_text() const;
  [[nodiscard]] std::vector<std::string>& warnings() noexcept { return warnings_; }

 private:
  std::string file_;
  std::vector<std::string> errors_;
  std::vector<std::string> warnings_;
  std::size_t errors_left_out_ = 0;
};

/// `value` cut to a length that fits a line.
[[nodiscard]] std::string shown(const Json& value);
/// `$.queues[3]` and a key; keys that would be misread are quoted.
[[nodiscard]] std::string child_path(std::string_view path, std::string_view key);

/// As RabbitMQ's management reads JSON: integers are 64 bits wide (l), fractions double, and null
/// is void.
[[nodiscard]] FieldValue field_from_json(const Json& value, const std::string& path,
                                         Findings& findings);
[[nodiscard]] FieldTable table_from_json(const Json& object, const std::string& path,
                                         Findings& findings);
[[nodiscard]] Json table_to_json(const FieldTable& table);

/// One JSON object. Each getter notes what is wrong and returns a harmless value then.
class JsonObject {
 public:
  /// `value` must be an object, which the caller has checked, and outlive this.
  JsonObject(const Json& value, std::string path, Findings& findings);

  [[nodiscard]] bool has(std::string_view key);
  /// A name of 1 to 255 octets (or, if it may be empty, 0 to 255); must be there.
  [[nodiscard]] std::string name(std::string_view key, bool may_be_empty = false);
  /// Any string. Without a default it must be there; null counts as missing.
  [[nodiscard]] std::string text(std::string_view key);
  [[nodiscard]] std::string text(std::string_view key, std::string_view missing);
  [[nodiscard]] bool flag(std::string_view key, bool missing);
  [[nodiscard]] std::int64_t integer(std::string_view key, std::int64_t missing);
  /// An array of strings, or RabbitMQ 3.7's one string separated by commas.
  [[nodiscard]] std::vector<std::string> words(std::string_view key);
  /// An object, or a list of pairs, as a field table; missing is an empty one.
  [[nodiscard]] FieldTable table(std::string_view key);
  /// Any JSON, as compact text.
  [[nodiscard]] std::string raw(std::string_view key, std::string_view missing);
  /// Limits: an object with whole numbers under these names, as compact text; missing is `{}`.
  [[nodiscard]] std::string limits(std::string_view key,
                                   std::initializer_list<std::string_view> names);
  /// The value, or nullptr.
  [[nodiscard]] const Json* find(std::string_view key);

  /// Warns of keys that were neither asked for nor stand here.
  void finish(std::initializer_list<std::string_view> ignored = {});

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] Findings& findings() noexcept { return findings_; }
  void error(std::string_view key, std::string_view text);
  void mismatch(std::string_view key, std::string_view expected);

 private:
  const Json& value_;
  std::string path_;
  Findings& findings_;
  std::vector<std::string_view> asked_;
};

}  // namespace tern::broker
