// Asking a message (message_filter.hpp).
#include "dlq/message_filter.hpp"

#include <algorithm>

#include "dlq/deaths.hpp"
#include "dlq/property_names.hpp"
#include "message/field_text.hpp"

namespace tern::dlq {
namespace {

constexpr std::string_view property_names[property_count] = {
    "content_type",   "content_encoding", "headers",    "delivery_mode", "priority",
    "correlation_id", "reply_to",         "expiration", "message_id",    "timestamp",
    "type",           "user_id",          "app_id",     "cluster_id"};

bool is_same_name(std::string_view known, std::string_view given) noexcept {
  return std::equal(known.begin(), known.end(), given.begin(), given.end(),
                    [](char left, char right) { return left == (right == '-' ? '_' : right); });
}

bool reads_as(const FieldView& field, std::string_view text) {
  if (const auto own = field.text()) return *own == text;
  const auto value = field.decode();
  return value && field_text(*value) == text;
}

std::string number_text(const PropertiesView& properties, Property property) {
  switch (property) {
    case Property::delivery_mode:
      return std::to_string(properties.delivery_mode());
    case Property::priority:
      return std::to_string(properties.priority());
    default:
      return std::to_string(properties.timestamp());
  }
}

bool is_number(Property property) noexcept {
  return property == Property::delivery_mode || property == Property::priority ||
         property == Property::timestamp;
}

// The newest death, or an empty one.
Death last_death(Bytes headers) noexcept {
  const auto deaths = find_deaths(headers);
  if (!deaths) return {};
  ArrayView values(*deaths);
  while (const auto value = values.next())
    if (value->tag == 'F') return read_death(value->content);
  return {};
}

}  // namespace

std::optional<Property> find_property(std::string_view name) noexcept {
  for (std::size_t i = 0; i < property_count; ++i)
    if (is_same_name(property_names[i], name)) return static_cast<Property>(i);
  return std::nullopt;
}

bool MessageFilter::matches(const Message& message) const {
  if (terms_.empty()) return true;
  const PropertiesView properties = PropertiesView::of(message);
  return std::all_of(terms_.begin(), terms_.end(), [&](const Term& term) {
    return holds(term, message, properties) != term.is_negated;
  });
}

bool MessageFilter::holds(const Term& term, const Message& message,
                          const PropertiesView& properties) {
  switch (term.kind) {
    case Kind::header: {
      const auto field = TableView(properties.headers()).find(term.name);
      return field && (!term.has_value || reads_as(*field, term.value));
    }
    case Kind::property:
      if (!properties.has(term.property)) return false;
      if (!term.has_value) return true;
      return is_number(term.property) ? number_text(properties, term.property) == term.value
                                      : properties.get(term.property) == term.value;
    case Kind::key:
      return message.routing_key() == term.value;
    case Kind::exchange:
      return message.exchange() == term.value;
    case Kind::body:
      return message.body().find(term.value) != Bytes::npos;
    case Kind::reason:
      return last_death(properties.headers()).reason == term.value;
    case Kind::queue:
      return last_death(properties.headers()).queue == term.value;
  }
  return false;
}

}  // namespace tern::dlq
