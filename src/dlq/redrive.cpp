// Finding a message's origin and sending it there again (redrive.hpp).
#include "dlq/redrive.hpp"

#include <limits>

#include "dlq/deaths.hpp"
#include "dlq/header_list.hpp"
#include "dlq/republish.hpp"

namespace tern::dlq {
namespace {

constexpr Bytes mark_name = "x-redriven";
constexpr Bytes history_name = "x-redriven-death";
constexpr std::size_t name_bytes_max = 255;

std::optional<Bytes> text_header(Bytes headers, Bytes name) noexcept {
  const auto field = TableView(headers).find(name);
  return field ? field->text() : std::nullopt;
}

// A repeated death moves its entry to the front, so the last entry need not be the first death.
std::optional<Death> find_first_death(Bytes headers, Bytes deaths) noexcept {
  const auto queue = text_header(headers, "x-first-death-queue");
  const auto reason = text_header(headers, "x-first-death-reason");
  std::optional<Death> last;
  ArrayView values(deaths);
  while (const auto value = values.next()) {
    if (value->tag != 'F') continue;
    last = read_death(value->content);
    if (queue && reason && last->queue == *queue && last->reason == *reason) return last;
  }
  return last;
}

std::int64_t times_redriven(const HeaderList& headers) noexcept {
  const auto mark = headers.find(mark_name);
  if (!mark || mark->tag != 'F') return 0;
  const auto count = TableView(mark->content).find("count");
  const std::int64_t number = count ? count->integer().value_or(0) : 0;
  return number < 0 || number == std::numeric_limits<std::int64_t>::max() ? 0 : number;
}

void write_mark(HeaderList& headers, std::string_view from, Time now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  std::string mark;
  append_short_string(mark, "count");
  mark += encode_long(times_redriven(headers) + 1);
  append_short_string(mark, "queue");
  mark += encode_text(from);
  append_short_string(mark, "time");
  mark += encode_timestamp(static_cast<std::uint64_t>(seconds.count()));
  headers.set(mark_name, encode_nested('F', mark));
}

void move_deaths(HeaderList& headers) {
  const auto deaths = headers.find(deaths_name);
  if (!deaths || deaths->tag != 'A') return;
  std::string history;
  std::size_t count = 0;
  const auto keep = [&](Bytes array) {
    ArrayView values(array);
    while (const auto value = values.next()) {
      if (count == redriven_deaths_max) return;
      append_field(history, *value);
      ++count;
    }
  };
  keep(deaths->content);
  if (const auto earlier = headers.find(history_name); earlier && earlier->tag == 'A')
    keep(earlier->content);
  headers.erase(deaths_name);
  if (count > 0) headers.set(history_name, encode_nested('A', history));
}

void write_copies(HeaderList& headers, const std::vector<std::string>& keys) {
  if (keys.size() < 2) return headers.erase("CC");
  std::string values;
  for (std::size_t i = 1; i < keys.size(); ++i) values += encode_text(keys[i]);
  headers.set("CC", encode_nested('A', values));
}

}  // namespace

Result<Destination> origin_of(const Message& message) {
  const Bytes headers = PropertiesView::of(message).headers();
  const auto deaths = find_deaths(headers);
  if (!deaths) return Error{"has no x-death header: it was published here, or redriven to here"};
  const auto death = find_first_death(headers, *deaths);
  if (!death) return Error{"has an x-death header without an entry"};
  if (!death->has_exchange) return Error{"has an x-death entry that names no exchange"};
  const std::vector<Bytes> keys = texts_of(death->routing_keys);
  if (keys.empty()) return Error{"has an x-death entry without routing keys"};
  if (death->exchange.size() > name_bytes_max || keys.front().size() > name_bytes_max)
    return Error{"has an x-death entry whose exchange or routing key is longer than 255 octets"};
  Destination origin;
  origin.exchange = death->exchange;
  origin.routing_keys.assign(keys.begin(), keys.end());
  return Result<Destination>(boost::system::in_place_value, std::move(origin));
}

Destination to_queue(std::string_view queue) {
  return {"", {std::string(queue)}};
}

Republish redrive(const Message& message, std::string_view from, const Destination& to, Time now) {
  ensure(!to.routing_keys.empty(), "a destination needs a routing key");
  const PropertiesView properties = PropertiesView::of(message);
  HeaderList headers(properties.headers());
  write_mark(headers, from, now);
  move_deaths(headers);
  write_copies(headers, to.routing_keys);
  headers.erase("x-delivery-count");
  const Names names{.exchange = to.exchange, .routing_key = to.routing_keys.front()};
  return {remade(message, properties, headers, names, now), to.routing_keys};
}

}  // namespace tern::dlq
