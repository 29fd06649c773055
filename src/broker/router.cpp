#include "broker/router.hpp"

#include <algorithm>

#include "message/properties.hpp"
#include "message/table_view.hpp"

namespace tern::broker {
namespace {

bool has_copies(Bytes headers) {
  if (headers.empty()) return false;
  const TableView table(headers);
  return table.find("CC").has_value() || table.find("BCC").has_value();
}

}  // namespace

bool Router::is_cached(const RouteCache& cache, std::uint32_t vhost, const Message& message,
                       Bytes headers) const {
  return cache.version == replica_.version() && cache.vhost == vhost &&
         message.routing_key() == cache.routing_key && message.exchange() == cache.exchange &&
         !has_copies(headers);
}

void Router::collect_keys(const Message& message, Bytes headers) {
  keys_.clear();
  keys_.push_back(message.routing_key());
  const auto collect = [this](Bytes array) {
    ArrayView values(array);
    while (const auto value = values.next())
      if (const auto key = value->text()) keys_.push_back(*key);
  };
  if (!headers.empty()) {
    const TableView table(headers);
    for (const char* name : {"CC", "BCC"}) {
      const auto field = table.find(name);
      if (field && field->tag == 'A') collect(field->content);
    }
  }
  collect(message.hidden_keys());
}

void Router::visit(const RoutedExchange& exchange, const Message& message, Bytes headers) {
  found_.clear();
  for (const Bytes key : keys_) {
    exchange.matcher->route({key, headers, message.properties()}, found_);
    if (exchange.routes_once) break;
  }
  if (found_.empty() && !exchange.alternate.empty()) {
    const RoutedExchange* alternate =
        replica_.find_exchange(exchange.record->vhost, exchange.alternate);
    if (alternate != nullptr)
      found_.add({exchange::Target::Kind::exchange, alternate->record->number});
  }
  for (const exchange::Target& target : found_.items()) {
    if (target.kind == exchange::Target::Kind::queue) {
      queues_.add(target);
      continue;
    }
    const RoutedExchange* next = replica_.find_exchange(target.id);
    const bool is_new = std::find(to_visit_.begin(), to_visit_.end(), next) == to_visit_.end();
    if (next != nullptr && is_new) visit_or_wait(*next);
  }
}

// What is behind a gate is routed when the message has passed it.
void Router::visit_or_wait(const RoutedExchange& exchange) {
  if (exchange.record->has_gate())
    queues_.add({exchange::Target::Kind::queue, raw(exchange.record->gate)});
  else
    to_visit_.push_back(&exchange);
}

void Router::route(std::uint32_t vhost, const RoutedExchange* from, const Message& message,
                   Bytes headers, RouteCache& cache, bool is_past_gate) {
  collect_keys(message, headers);
  queues_.clear();
  to_visit_.clear();
  bool cacheable = keys_.size() == 1;
  if (from == nullptr) {
    for (const Bytes key : keys_) {
      if (const QueuePointer queue = replica_.find_queue(vhost, key))
        queues_.add({exchange::Target::Kind::queue, raw(queue->id)});
    }
  } else {
    if (is_past_gate)
      to_visit_.push_back(from);
    else
      visit_or_wait(*from);
    for (std::size_t at = 0; at < to_visit_.size(); ++at) {
      cacheable = cacheable && to_visit_[at]->is_cacheable;
      visit(*to_visit_[at], message, headers);
    }
  }
  cache.targets.clear();
  for (const exchange::Target& target : queues_.items())
    cache.targets.push_back(address_of(QueueId{target.id}, shards_));
  cache.version = cacheable ? replica_.version() : 0;
  cache.vhost = vhost;
  if (!cacheable) return;
  cache.exchange.assign(message.exchange());
  cache.routing_key.assign(message.routing_key());
}

void hide_bcc(MessageRef& message, Bytes headers) {
  if (headers.empty()) return;
  const auto copies = TableView(headers).find("BCC");
  if (!copies) return;
  PropertiesView view = PropertiesView::of(*message);
  const std::string rest = entries_without(headers, "BCC");
  view.set(Property::headers, rest);
  const std::string properties = encode_properties(view);
  MessageParts parts = parts_of(*message);
  parts.properties = properties;
  if (copies->tag == 'A') parts.hidden_keys = copies->content;
  message = MessageRef::gather(parts);
}

}  // namespace tern::broker
