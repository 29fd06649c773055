// Fuzzes message filters. What stands behind a zero octet is a message's headers and body, so that
// accepted filters are asked about hostile headers, too.
#include "dlq/message_filter.hpp"

using namespace tern;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = input.find('\0');
  const Bytes text = input.substr(0, end);
  const auto filter = dlq::MessageFilter::parse(text);
  if (!filter) {
    ensure(filter.error().text.starts_with("filter"), "error without a place");
    return 0;
  }
  const Bytes rest = end == Bytes::npos ? Bytes() : input.substr(end + 1);
  PropertiesView properties;
  if (validate_entries(rest)) properties.set(Property::headers, rest);
  properties.set_priority(3);
  const std::string encoded = encode_properties(properties);
  const MessageRef message =
      MessageRef::gather({.names = Bytes("\1x\1k", 4), .properties = encoded, .body = rest});
  const bool answer = filter->matches(*message);
  ensure(answer || !filter->is_empty(), "no term, and yet a message is refused");
  return 0;
}
