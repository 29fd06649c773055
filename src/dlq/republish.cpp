// Making a message anew (republish.hpp).
#include "dlq/republish.hpp"

namespace tern::dlq {

MessageRef remade(const Message& message, PropertiesView properties, HeaderList& headers,
                  const Names& names, Time now) {
  const std::string entries = headers.encode_sorted();
  properties.set(Property::headers, entries);
  const std::string encoded = encode_properties(properties);
  std::string new_names;
  append_short_string(new_names, names.exchange);
  append_short_string(new_names, names.routing_key);

  MessageParts parts = parts_of(message);
  parts.names = new_names;
  if (!names.keeps_hidden_keys) parts.hidden_keys = {};
  parts.properties = encoded;
  parts.has_ttl = parts.has_ttl && properties.has(Property::expiration);
  parts.is_timed = false;
  parts.received = now;
  return MessageRef::gather(parts);
}

}  // namespace tern::dlq
