// Fuzzes definitions files. What is refused has a reason; what is taken is the same when it has
// been written and read again.
#include "base/ensure.hpp"
#include "broker/definitions.hpp"

using namespace tern;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> warnings;
  const auto definitions = broker::parse_definitions(input, "f", {}, &warnings);
  if (!definitions) {
    ensure(definitions.error().text.starts_with("f:"), "refused without file or reason");
    return 0;
  }
  const std::string text = broker::format_definitions(*definitions);
  const auto again = broker::parse_definitions(text, "f");
  ensure(again.has_value(), "what was written cannot be read");
  ensure(broker::format_definitions(*again) == text, "changed by a round trip");
  return 0;
}
