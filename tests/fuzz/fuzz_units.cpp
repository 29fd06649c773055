// Fuzzes numbers, sizes and durations in text. What is refused has a reason; what is read is
// written such that it is read as the same.
#include "base/ensure.hpp"
#include "config/units.hpp"

using namespace tern;
using namespace tern::config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto bytes = parse_size(text);
  if (bytes) {
    const auto again = parse_size(format_size(*bytes));
    ensure(again.has_value(), "own text of a size refused");
    ensure(*again == *bytes, "size changed by a round trip");
  } else {
    ensure(!bytes.error().text.empty(), "size refused without a reason");
  }
  const auto duration = parse_duration(text);
  if (duration) {
    ensure(duration->count() >= 0, "duration below zero");
    const auto again = parse_duration(format_duration(*duration));
    ensure(again.has_value(), "own text of a duration refused");
    ensure(*again == *duration, "duration changed by a round trip");
  } else {
    ensure(!duration.error().text.empty(), "duration refused without a reason");
  }
  const auto number = parse_number(text);
  if (number) {
    ensure(bytes.has_value() && *bytes == *number, "a number that is no size without a unit");
  } else {
    ensure(!number.error().text.empty(), "number refused without a reason");
  }
  return 0;
}
