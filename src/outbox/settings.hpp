// What a relay is told: a TOML file, read strictly, fills one plain struct.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace tern::outbox {

struct Settings {
  // [database]
  std::string database_url;  ///< empty: what PGHOST and its like say
  std::string table = "ternmq_outbox";
  unsigned batch = 100;
  std::chrono::milliseconds poll{5000};
  bool deletes_sent = false;
  // [broker]
  std::vector<std::string> broker_urls{"amqp://localhost"};
  std::chrono::milliseconds confirm_timeout{30'000};
  bool fails_unroutable = true;
  std::string deduplication_header = "x-deduplication-header";
  // [retry]
  std::chrono::milliseconds delay_min{100};
  std::chrono::milliseconds delay_max{30'000};
};

struct SettingsFile {
  std::string name;
  std::string text;
};

struct ReadSettings {
  Settings settings;
  /// From the top of the file to its end, each with file, line, key and what was expected.
  std::vector<std::string> errors;
};

[[nodiscard]] ReadSettings read_settings(const SettingsFile& file);
/// Whether it names a table: letters, digits and underscores, with a schema and a dot in front or
/// without.
[[nodiscard]] bool is_table_name(std::string_view name) noexcept;
/// The keys with what they take, their defaults and meaning, for --help.
[[nodiscard]] std::string settings_help();

}  // namespace tern::outbox
