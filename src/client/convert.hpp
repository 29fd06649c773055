// Between the public value types (include/ternmq) and the codec's. Pure.
#pragma once

#include <string>

#include "message/properties.hpp"
#include "message/table_view.hpp"
#include "ternmq/message.hpp"

namespace tern::client {

[[nodiscard]] FieldTable to_field_table(const ternmq::table& table);
[[nodiscard]] ternmq::table to_table(const FieldTable& table);
[[nodiscard]] ternmq::value to_value(const FieldValue& value);

/// Whether the wire can carry it as a short string.
[[nodiscard]] inline bool is_short(const std::string& text) {
  return text.size() <= 255;
}

/// Whether the wire can carry it: names and short strings of at most 255 octets, tables not nested
/// deeper than the codec reads.
[[nodiscard]] bool is_encodable(const ternmq::table& table, int depth = 1);
[[nodiscard]] bool is_encodable(const ternmq::message& message);

/// Appends flags and list, as a content header has them. `message_id` replaces an empty one.
void append_properties(std::string& out, const ternmq::message_properties& properties,
                       std::string_view message_id = {});
/// Of bytes that came from the broker; what is malformed reads as absent.
[[nodiscard]] ternmq::message_properties to_properties(Bytes encoded);

}  // namespace tern::client
