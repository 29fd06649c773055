// Messages with headers, and their headers decoded: what every test of dead letters needs.
#pragma once

#include <string>

#include "dlq/dead_letter.hpp"
#include "message/properties.hpp"
#include "message/table_view.hpp"

namespace tern::dlq::test {

inline Time at_second(std::int64_t seconds) {
  return Time{std::chrono::seconds{seconds}};
}

inline std::string names(Bytes exchange, Bytes routing_key) {
  std::string out;
  append_short_string(out, exchange);
  append_short_string(out, routing_key);
  return out;
}

struct Made {
  std::string exchange{};
  std::string routing_key = "key";
  Properties properties{};
  std::string body = "body";
  bool is_timed = false;
  std::string hidden_keys{};
};

inline MessageRef make(const Made& made) {
  const std::string where = names(made.exchange, made.routing_key);
  const std::string properties = encode_properties(made.properties);
  MessageParts parts{.names = where, .properties = properties, .body = made.body};
  parts.persistent = made.properties.delivery_mode == 2;
  parts.priority = made.properties.priority.value_or(0);
  if (made.properties.expiration) {
    parts.has_ttl = true;
    parts.ttl_ms = static_cast<std::uint32_t>(std::stoul(*made.properties.expiration));
  }
  parts.is_timed = made.is_timed;
  parts.hidden_keys = made.hidden_keys;
  parts.received = at_second(1);
  return MessageRef::gather(parts);
}

inline MessageRef make_with(const FieldTable& headers, std::string routing_key = "key") {
  Made made{.exchange = "", .routing_key = std::move(routing_key)};
  made.properties.headers = headers;
  return make(made);
}

inline Properties properties_of(const Message& message) {
  return to_properties(PropertiesView::decode(message.properties()).value()).value();
}

inline FieldTable headers_of(const Message& message) {
  return properties_of(message).headers.value_or(FieldTable{});
}

inline std::vector<std::string> header_names(const Message& message) {
  std::vector<std::string> names;
  // Held by a name: a range-for does not keep what a call returns by reference into.
  const FieldTable headers = headers_of(message);
  for (const FieldEntry& entry : headers.entries()) names.push_back(entry.name);
  return names;
}

/// The entries of x-death (or another array of tables), newest first.
inline std::vector<FieldTable> tables_in(const Message& message, std::string_view name) {
  std::vector<FieldTable> tables;
  const FieldTable headers = headers_of(message);
  const FieldValue* const value = headers.find(name);
  if (value == nullptr || value->as<FieldArray>() == nullptr) return tables;
  for (const FieldValue& each : value->as<FieldArray>()->values)
    if (const auto* table = each.as<FieldTable>()) tables.push_back(*table);
  return tables;
}

/// A value that would read as entries of a table or values of an array, were it one.
inline FieldValue text_like(const FieldTable& table) {
  return encode_entries(table);
}
inline FieldValue text_like(const FieldArray& array) {
  std::string values;
  for (const FieldValue& each : array.values) append_value(values, each);
  return values;
}

inline FieldValue texts(std::initializer_list<std::string_view> all) {
  FieldArray array;
  for (const std::string_view text : all) array.values.emplace_back(text);
  return array;
}

/// A death of `message` in `queue`, whose dead-letter exchange is the default exchange.
inline Republish die(const Message& message, queue::LeaveReason reason, std::string_view queue,
                     Time now, std::optional<std::string_view> routing_key = std::nullopt) {
  const Source source{.queue = queue,
                      .exchange = "",
                      .routing_key = routing_key.value_or(""),
                      .has_routing_key = routing_key.has_value()};
  return dead_letter(message, reason, source, now);
}

}  // namespace tern::dlq::test
