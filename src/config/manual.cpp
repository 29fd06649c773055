// The help text and the docs page are two layouts of the one table.
#include "config/manual.hpp"

#include <fmt/format.h>

#include "config/options.hpp"

namespace tern::config {

namespace {

struct Layout {
  std::size_t columns;
  std::size_t indent;
};
constexpr Layout help_layout{.columns = 80, .indent = 6};
constexpr Layout docs_layout{.columns = 100, .indent = 0};

constexpr std::string_view docs_opening = R"(# Configuration

<!-- Made by `ternmq check --print-docs`; change src/config/options.cpp instead of this page. -->

Every setting has a default, so `ternmq serve` needs none. A setting is looked up in these places,
and the last one that has it wins:

1. the default,
2. the configuration file (TOML), named by `--config FILE` or `TERNMQ_CONFIG`; without either, no
   file is read,
3. `RABBITMQ_DEFAULT_USER`, `RABBITMQ_DEFAULT_PASS` and `RABBITMQ_DEFAULT_VHOST`, as for RabbitMQ's
   container image,
4. the environment: `TERNMQ_` and the key in capitals, with `_` for `.`,
5. the command line: `--` and the key, with `-` for `.` and `_`.

Unknown names and wrong values are errors wherever they stand, and the broker does not start with
one. `ternmq check --config FILE` prints all of them with their lines and exits with 1; with 0 if
there are none. It takes the same flags as `ternmq serve` and reads the same environment.

Sizes are whole numbers of bytes, or have a unit: `64KiB`, `16MiB`, `1GiB` (1024), `64kB`, `16MB`
(1000). Durations always have a unit: `500ms`, `10s`, `5m`, `1h`. On the command line and in the
environment the elements of a list are separated by commas, and strings have no quotes.

The settings below at their defaults make this file:

)";

std::string_view section_of(const Option& option) {
  const auto dot = option.key.find('.');
  return dot == std::string_view::npos ? "" : option.key.substr(0, dot);
}

std::string_view name_in_section(const Option& option) {
  const auto dot = option.key.find('.');
  return dot == std::string_view::npos ? option.key : option.key.substr(dot + 1);
}

std::string_view value_word(Kind kind) {
  switch (kind) {
    case Kind::boolean:
      return "";
    case Kind::number:
      return " N";
    case Kind::size:
      return " SIZE";
    case Kind::duration:
      return " TIME";
    case Kind::level:
      return " LEVEL";
    case Kind::text:
      return " TEXT";
    case Kind::list:
      return " A,B";
  }
  return "";
}

// Starts on a line of its own.
void append_wrapped(std::string& out, std::string_view text, const Layout& layout) {
  std::size_t column = layout.columns;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (column + 1 + word.size() > layout.columns) {
      out += '\n';
      out.append(layout.indent, ' ');
      column = layout.indent;
    } else {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
}

void append_default_file(std::string& page) {
  std::string_view section;
  page += "```toml\n";
  for (const Option& option : options()) {
    if (section_of(option) != section) {
      section = section_of(option);
      page += fmt::format("\n[{}]\n", section);
    }
    page +=
        fmt::format("{} = {}\n", name_in_section(option), format_value(option, {}, Notation::file));
  }
  page += "```\n";
}

void append_option(std::string& page, const Option& option) {
  page += fmt::format("\n### `{}`\n", option.key);
  append_wrapped(page, option.help, docs_layout);
  page += "\n\n";
  page += fmt::format("- default `{}`; takes {}\n", format_value(option, {}, Notation::file),
                      allowed_values(option, Notation::file));
  page += fmt::format("- `{}`, `{}`\n", flag_name(option), environment_name(option));
  page += fmt::format("- a change takes effect {}\n",
                      option.reloadable ? "when the broker reads its file again" : "at a restart");
}

}  // namespace

std::string flags_help() {
  std::string help = "  --config FILE";
  append_wrapped(help, "Read settings from this TOML file. (default: none)", help_layout);
  help += '\n';
  for (const Option& option : options()) {
    const auto value = format_value(option, {}, Notation::plain);
    help += fmt::format("  {}{}", flag_name(option), value_word(kind_of(option)));
    append_wrapped(help,
                   fmt::format("{} (default: {})", option.help, value.empty() ? "none" : value),
                   help_layout);
    help += '\n';
  }
  return help;
}

std::string docs_page() {
  std::string page(docs_opening);
  append_default_file(page);
  page += "\n## Top level\n";
  std::string_view section;
  for (const Option& option : options()) {
    if (section_of(option) != section) {
      section = section_of(option);
      page += fmt::format("\n## `[{}]`\n", section);
    }
    append_option(page, option);
  }
  return page;
}

}  // namespace tern::config
