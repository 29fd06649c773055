// toml++ parses; this looks every key up in one table, and says where something is wrong. The only
// file of the layer that includes toml++.
#include "outbox/settings.hpp"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <sstream>

#include "config/nearest.hpp"
#include "config/units.hpp"

namespace tern::outbox {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t table_part_bytes_max = 48;  // Names of PostgreSQL have 63; ours get endings.
constexpr std::int64_t batch_max = 10'000;
constexpr milliseconds time_min(1);
constexpr milliseconds time_max(std::chrono::hours(24));

bool set_text(const toml::node& node, std::string& to) {
  const auto text = node.value_exact<std::string>();
  if (text) to = *text;
  return text.has_value();
}

bool set_time(const toml::node& node, milliseconds& to) {
  const auto text = node.value_exact<std::string>();
  const auto time = text ? config::parse_duration(*text) : Error{};
  if (!time || *time < time_min || *time > time_max) return false;
  to = *time;
  return true;
}

// One of two words.
struct Choice {
  std::string_view on;
  std::string_view off;
};
bool set_choice(const toml::node& node, Choice choice, bool& is_on) {
  const auto text = node.value_exact<std::string>();
  if (!text || (*text != choice.on && *text != choice.off)) return false;
  is_on = *text == choice.on;
  return true;
}

bool set_batch(const toml::node& node, Settings& to) {
  const auto count = node.value_exact<std::int64_t>();
  if (!count || *count < 1 || *count > batch_max) return false;
  to.batch = static_cast<unsigned>(*count);
  return true;
}

bool set_table(const toml::node& node, Settings& to) {
  return set_text(node, to.table) && is_table_name(to.table);
}

bool set_urls(const toml::node& node, Settings& to) {
  const toml::array* urls = node.as_array();
  if (urls == nullptr || urls->empty()) return false;
  to.broker_urls.clear();
  for (const toml::node& url : *urls)
    if (!set_text(url, to.broker_urls.emplace_back())) return false;
  return true;
}

bool set_header(const toml::node& node, Settings& to) {
  return set_text(node, to.deduplication_header) && !to.deduplication_header.empty() &&
         to.deduplication_header.size() <= 255;
}

struct Key {
  std::string_view name;
  std::string_view takes;
  std::string_view otherwise;  // the default
  std::string_view meaning;
  bool (*set)(const toml::node&, Settings&);
};

constexpr std::string_view a_time = "a time from 1ms to 24h, as text: \"500ms\", \"5s\", \"2m\"";

constexpr Key keys[] = {
    {"database.url", "a connection string of libpq, as text", "\"\"",
     "Where PostgreSQL is; what it does not say is taken from PGHOST, PGUSER …",
     [](const toml::node& node, Settings& to) { return set_text(node, to.database_url); }},
    {"database.table", "the name of a table, as text: letters, digits, _ (schema.table)",
     "\"ternmq_outbox\"", "The outbox; --print-schema prints what makes it.", set_table},
    {"database.batch", "a whole number from 1 to 10000", "100",
     "Rows that one transaction locks, publishes and marks.", set_batch},
    {"database.poll", a_time, "\"5s\"", "How often to look for rows although no notification came.",
     [](const toml::node& node, Settings& to) { return set_time(node, to.poll); }},
    {"database.sent_rows", "\"mark\" or \"delete\"", "\"mark\"",
     "What happens to a row once the broker has its message.",
     [](const toml::node& node, Settings& to) {
       return set_choice(node, {"delete", "mark"}, to.deletes_sent);
     }},
    {"broker.urls", "a list of amqp:// or amqps:// URLs, as texts", "[\"amqp://localhost\"]",
     "Where the broker is; the first that answers is used.", set_urls},
    {"broker.confirm_timeout", a_time, "\"30s\"",
     "How long a batch may wait for the broker's confirms.",
     [](const toml::node& node, Settings& to) { return set_time(node, to.confirm_timeout); }},
    {"broker.unroutable", "\"fail\" or \"ignore\"", "\"fail\"",
     "Whether a row that no queue takes is marked as failed, or as sent.",
     [](const toml::node& node, Settings& to) {
       return set_choice(node, {"fail", "ignore"}, to.fails_unroutable);
     }},
    {"broker.deduplication_header", "the name of a header, as text of 1 to 255 octets",
     "\"x-deduplication-header\"", "Where the row's message_id stands, besides the property.",
     set_header},
    {"retry.delay_min", a_time, "\"100ms\"",
     "The first wait after a failure; each further one is twice as long …",
     [](const toml::node& node, Settings& to) { return set_time(node, to.delay_min); }},
    {"retry.delay_max", a_time, "\"30s\"", "… up to this.",
     [](const toml::node& node, Settings& to) { return set_time(node, to.delay_max); }},
};

std::string section_of(std::string_view key) {
  return std::string(key.substr(0, key.find('.')));
}

struct OutboxComplaint {
  toml::source_index line;
  std::string text;
};

class OutboxFileReader {
 public:
  explicit OutboxFileReader(const SettingsFile& file) : file_(file) {}

