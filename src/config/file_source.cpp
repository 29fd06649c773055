// The TOML file. toml++ parses; this walks its tables, looks every key up in the table of options
// and says on which line something is wrong. The only file that includes toml++.
#include <fmt/format.h>

#include <toml++/toml.h>
#include <sstream>

#include "config/nearest.hpp"
#include "config/sources.hpp"

namespace tern::config {

namespace {

struct Complaint {
  toml::source_index line;
  std::string text;
};

class FileReader {
 public:
  FileReader(const File& file, Config& config) : file_(file), config_(config) {
    for (const Option& option : options()) {
      keys_.emplace_back(option.key);
      const auto dot = option.key.find('.');
      if (dot == std::string_view::npos) continue;
      const std::string section(option.key.substr(0, dot));
      if (sections_.empty() || sections_.back() != section) sections_.push_back(section);
    }
  }

  /// What is wrong, from the top of the file to its end.
  Errors read() {
    try {
      const toml::table root = toml::parse(file_.text, file_.name);
      walk(root, "");
    } catch (const toml::parse_error& error) {
      complain(error.source().begin.line,
               fmt::format("this is not TOML: {}; nothing after this line was checked",
                           error.description()));
    }
    // toml++ keeps its tables sorted by name; people read from top to bottom.
    std::stable_sort(complaints_.begin(), complaints_.end(),
                     [](const auto& left, const auto& right) { return left.line < right.line; });
    Errors errors;
    for (auto& complaint : complaints_) errors.push_back(std::move(complaint.text));
    return errors;
  }

 private:
  void walk(const toml::table& table, const std::string& prefix) {
    for (const auto& [key, node] : table) {
      const std::string path = prefix + std::string(key.str());
      const auto line = key.source().begin.line;
      if (const Option* option = find_option(path)) {
        set(*option, node, line);
      } else if (is_section(path)) {
        enter_section(path, node, line);
      } else if (node.is_table() && prefix.empty()) {
        complain(line, fmt::format("unknown section [{}]; the nearest valid one is [{}]", path,
                                   nearest(path, sections_)));
      } else {
        complain(line, fmt::format("unknown key '{}'; the nearest valid key is '{}'", path,
                                   nearest(path, keys_)));
      }
    }
  }

  void enter_section(const std::string& path, const toml::node& node, toml::source_index line) {
    if (const auto* table = node.as_table()) {
      walk(*table, path + ".");
      return;
    }
    complain(line, fmt::format("'{}' is a section, not a key; write [{}] on a line of its own and "
                               "its keys below",
                               path, path));
  }

  void set(const Option& option, const toml::node& node, toml::source_index line) {
    if (const auto* array = node.as_array(); array && kind_of(option) == Kind::list) {
      set_list(option, *array, line);
      return;
    }
    if (const auto wrong = wrong_type(option, node); !wrong.empty()) {
      refuse(option, node, line, wrong);
      return;
    }
    if (kind_of(option) == Kind::list) {
      report(option, node, line, assign_list(option, config_, {*node.value_exact<std::string>()}));
      return;
    }
    report(option, node, line, assign(option, config_, as_text(node)));
  }

  void set_list(const Option& option, const toml::array& array, toml::source_index line) {
    std::vector<std::string> values;
    for (const toml::node& element : array) {
      const auto text = element.value_exact<std::string>();
      if (!text) {
        refuse(option, array, line, "holds something other than strings");
        return;
      }
      values.push_back(*text);
    }
    report(option, array, line, assign_list(option, config_, std::move(values)));
  }

  // Which types of TOML a kind of value may be written in; empty = this one is right.
  static std::string wrong_type(const Option& option, const toml::node& node) {
    const bool text = node.is_string();
    switch (kind_of(option)) {
      case Kind::boolean:
        if (text) return "is a string (write it without quotes)";
        return node.is_boolean() ? "" : "is " + type_name(node);
      case Kind::number:
        if (text) return "is a string (write it without quotes)";
        return node.is_integer() ? "" : "is " + type_name(node);
      case Kind::size:
      case Kind::duration:
        return text || node.is_integer() ? "" : "is " + type_name(node);
      case Kind::level:
      case Kind::text:
      case Kind::list:
        return text ? "" : "is " + type_name(node);
    }
    return {};
  }

  static std::string type_name(const toml::node& node) {
    switch (node.type()) {
      case toml::node_type::table:
        return "a table";
      case toml::node_type::array:
        return "a list";
      case toml::node_type::integer:
        return "an integer";
      case toml::node_type::floating_point:
        return "a number with a fraction";
      case toml::node_type::boolean:
        return "a boolean";
      case toml::node_type::string:
        return "a string";
      default:
        return "a date or a time";
    }
  }

  // As assign() reads it.
  static std::string as_text(const toml::node& node) {
    if (const auto text = node.value_exact<std::string>()) return *text;
    if (const auto flag = node.value_exact<bool>()) return *flag ? "true" : "false";
    return fmt::format("{}", node.value_exact<std::int64_t>().value_or(0));
  }

  // As it stands in the file.
  static std::string as_written(const toml::node& node) {
    std::ostringstream out;
    node.visit([&](const auto& value) { out << value; });
    return out.str();
  }

  void report(const Option& option, const toml::node& node, toml::source_index line,
              const Result<void>& result) {
    if (!result) refuse(option, node, line, result.error().text);
  }

  void refuse(const Option& option, const toml::node& node, toml::source_index line,
              std::string_view problem) {
    complain(line,
             wrong_value({option, option.key, " = ", as_written(node), Notation::file}, problem));
  }

  void complain(toml::source_index line, std::string_view text) {
    complaints_.push_back({line, fmt::format("{}:{}: {}", file_.name, line, text)});
  }

  [[nodiscard]] bool is_section(const std::string& path) const {
    return std::find(sections_.begin(), sections_.end(), path) != sections_.end();
  }

  const File& file_;
  Config& config_;
  std::vector<Complaint> complaints_;
  std::vector<std::string> keys_;
  std::vector<std::string> sections_;
};

}  // namespace

void apply_file(const File& file, Config& config, Errors& errors) {
  for (auto& error : FileReader(file, config).read()) errors.push_back(std::move(error));
}

}  // namespace tern::config
