// Messages that name their group in the header "g".
#pragma once

#include "message/properties.hpp"
#include "unit/queue/fixture.hpp"

namespace tern::queue::test {

inline MessageRef in_group(const std::string& group, const std::string& body,
                           bool persistent = false, MessageOptions options = {}) {
  Properties properties;
  if (!group.empty()) properties.headers = FieldTable{{"g", group}};
  const std::string encoded = encode_properties(properties);
  return MessageRef::gather({.names = std::string_view("\0\1q", 3),
                             .properties = encoded,
                             .body = body,
                             .persistent = persistent,
                             .priority = options.priority,
                             .has_ttl = options.ttl_ms.has_value(),
                             .ttl_ms = options.ttl_ms.value_or(0),
                             .received = options.received});
}

}  // namespace tern::queue::test
