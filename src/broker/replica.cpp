#include "broker/replica.hpp"

#include "base/ensure.hpp"
#include "broker/effective.hpp"

namespace tern::broker {

void Replica::apply(const Change& change) {
  ++version_;
  if (const auto* vhost_added = std::get_if<VhostAdded>(&change)) return add(*vhost_added);
  if (const auto* vhost_removed = std::get_if<VhostRemoved>(&change))
    vhost(vhost_removed->vhost->number).is_removed = true;
  if (const auto* policies = std::get_if<PoliciesChanged>(&change)) return this->change(*policies);
  if (const auto* access = std::get_if<AccessChanged>(&change)) access_.update(access->access);
  if (const auto* exchange_added = std::get_if<ExchangeAdded>(&change)) return add(*exchange_added);
  if (const auto* removed = std::get_if<ExchangeRemoved>(&change)) return remove(*removed);
  if (const auto* binding = std::get_if<BindingChanged>(&change)) return this->change(*binding);
  if (const auto* queue_added = std::get_if<QueueAdded>(&change)) {
    const QueuePointer& queue = queue_added->queue;
    const bool is_new = vhost(queue->vhost).queues.emplace(queue->name, queue).second;
    ensure(is_new, "queue added twice");
    queues_.emplace(queue->id, queue);
  }
  if (const auto* queue_removed = std::get_if<QueueRemoved>(&change)) {
    const QueuePointer& queue = queue_removed->queue;
    ensure(vhost(queue->vhost).queues.erase(queue->name) == 1, "unknown queue removed");
    queues_.erase(queue->id);
  }
}

void Replica::add(const VhostAdded& change) {
  vhosts_[change.vhost->number].record = change.vhost;
}

void Replica::add(const ExchangeAdded& change) {
  const ExchangeRecord& record = *change.exchange;
  const exchange::ExchangeType* type = exchange::find_routing_type(record.type, record.arguments);
  // The default exchange routes by queue name and has no table.
  ensure(type != nullptr, "exchange of unknown type in the topology");
  auto routed = std::make_unique<RoutedExchange>();
  routed->record = change.exchange;
  routed->matcher = type->make(record.arguments);
  routed->is_cacheable = routed->matcher->is_cacheable();
  routed->routes_once = type->routes_once;
  routed->alternate = effective_alternate_exchange(record, *policies(record.vhost));
  vhost(record.vhost).exchanges[record.name] = routed.get();
  exchanges_[record.number] = std::move(routed);
}

void Replica::change(const PoliciesChanged& change) {
  Vhost& changed = vhost(change.vhost);
  changed.policies = change.policies;
  for (const auto& [name, routed] : changed.exchanges)
    routed->alternate = effective_alternate_exchange(*routed->record, *changed.policies);
}

void Replica::remove(const ExchangeRemoved& change) {
  const ExchangeRecord& record = *change.exchange;
  vhost(record.vhost).exchanges.erase(record.name);
  exchanges_.erase(record.number);
}

void Replica::change(const BindingChanged& change) {
  const auto at = exchanges_.find(change.source);
  ensure(at != exchanges_.end(), "binding of an unknown exchange");
  const bool changed = change.added ? at->second->matcher->bind(change.binding)
                                    : at->second->matcher->unbind(change.binding);
  ensure(changed, "binding added twice, or removed twice");
}

Replica::Vhost& Replica::vhost(std::uint32_t number) {
  const auto at = vhosts_.find(number);
  ensure(at != vhosts_.end(), "unknown virtual host");
  return at->second;
}

const Replica::Vhost* Replica::vhost(std::uint32_t number) const {
  const auto at = vhosts_.find(number);
  return at == vhosts_.end() ? nullptr : &at->second;
}

const VhostRecord* Replica::find_vhost(std::string_view name) const {
  for (const auto& [number, vhost] : vhosts_) {
    if (!vhost.is_removed && vhost.record->name == name) return vhost.record.get();
  }
  return nullptr;
}

const std::string& Replica::vhost_name(std::uint32_t number) const {
  return vhost_record(number).name;
}

const VhostRecord& Replica::vhost_record(std::uint32_t number) const {
  const Vhost* found = vhost(number);
  ensure(found != nullptr, "unknown virtual host");
  return *found->record;
}

const PolicyBookPointer& Replica::policies(std::uint32_t number) const {
  const Vhost* found = vhost(number);
  ensure(found != nullptr, "unknown virtual host");
  return found->policies;
}

const RoutedExchange* Replica::find_exchange(std::uint32_t vhost_number,
                                             std::string_view name) const {
  const Vhost* found = vhost(vhost_number);
  if (found == nullptr) return nullptr;
  const auto at = found->exchanges.find(name);
  return at == found->exchanges.end() ? nullptr : at->second;
}

const RoutedExchange* Replica::find_exchange(std::uint32_t number) const {
  const auto at = exchanges_.find(number);
  return at == exchanges_.end() ? nullptr : at->second.get();
}

QueuePointer Replica::find_queue(std::uint32_t vhost_number, std::string_view name) const {
  const Vhost* found = vhost(vhost_number);
  if (found == nullptr) return nullptr;
  const auto at = found->queues.find(name);
  return at == found->queues.end() ? nullptr : at->second;
}

QueuePointer Replica::find_queue(QueueId id) const {
  const auto at = queues_.find(id);
  return at == queues_.end() ? nullptr : at->second;
}

}  // namespace tern::broker
