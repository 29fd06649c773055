#include "queue/message_key.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <utility>

#include "message/table_view.hpp"

namespace tern::queue {

namespace {

constexpr std::pair<std::string_view, Property> text_properties[] = {
    {"content-type", Property::content_type},
    {"content-encoding", Property::content_encoding},
    {"correlation-id", Property::correlation_id},
    {"reply-to", Property::reply_to},
    {"expiration", Property::expiration},
    {"message-id", Property::message_id},
    {"type", Property::type},
    {"user-id", Property::user_id},
    {"app-id", Property::app_id},
    {"cluster-id", Property::cluster_id},
};

template <class Number>
std::string_view print(Number number, std::string& memory) {
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  memory.assign(text.data(), end);
  return memory;
}

// The content of every tag here has its fixed size: read_field() saw to that.
std::optional<std::string_view> text_of(const FieldView& field, std::string& memory) {
  if (const auto number = field.integer()) return print(*number, memory);
  ByteReader reader(field.content);
  switch (field.tag) {
    case 'S':
    case 'x':
      return field.content;
    case 't':
      return reader.u8() != 0 ? "true" : "false";
    case 'T':
      return print(reader.u64(), memory);
    case 'f':
      return print(std::bit_cast<float>(reader.u32()), memory);
    case 'd':
      return print(std::bit_cast<double>(reader.u64()), memory);
    case 'D': {
      const std::uint8_t scale = reader.u8();
      print(reader.u32(), memory);
      memory += "e" + std::to_string(-static_cast<int>(scale));
      return memory;
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<Property> text_property(std::string_view name) noexcept {
  for (const auto& [known, property] : text_properties)
    if (known == name) return property;
  return std::nullopt;
}

std::optional<std::string_view> MessageKey::of(const Message& message, std::string& memory) const {
  if (header_.empty() && !otherwise_) return std::nullopt;
  const PropertiesView properties = PropertiesView::of(message);
  if (!header_.empty() && properties.has(Property::headers)) {
    if (const auto field = TableView(properties.headers()).find(header_))
      if (const auto text = text_of(*field, memory)) return text;
  }
  if (!otherwise_ || !properties.has(*otherwise_)) return std::nullopt;
  return properties.get(*otherwise_);
}

}  // namespace tern::queue
