#include "amqp/delivery_count.hpp"

#include "message/properties.hpp"
#include "message/table_view.hpp"

namespace tern::amqp {
namespace {

constexpr Bytes header_name = "x-delivery-count";

MessageRef with_headers(const Message& message, PropertiesView properties, Bytes headers) {
  properties.set(Property::headers, headers);
  const std::string encoded = encode_properties(properties);
  MessageParts parts = parts_of(message);
  parts.properties = encoded;
  return MessageRef::gather(parts);
}

}  // namespace

MessageRef with_delivery_count(const Message& message, std::uint32_t count) {
  const PropertiesView properties = PropertiesView::of(message);
  std::string headers = entries_without(properties.headers(), header_name);
  append_short_string(headers, header_name);
  headers.push_back('l');
  append_number(headers, static_cast<std::int64_t>(count));
  return with_headers(message, properties, headers);
}

MessageRef without_delivery_count(const MessageRef& message) {
  const PropertiesView properties = PropertiesView::of(*message);
  if (!TableView(properties.headers()).find(header_name)) return message;
  return with_headers(*message, properties, entries_without(properties.headers(), header_name));
}

}  // namespace tern::amqp
