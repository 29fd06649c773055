#include "client/convert.hpp"

#include <charconv>

#include "base/ensure.hpp"

namespace tern::client {
namespace {

constexpr std::size_t short_string_max = 255;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

FieldValue to_field_value(const ternmq::value& value) {
  return std::visit(
      Overloaded{
          [](std::monostate) { return FieldValue(); },
          [](const ternmq::decimal& number) {
            return FieldValue(FieldDecimal{number.scale, number.value});
          },
          [](const ternmq::binary& binary) { return FieldValue(FieldBinary{binary.bytes}); },
          [](ternmq::timestamp time) {
            const auto seconds = time.time_since_epoch().count();
            return FieldValue(FieldTimestamp{static_cast<std::uint64_t>(seconds)});
          },
          [](const ternmq::array& values) {
            FieldArray array;
            for (const auto& one : values) array.values.push_back(to_field_value(one));
            return FieldValue(std::move(array));
          },
          [](const ternmq::table& table) { return FieldValue(to_field_table(table)); },
          [](const auto& same) { return FieldValue(same); },
      },
      value.alternatives());
}

bool is_encodable_value(const ternmq::value& value, int depth) {
  if (depth > field_depth_max) return false;
  if (const auto* table = value.as<ternmq::table>()) return client::is_encodable(*table, depth);
  if (const auto* values = value.as<ternmq::array>()) {
    for (const auto& one : *values)
      if (!is_encodable_value(one, depth + 1)) return false;
  }
  return true;
}

// Collects flags and values in wire order: content-type is bit 15, app-id bit 3.
class PropertyWriter {
 public:
  explicit PropertyWriter(std::string& out) : out_(out), start_(out.size()) { out.append(2, '\0'); }
  void text(Property property, std::string_view value) {
    if (value.empty()) return;
    mark(property);
    append_short_string(out_, value);
  }
  template <class T>
  void number(Property property, T value) {
    mark(property);
    append_number(out_, value);
  }
  void headers(const ternmq::table& table) {
    if (table.empty()) return;
    mark(Property::headers);
    append_table(out_, to_field_table(table));
  }
  void finish() { store_big_endian(out_.data() + start_, flags_); }

 private:
  void mark(Property property) {
    flags_ = static_cast<std::uint16_t>(flags_ | 0x8000U >> static_cast<unsigned>(property));
  }

  std::string& out_;
  std::size_t start_;
  std::uint16_t flags_ = 0;
};

}  // namespace

FieldTable to_field_table(const ternmq::table& table) {
  FieldTable fields;
  for (const auto& [name, value] : table) fields.add(name, to_field_value(value));
  return fields;
}

ternmq::value to_value(const FieldValue& value) {
  return std::visit(
      Overloaded{
          [](std::monostate) { return ternmq::value(); },
          [](const FieldDecimal& number) {
            return ternmq::value(ternmq::decimal{number.scale, number.value});
          },
          [](const FieldBinary& binary) { return ternmq::value(ternmq::binary{binary.bytes}); },
          [](const FieldTimestamp& time) {
            const std::chrono::seconds since(static_cast<std::int64_t>(time.seconds));
            return ternmq::value(ternmq::timestamp(since));
          },
          [](const FieldArray& array) {
            ternmq::array values;
            for (const auto& one : array.values) values.push_back(to_value(one));
            return ternmq::value(std::move(values));
          },
          [](const FieldTable& table) { return ternmq::value(to_table(table)); },
          [](const auto& same) { return ternmq::value(same); },
      },
      value.value);
}

ternmq::table to_table(const FieldTable& table) {
  ternmq::table result;
  // Of a name that occurs twice the first counts.
  for (const auto& entry : table.entries())
    if (result.find(entry.name) == nullptr) result.set(entry.name, to_value(entry.value));
  return result;
}

bool is_encodable(const ternmq::table& table, int depth) {
  if (depth > field_depth_max) return false;
  for (const auto& [name, value] : table)
    if (name.size() > short_string_max || !is_encodable_value(value, depth + 1)) return false;
  return true;
}

bool is_encodable(const ternmq::message& message) {
  const auto& properties = message.properties;
  for (const std::string* text :
       {&message.exchange, &message.routing_key, &properties.content_type,
        &properties.content_encoding, &properties.correlation_id, &properties.reply_to,
        &properties.message_id, &properties.type, &properties.user_id, &properties.app_id})
    if (text->size() > short_string_max) return false;
  return properties.headers.empty() || is_encodable(properties.headers);
}

void append_properties(std::string& out, const ternmq::message_properties& properties,
                       std::string_view message_id) {
  PropertyWriter writer(out);
  writer.text(Property::content_type, properties.content_type);
  writer.text(Property::content_encoding, properties.content_encoding);
  writer.headers(properties.headers);
  writer.number(Property::delivery_mode, std::uint8_t(properties.persistent ? 2 : 1));
  if (properties.priority) writer.number(Property::priority, *properties.priority);
  writer.text(Property::correlation_id, properties.correlation_id);
  writer.text(Property::reply_to, properties.reply_to);
  if (properties.expiration)
    writer.text(Property::expiration, std::to_string(properties.expiration->count()));
  writer.text(Property::message_id,
              properties.message_id.empty() ? message_id : properties.message_id);
  if (properties.timestamp)
    writer.number(Property::timestamp,
                  static_cast<std::uint64_t>(properties.timestamp->time_since_epoch().count()));
  writer.text(Property::type, properties.type);
  writer.text(Property::user_id, properties.user_id);
  writer.text(Property::app_id, properties.app_id);
  writer.finish();
}

ternmq::message_properties to_properties(Bytes encoded) {
  ternmq::message_properties result;
  const auto decoded = PropertiesView::decode(encoded);
  if (!decoded) return result;
  const PropertiesView& view = *decoded;
  const auto text = [&view](Property property) { return std::string(view.get(property)); };
  result.content_type = text(Property::content_type);
  result.content_encoding = text(Property::content_encoding);
  if (auto headers = decode_entries(view.headers())) result.headers = to_table(*headers);
  result.persistent = view.is_persistent();
  if (view.has(Property::priority)) result.priority = view.priority();
  result.correlation_id = text(Property::correlation_id);
  result.reply_to = text(Property::reply_to);
  const Bytes expiration = view.get(Property::expiration);
  std::int64_t millis = 0;
  const auto read =
      std::from_chars(expiration.data(), expiration.data() + expiration.size(), millis);
  if (!expiration.empty() && read.ec == std::errc())
    result.expiration = std::chrono::milliseconds(millis);
  result.message_id = text(Property::message_id);
  if (view.has(Property::timestamp))
    result.timestamp =
        std::chrono::sys_seconds(std::chrono::seconds(static_cast<std::int64_t>(view.timestamp())));
  result.type = text(Property::type);
  result.user_id = text(Property::user_id);
  result.app_id = text(Property::app_id);
  return result;
}

}  // namespace tern::client
