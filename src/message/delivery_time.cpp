#include "message/delivery_time.hpp"

#include <limits>

#include "message/properties.hpp"
#include "message/table_view.hpp"

namespace tern {
namespace {

constexpr Bytes delay_names[] = {"x-delivery-delay", "x-opt-delivery-delay"};
constexpr Bytes moment_names[] = {"x-deliver-at", "x-opt-delivery-time"};
constexpr Bytes exchange_delay_name = "x-delay";

constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max();

std::optional<Time> after(Time now, std::int64_t delay_ms) noexcept {
  if (delay_ms <= 0) return std::nullopt;
  const std::int64_t start = now.time_since_epoch().count();
  return Time{Millis{delay_ms > latest - start ? latest : start + delay_ms}};
}

// Plain integers are milliseconds; AMQP's timestamp type counts seconds.
std::optional<Time> moment(const FieldView& field, Time now) noexcept {
  auto number = field.integer();
  if (!number && field.tag == 'T' && field.content.size() == 8) {
    ByteReader reader(field.content);
    const auto seconds = reader.u64();
    number = static_cast<std::int64_t>(seconds);
    if (*number > latest / 1000) return Time{Millis{latest}};
    *number *= 1000;
  }
  if (!number) return std::nullopt;
  const Time at{Millis{*number}};
  return at > now ? std::optional(at) : std::nullopt;
}

}  // namespace

bool asks_for_delivery_time(Bytes headers) noexcept {
  TableView table(headers);
  while (const auto entry = table.next()) {
    if (!entry->name.starts_with("x-")) continue;
    if (entry->name == exchange_delay_name) return true;
    for (const Bytes name : delay_names)
      if (entry->name == name) return true;
    for (const Bytes name : moment_names)
      if (entry->name == name) return true;
  }
  return false;
}

std::optional<Time> delivery_time(const Message& message, Time now) {
  const TableView headers(PropertiesView::of(message).headers());
  for (const Bytes name : moment_names) {
    if (const auto field = headers.find(name)) return moment(*field, now);
  }
  for (const Bytes name : delay_names) {
    const auto field = headers.find(name);
    if (const auto number = field ? field->integer() : std::nullopt) return after(now, *number);
  }
  return std::nullopt;
}

std::optional<Time> exchange_delay(const Message& message, Time now) {
  const auto field = TableView(PropertiesView::of(message).headers()).find(exchange_delay_name);
  const auto number = field ? field->integer() : std::nullopt;
  return number ? after(now, *number) : std::nullopt;
}

}  // namespace tern
