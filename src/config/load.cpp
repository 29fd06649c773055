// Puts the sources on top of each other, weakest first.
#include "config/load.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "config/sources.hpp"

namespace tern::config {

namespace {

// Far above any real file; /dev/zero and the like end here.
constexpr std::size_t file_bytes_max = 4 * MiB;
constexpr std::size_t shown_bytes_max = 80;

Error unreadable(const std::string& name, std::string_view reason) {
  return Error{fmt::format(
      "{}: cannot read this configuration file: {}; correct the path given with --config or "
      "TERNMQ_CONFIG",
      name, reason)};
}

Result<File> read_file(const std::string& name) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> input(std::fopen(name.c_str(), "rbe"),
                                                              &std::fclose);
  if (!input) return unreadable(name, std::strerror(errno));
  File file{name, {}};
  char buffer[4096];
  while (const auto count = std::fread(buffer, 1, sizeof(buffer), input.get())) {
    file.text.append(buffer, count);
    if (file.text.size() > file_bytes_max) return unreadable(name, "it is larger than 4 MiB");
  }
  if (std::ferror(input.get()) != 0) return unreadable(name, std::strerror(errno));
  return file;
}

// What was given, cut to a length that fits a line; control characters would move the cursor.
std::string shown(std::string_view value) {
  std::string result;
  for (const char c : value.substr(0, shown_bytes_max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += c;
    }
  }
  if (value.size() > shown_bytes_max) result += "...";
  return result;
}

}  // namespace

std::string wrong_value(const Given& given, std::string_view problem) {
  const std::string what = given.option.secret ? fmt::format("the value of {}", given.setting)
                                               : fmt::format("{}{}{}", given.setting,
                                                             given.separator, shown(given.value));
  return fmt::format("{} {}; it takes {}", what, problem,
                     allowed_values(given.option, given.notation));
}

Loaded load(const Sources& sources) {
  Loaded loaded;
  loaded.file = file_name(sources);
  if (!loaded.file.empty()) {
    const auto file = read_file(loaded.file);
    if (file) {
      apply_file(*file, loaded.config, loaded.errors);
    } else {
      loaded.errors.push_back(file.error().text);
    }
  }
  apply_environment(sources.environment, loaded.config, loaded.errors);
  apply_flags(sources.flags, loaded.config, loaded.errors);
  // Rules between settings mean little while a setting is wrong by itself.
  if (loaded.errors.empty()) loaded.errors = check_together(loaded.config);
  return loaded;
}

Environment read_environment(const char* const* variables) {
  Environment environment;
  for (; *variables != nullptr; ++variables) {
    const std::string_view variable = *variables;
    const auto equals = variable.find('=');
    if (equals == std::string_view::npos) continue;
    environment.emplace_back(variable.substr(0, equals), variable.substr(equals + 1));
  }
  return environment;
}

}  // namespace tern::config