  ReadSettings read() {
    try {
      for (const auto& [name, node] : toml::parse(file_.text, file_.name)) section(name, node);
    } catch (const toml::parse_error& error) {
      complain(error.source().begin.line, fmt::format("this is not TOML: {}", error.description()));
    }
    if (complaints_.empty() && settings_.delay_max < settings_.delay_min)
      complain(1, "retry.delay_max is less than retry.delay_min; it must be at least as long");
    // toml++ keeps its tables sorted by name; people read from top to bottom.
    std::stable_sort(complaints_.begin(), complaints_.end(),
                     [](const auto& left, const auto& right) { return left.line < right.line; });
    ReadSettings read{std::move(settings_), {}};
    for (auto& complaint : complaints_) read.errors.push_back(std::move(complaint.text));
    return read;
  }

 private:
  void section(const toml::key& name, const toml::node& node) {
    const std::string wanted(name.str());
    const bool is_known = std::any_of(std::begin(keys), std::end(keys), [&](const Key& key) {
      return section_of(key.name) == wanted;
    });
    const auto line = name.source().begin.line;
    if (!is_known) {
      complain(line, fmt::format("unknown {} '{}'; the sections are [database], [broker], [retry]",
                                 node.is_table() ? "section" : "key", wanted));
    } else if (const auto* entries = node.as_table()) {
      for (const auto& [key, value] : *entries) entry(wanted, key, value);
    } else {
      complain(line, fmt::format("'{0}' is a section, not a key; write [{0}] on a line of its own "
                                 "and its keys below",
                                 wanted));
    }
  }

  void entry(const std::string& section, const toml::key& name, const toml::node& node) {
    const std::string path = section + "." + std::string(name.str());
    const auto line = name.source().begin.line;
    const auto known = std::find_if(std::begin(keys), std::end(keys),
                                    [&](const Key& key) { return key.name == path; });
    if (known == std::end(keys)) {
      std::vector<std::string> names;
      for (const Key& key : keys) names.emplace_back(key.name);
      complain(line, fmt::format("unknown key '{}'; the nearest valid key is '{}'", path,
                                 config::nearest(path, names)));
    } else if (!known->set(node, settings_)) {
      complain(line, fmt::format("{} = {} is wrong; it takes {}", path, written(path, node),
                                 known->takes));
    }
  }

  // As it stands in the file, but for texts with passwords.
  static std::string written(const std::string& path, const toml::node& node) {
    if (path == "database.url" || path == "broker.urls") return "…";
    std::ostringstream out;
    node.visit([&](const auto& value) { out << value; });
    return out.str();
  }

  void complain(toml::source_index line, std::string_view text) {
    complaints_.push_back({line, fmt::format("{}:{}: {}", file_.name, line, text)});
  }

  const SettingsFile& file_;
  Settings settings_;
  std::vector<OutboxComplaint> complaints_;
};

bool is_name_part(std::string_view part) noexcept {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (part.empty() || part.size() > table_part_bytes_max || !is_letter(part.front())) return false;
  return std::all_of(part.begin(), part.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

}  // namespace

ReadSettings read_settings(const SettingsFile& file) {
  return OutboxFileReader(file).read();
}

bool is_table_name(std::string_view name) noexcept {
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) return is_name_part(name);
  return is_name_part(name.substr(0, dot)) && is_name_part(name.substr(dot + 1));
}

std::string settings_help() {
  std::string help;
  std::string section;
  for (const Key& key : keys) {
    if (section_of(key.name) != section) {
      section = section_of(key.name);
      help += fmt::format("\n[{}]\n", section);
    }
    help += fmt::format("{} = {}\n    {}\n    Takes {}.\n", key.name.substr(section.size() + 1),
                        key.otherwise, key.meaning, key.takes);
  }
  return help;
}

}  // namespace tern::outbox
