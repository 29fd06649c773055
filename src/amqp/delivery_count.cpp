#include "amqp/delivery_count.hpp"

#include "message/properties.hpp"
#include "message/table_view.hpp"

namespace tern::amqp {
namespace {

constexpr Bytes header_name = "x-delivery-count";

}  // namespace

MessageRef with_delivery_count(const Message& message, std::uint32_t count) {
  auto properties = PropertiesView::decode(message.properties(), PropertiesView::Headers::trust);
  ensure(properties.has_value(), "properties of a message were checked when it arrived");
  std::string headers = entries_without(properties->headers(), header_name);
  append_short_string(headers, header_name);
  headers.push_back('l');
  append_number(headers, static_cast<std::int64_t>(count));
  properties->set(Property::headers, headers);
  const std::string encoded = encode_properties(*properties);
  MessageParts parts = parts_of(message);
  parts.properties = encoded;
  return MessageRef::gather(parts);
}

}  // namespace tern::amqp
