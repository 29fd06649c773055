// Making dead letters (dead_letter.hpp).
#include "dlq/dead_letter.hpp"

#include "dlq/deaths.hpp"
#include "dlq/header_list.hpp"
#include "dlq/republish.hpp"

namespace tern::dlq {
namespace {

constexpr Bytes rejected = "rejected";

std::vector<Bytes> routing_keys_of(const Message& message, Bytes headers) {
  std::vector<Bytes> keys{message.routing_key()};
  const auto copies = TableView(headers).find("CC");
  if (!copies || copies->tag != 'A') return keys;
  for (const Bytes key : texts_of(copies->content)) keys.push_back(key);
  return keys;
}

void write_death(HeaderList& headers, const NewDeath& death) {
  const auto before = headers.find(deaths_name);
  const bool is_list = before && before->tag == 'A';
  headers.set(deaths_name, encode_nested('A', is_list ? one_more_death(before->content, death)
                                                      : first_death(death)));
  if (!before) {
    headers.set("x-first-death-exchange", encode_text(death.exchange));
    headers.set("x-first-death-queue", encode_text(death.queue));
    headers.set("x-first-death-reason", encode_text(death.reason));
  }
  headers.set("x-last-death-exchange", encode_text(death.exchange));
  headers.set("x-last-death-queue", encode_text(death.queue));
  headers.set("x-last-death-reason", encode_text(death.reason));
}

}  // namespace

std::string_view reason_name(queue::LeaveReason reason) noexcept {
  switch (reason) {
    case queue::LeaveReason::rejected:
      return rejected;
    case queue::LeaveReason::expired:
      return "expired";
    case queue::LeaveReason::maxlen:
      return "maxlen";
    case queue::LeaveReason::delivery_limit:
      return "delivery_limit";
    case queue::LeaveReason::released:
    case queue::LeaveReason::redriven:
      break;
  }
  return {};
}

Republish dead_letter(const Message& message, queue::LeaveReason reason, const Source& source,
                      Time now) {
  ensure(!reason_name(reason).empty(), "a message that leaves for this reason has not died");
  PropertiesView properties = PropertiesView::of(message);
  const std::vector<Bytes> keys = routing_keys_of(message, properties.headers());
  NewDeath death{.queue = source.queue,
                 .reason = reason_name(reason),
                 .exchange = message.exchange(),
                 .keys = keys,
                 .expiration = std::nullopt,
                 .now = now};
  if (properties.has(Property::expiration)) death.expiration = properties.get(Property::expiration);

  HeaderList headers(properties.headers());
  write_death(headers, death);
  headers.erase("x-delivery-count");
  if (source.has_routing_key) headers.erase("CC");
  properties.clear(Property::expiration);

  Republish republish;
  if (source.has_routing_key) {
    republish.routing_keys.emplace_back(source.routing_key);
  } else {
    republish.routing_keys.assign(keys.begin(), keys.end());
  }
  const Names names{.exchange = source.exchange,
                    .routing_key = republish.routing_keys.front(),
                    .keeps_hidden_keys = !source.has_routing_key};
  republish.message = remade(message, properties, headers, names, now);
  return republish;
}

bool closes_cycle(const Message& letter, queue::LeaveReason reason, std::string_view target) {
  if (reason == queue::LeaveReason::rejected || reason_name(reason).empty()) return false;
  const auto deaths = find_deaths(PropertiesView::of(letter).headers());
  if (!deaths) return false;
  // From the newest death back to the last one in the target: a rejection breaks the cycle, and
  // so does what only a client can have written, for then the cycle ran through a client.
  ArrayView values(*deaths);
  while (const auto value = values.next()) {
    if (value->tag != 'F') return false;
    const Death death = read_death(value->content);
    if (death.reason == rejected) return false;
    if (death.queue == target) return true;
  }
  return false;
}

}  // namespace tern::dlq
