// Fuzzes the configuration file. Every mistake is named with the file; whatever was read, mistakes
// or not, gives a configuration whose own text reads as the same.
#include "base/ensure.hpp"
#include "config/options.hpp"
#include "config/sources.hpp"

using namespace tern;
using namespace tern::config;

namespace {

std::string written(const Config& config) {
  std::string text;
  for (const Option& option : options()) {
    text += option.key;
    text += " = " + format_value(option, config, Notation::file) + "\n";
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const File file{"f.toml", std::string(reinterpret_cast<const char*>(data), size)};
  Config config;
  Errors errors;
  apply_file(file, config, errors);
  for (const std::string& error : errors)
    ensure(error.starts_with("f.toml:"), "a mistake without its file");
  for (const std::string& error : check_together(config))
    ensure(!error.empty(), "refused without a reason");

  Config again;
  Errors own_errors;
  apply_file({"again.toml", written(config)}, again, own_errors);
  ensure(own_errors.empty(), own_errors.empty() ? "" : own_errors.front().c_str());
  ensure(written(again) == written(config), "configuration changed by a round trip");
  return 0;
}
