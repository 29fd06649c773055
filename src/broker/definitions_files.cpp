#include "broker/definitions_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "broker/definitions_merge.hpp"

namespace tern::broker {
namespace {

Error unreadable(const std::string& path, std::string_view reason) {
  return Error{fmt::format("{}: cannot read definitions: {}", path, reason)};
}

Result<std::string> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> input(std::fopen(path.c_str(), "rbe"),
                                                              &std::fclose);
  if (!input) return unreadable(path, std::strerror(errno));
  std::string text;
  char buffer[65536];
  while (const auto count = std::fread(buffer, 1, sizeof(buffer), input.get())) {
    text.append(buffer, count);
    // One octet too many is enough for the parser to say so.
    if (text.size() > definitions_bytes_max) break;
  }
  if (std::ferror(input.get()) != 0) return unreadable(path, std::strerror(errno));
  return Result<std::string>(boost::system::in_place_value, std::move(text));
}

Result<std::vector<std::string>> files_of(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return unreadable(path, error ? error.message() : "no such file");
  if (!fs::is_directory(status)) return std::vector<std::string>{path};
  std::vector<std::string> files;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    const fs::path& file = entry->path();
    if (file.extension() == ".json" && !file.filename().string().starts_with("."))
      files.push_back(file.string());
  }
  if (error) return unreadable(path, error.message());
  if (files.empty()) return unreadable(path, "this directory has no *.json file");
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Result<LoadedDefinitions> load_definitions(const std::string& path,
                                           const std::optional<std::string>& vhost) {
  auto files = files_of(path);
  if (!files) return files.error();
  LoadedDefinitions loaded;
  std::string errors;
  for (const std::string& file : *files) {
    const auto text = read_file(file);
    if (!text) return text.error();
    auto parsed = parse_definitions(*text, file, vhost, &loaded.warnings);
    // What is wrong in one file does not hide what is wrong in the next.
    Result<void> merged = parsed ? merge_definitions(loaded.definitions, std::move(*parsed))
                                 : Result<void>(parsed.error());
    if (!merged) errors += (errors.empty() ? "" : "\n") + merged.error().text;
  }
  if (!errors.empty()) return Error{std::move(errors)};
  loaded.files = std::move(*files);
  return loaded;
}

}  // namespace tern::broker
