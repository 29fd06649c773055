// Reading and writing x-death (deaths.hpp).
#include "dlq/deaths.hpp"

#include <limits>

#include "dlq/header_list.hpp"
#include "message/properties.hpp"

namespace tern::dlq {
namespace {

constexpr std::int64_t count_max = std::numeric_limits<std::int64_t>::max();

void add_field(std::string& out, Bytes name, const std::string& value) {
  append_short_string(out, name);
  out.append(value);
}

std::string encode_keys(const std::vector<Bytes>& keys) {
  std::string values;
  for (const Bytes key : keys) values.append(encode_text(key));
  return encode_nested('A', values);
}

// The entry as RabbitMQ writes the first one, in no order.
std::string new_entry(const NewDeath& death) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(death.now.time_since_epoch());
  std::string out;
  add_field(out, "count", encode_long(1));
  add_field(out, "reason", encode_text(death.reason));
  add_field(out, "queue", encode_text(death.queue));
  add_field(out, "time", encode_timestamp(static_cast<std::uint64_t>(seconds.count())));
  add_field(out, "exchange", encode_text(death.exchange));
  add_field(out, "routing-keys", encode_keys(death.keys));
  if (death.expiration) add_field(out, "original-expiration", encode_text(*death.expiration));
  return out;
}

std::string counted_again(const Death& old, std::int64_t deaths_before) {
  HeaderList fields(old.entries);
  fields.set("count", encode_long(deaths_before == count_max ? count_max : deaths_before + 1));
  return fields.encode_sorted();
}

}  // namespace

Death read_death(Bytes entries) noexcept {
  Death death;
  death.entries = entries;
  const TableView table(entries);
  const auto text = [&](Bytes name) {
    const auto field = table.find(name);
    return field ? field->text() : std::nullopt;
  };
  death.queue = text("queue").value_or(Bytes());
  death.reason = text("reason").value_or(Bytes());
  const auto exchange = text("exchange");
  death.has_exchange = exchange.has_value();
  death.exchange = exchange.value_or(Bytes());
  if (const auto keys = table.find("routing-keys"); keys && keys->tag == 'A')
    death.routing_keys = keys->content;
  if (const auto count = table.find("count")) death.count = count->integer();
  return death;
}

std::optional<Bytes> find_deaths(Bytes headers) noexcept {
  const auto field = TableView(headers).find(deaths_name);
  if (!field || field->tag != 'A') return std::nullopt;
  return field->content;
}

std::string first_death(const NewDeath& death) {
  return encode_nested('F', new_entry(death));
}

std::string one_more_death(Bytes deaths, const NewDeath& death) {
  std::optional<Death> same;
  std::int64_t same_count = 0;  // brokers of old wrote one entry for each death, without a count
  std::string others;
  ArrayView values(deaths);
  while (const auto value = values.next()) {
    if (value->tag == 'F') {
      const Death each = read_death(value->content);
      if (each.queue == death.queue && each.reason == death.reason) {
        if (!same) same = each;
        ++same_count;
        continue;
      }
    }
    append_field(others, *value);
  }
  std::string front;
  if (same) {
    front = counted_again(*same, same->count.value_or(same_count));
  } else {
    front = HeaderList(new_entry(death)).encode_sorted();
  }
  return encode_nested('F', front) + others;
}

std::vector<Bytes> texts_of(Bytes values) {
  std::vector<Bytes> texts;
  ArrayView array(values);
  while (const auto value = array.next())
    if (const auto text = value->text()) texts.push_back(*text);
  return texts;
}

}  // namespace tern::dlq
