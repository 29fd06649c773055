#include "message/properties.hpp"

#include <bit>

#include "message/message.hpp"

namespace tern {
namespace {

constexpr std::uint16_t continuation_flag = 1;

// The optional string members of Properties by property; null for headers and numbers.
using StringMember = std::optional<std::string> Properties::*;
constexpr std::array<StringMember, property_count> string_members = {
    &Properties::content_type,
    &Properties::content_encoding,
    nullptr,
    nullptr,
    nullptr,
    &Properties::correlation_id,
    &Properties::reply_to,
    &Properties::expiration,
    &Properties::message_id,
    nullptr,
    &Properties::type,
    &Properties::user_id,
    &Properties::app_id,
    &Properties::cluster_id,
};

constexpr Property property_at(std::size_t index) noexcept {
  return static_cast<Property>(index);
}

}  // namespace

Decoded<void> PropertiesView::read_value(ByteReader& reader, Property property,
                                         Headers headers) noexcept {
  Bytes& value = values_[static_cast<std::size_t>(property)];
  switch (property) {
    case Property::headers:
      value = reader.long_string();
      if (headers == Headers::check && !value.empty()) return validate_entries(value);
      return {};
    case Property::delivery_mode:
      delivery_mode_ = reader.u8();
      return {};
    case Property::priority:
      priority_ = reader.u8();
      return {};
    case Property::timestamp:
      timestamp_ = reader.u64();
      return {};
    default:
      value = reader.short_string();
      return {};
  }
}

PropertiesView PropertiesView::of(const Message& message) noexcept {
  const auto view = decode(message.properties(), Headers::trust);
  ensure(view.has_value(), "properties of a message were checked when it arrived");
  return *view;
}

Decoded<PropertiesView> PropertiesView::decode(Bytes encoded, Headers headers) noexcept {
  PropertiesView view;
  ByteReader reader(encoded);
  const std::uint16_t flags = reader.u16();
  // Bit 1 stands for nothing and is passed over, as RabbitMQ does. Further flag words could only
  // announce properties that class basic does not have.
  for (std::uint16_t word = flags; (word & continuation_flag) != 0;) {
    word = reader.u16();
    if ((word & ~continuation_flag) != 0) return DecodeError::unknown_flag;
  }
  view.flags_ = flags & 0xFFFCU;
  for (unsigned left = view.flags_; left != 0;) {
    const int index = std::countl_zero(static_cast<std::uint16_t>(left));
    left &= ~(0x8000U >> index);
    const auto read =
        view.read_value(reader, property_at(static_cast<std::size_t>(index)), headers);
    if (!read) return read.error();
  }
  if (reader.has_failed()) return DecodeError::truncated;
  if (!reader.is_at_end()) return DecodeError::trailing_bytes;
  return view;
}

void PropertiesView::set(Property property, Bytes value) noexcept {
  ensure(property != Property::delivery_mode, "delivery_mode is a number");
  ensure(property != Property::priority, "priority is a number");
  ensure(property != Property::timestamp, "timestamp is a number");
  ensure(property == Property::headers || value.size() <= 255, "property too long");
  flags_ |= flag(property);
  values_[static_cast<std::size_t>(property)] = value;
}

void PropertiesView::set_delivery_mode(std::uint8_t mode) noexcept {
  flags_ |= flag(Property::delivery_mode);
  delivery_mode_ = mode;
}

void PropertiesView::set_priority(std::uint8_t priority) noexcept {
  flags_ |= flag(Property::priority);
  priority_ = priority;
}

void PropertiesView::set_timestamp(std::uint64_t seconds) noexcept {
  flags_ |= flag(Property::timestamp);
  timestamp_ = seconds;
}

void PropertiesView::clear(Property property) noexcept {
  flags_ &= static_cast<std::uint16_t>(~flag(property));
  values_[static_cast<std::size_t>(property)] = {};
  if (property == Property::delivery_mode) delivery_mode_ = 0;
  if (property == Property::priority) priority_ = 0;
  if (property == Property::timestamp) timestamp_ = 0;
}

std::string encode_properties(const PropertiesView& view) {
  std::string out;
  append_number(out, view.flags_);
  for (std::size_t i = 0; i < property_count; ++i) {
    const Property property = property_at(i);
    if (!view.has(property)) continue;
    switch (property) {
      case Property::headers:
        append_long_string(out, view.headers());
        break;
      case Property::delivery_mode:
        append_number(out, view.delivery_mode_);
        break;
      case Property::priority:
        append_number(out, view.priority_);
        break;
      case Property::timestamp:
        append_number(out, view.timestamp_);
        break;
      default:
        append_short_string(out, view.get(property));
    }
  }
  return out;
}

std::string encode_properties(const Properties& properties) {
  PropertiesView view;
  std::string headers;
  for (std::size_t i = 0; i < property_count; ++i) {
    if (string_members[i] == nullptr) continue;
    if (const auto& text = properties.*string_members[i]) view.set(property_at(i), *text);
  }
  if (properties.headers) {
    headers = encode_entries(*properties.headers);
    view.set(Property::headers, headers);
  }
  if (properties.delivery_mode) view.set_delivery_mode(*properties.delivery_mode);
  if (properties.priority) view.set_priority(*properties.priority);
  if (properties.timestamp) view.set_timestamp(*properties.timestamp);
  return encode_properties(view);
}

Decoded<Properties> to_properties(const PropertiesView& view) {
  Properties properties;
  for (std::size_t i = 0; i < property_count; ++i) {
    if (string_members[i] == nullptr || !view.has(property_at(i))) continue;
    properties.*string_members[i] = std::string(view.get(property_at(i)));
  }
  if (view.has(Property::headers)) {
    auto headers = decode_entries(view.headers());
    if (!headers) return headers.error();
    properties.headers = std::move(*headers);
  }
  if (view.has(Property::delivery_mode)) properties.delivery_mode = view.delivery_mode();
  if (view.has(Property::priority)) properties.priority = view.priority();
  if (view.has(Property::timestamp)) properties.timestamp = view.timestamp();
  return properties;
}

}  // namespace tern
