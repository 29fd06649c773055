// Definitions files: the JSON as a whole. What an entry holds is in definitions_entries.cpp.
#include "broker/definitions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "broker/definitions_entries.hpp"
#include "broker/definitions_merge.hpp"

namespace tern::broker {
namespace {

// Follows the parser with a path of its own: the parser keeps the last of two equal keys without a
// word, and nests as deep as memory lasts.
class Watcher {
 public:
  explicit Watcher(Findings& findings) : findings_(findings) {}

  bool operator()(int depth, Json::parse_event_t event, const Json& parsed) {
    switch (event) {
      case Json::parse_event_t::object_start:
      case Json::parse_event_t::array_start:
        return enter(depth, event == Json::parse_event_t::array_start);
      case Json::parse_event_t::object_end:
      case Json::parse_event_t::array_end:
        levels_.pop_back();
        count();
        return true;
      case Json::parse_event_t::key:
        note_key(parsed.get_ref<const std::string&>());
        return true;
      case Json::parse_event_t::value:
        count();
        return true;
    }
    return true;
  }

 private:
  struct Level {
    bool is_array = false;
    std::size_t index = 0;
    std::string key;
    std::unordered_set<std::string> keys;
  };
  struct TooDeep : std::runtime_error {
    using std::runtime_error::runtime_error;
  };

  bool enter(int depth, bool is_array) {
    // The parser has no other way to be stopped.
    if (depth >= definitions_depth_max)
      throw TooDeep(fmt::format("nested more than {} deep", definitions_depth_max));
    Level level;
    level.is_array = is_array;
    levels_.push_back(std::move(level));
    return true;
  }

  void count() {
    if (!levels_.empty() && levels_.back().is_array) ++levels_.back().index;
  }

  void note_key(const std::string& key) {
    Level& level = levels_.back();
    level.key = key;
    if (level.keys.insert(key).second) return;
    findings_.error(path(), "this key stands there twice");
  }

  [[nodiscard]] std::string path() const {
    std::string path = "$";
    for (const Level& level : levels_)
      path =
          level.is_array ? fmt::format("{}[{}]", path, level.index) : child_path(path, level.key);
    return path;
  }

  Findings& findings_;
  std::vector<Level> levels_;
};

struct Place {
  std::size_t line = 1;
  std::size_t column = 1;
};

Place place_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const auto last = before.rfind('\n');
  return {static_cast<std::size_t>(lines) + 1,
          last == std::string_view::npos ? before.size() + 1 : before.size() - last};
}

// What the parser says, without the name of its exception and its own idea of the place.
std::string reason_of(const Json::parse_error& error) {
  std::string_view text = error.what();
  // "[json…] parse error at line 1, column 2: syntax error while parsing …"
  const auto place_end = text.find(": ");
  if (place_end != std::string_view::npos) text.remove_prefix(place_end + 2);
  return std::string(text);
}

Result<Json> parse_json(std::string_view text, Findings& findings) {
  if (text.size() > definitions_bytes_max) {
    return Error{fmt::format("{}: a definitions file has at most {} MiB, this one is larger",
                             findings.file(), definitions_bytes_max >> 20)};
  }
  // An editor's mark at the front is no JSON, but harmless.
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Watcher watcher(findings);
  try {
    return Result<Json>(boost::system::in_place_value,
                        Json::parse(text.begin(), text.end(), std::ref(watcher)));
  } catch (const Json::parse_error& error) {
    const Place at = place_of(text, error.byte > 0 ? error.byte - 1 : 0);
    return Error{fmt::format("{}:{}:{}: this is not JSON: {}", findings.file(), at.line, at.column,
                             reason_of(error))};
  } catch (const std::exception& error) {
    return Error{fmt::format("{}: this JSON cannot be read: {}", findings.file(), error.what())};
  }
}

// Of RabbitMQ's exports, and nothing that anybody must act on.
constexpr std::string_view known_keys[] = {"rabbit_version",
                                           "rabbitmq_version",
                                           "product_name",
                                           "product_version",
                                           "rabbitmq_definition_format",
                                           "original_cluster_name",
                                           "original_vhost_name",
                                           "explanation",
                                           "description",
                                           "metadata",
                                           "limits",
                                           "default_queue_type",
                                           "node",
                                           "vhost",
                                           "name"};

void warn_of_unknown_keys(const Json& root, Findings& findings) {
  for (const auto& item : root.items()) {
    const std::string& key = item.key();
    if (is_section(key)) continue;
    if (std::find(std::begin(known_keys), std::end(known_keys), key) != std::end(known_keys))
      continue;
    findings.warning(child_path("$", key), "unknown key; it is ignored");
  }
}

// A 4.x export of one virtual host says which it was.
std::optional<std::string> vhost_of(const Json& root) {
  const auto found = root.find("original_vhost_name");
  if (found == root.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

}  // namespace

Result<Definitions> parse_definitions(std::string_view json, std::string_view file,
                                      const std::optional<std::string>& vhost,
                                      std::vector<std::string>* warnings) {
  Findings findings(file);
  const Result<Json> root = parse_json(json, findings);
  if (!root) return root.error();
  if (!root->is_object()) {
    findings.mismatch("$", "an object with \"queues\", \"exchanges\", …", *root);
    return Error{findings.error_text()};
  }
  warn_of_unknown_keys(*root, findings);
  Definitions read = read_sections(*root, vhost ? vhost : vhost_of(*root), findings);
  if (findings.has_errors()) return Error{findings.error_text()};
  Definitions definitions;
  if (auto merged = merge_definitions(definitions, std::move(read)); !merged) return merged.error();
  if (warnings != nullptr)
    warnings->insert(warnings->end(), findings.warnings().begin(), findings.warnings().end());
  return definitions;
}

}  // namespace tern::broker
