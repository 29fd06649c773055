// Topology: what there is, handed out.
#include "broker/effective.hpp"
#include "broker/server_names.hpp"
#include "broker/texts.hpp"
#include "broker/topology.hpp"

namespace tern::broker {
namespace {

template <class Map, class Wanted>
auto values_of(const Map& map, const Wanted& is_wanted) {
  std::vector<typename Map::mapped_type> values;
  for (const auto& [key, value] : map)
    if (is_wanted(value)) values.push_back(value);
  return values;
}

BindingDefinition definition_of(const std::string& vhost, const BindingRecord& binding) {
  return {vhost,
          {binding.source, binding.destination, binding.to_exchange, binding.routing_key,
           binding.arguments},
          {}};
}

}  // namespace

void Topology::export_vhost(const Vhost& vhost, Definitions& out) const {
  const VhostRecord& record = *vhost.record;
  for (const auto& [key, policy] : vhost.policies) out.policies.push_back(policy->definition);
  for (const auto& [name, exchange] : vhost.exchanges) {
    const ExchangeRecord& each = *exchange.record;
    for (const BindingPointer& binding : exchange.outgoing)
      if (binding->durable && !binding->destination.starts_with(queue_name_prefix))
        out.bindings.push_back(definition_of(record.name, *binding));
    if (!each.durable || each.name.starts_with("amq.")) continue;
    out.exchanges.push_back(
        {record.name,
         {each.name, each.type, each.durable, each.auto_delete, each.internal, each.arguments},
         {}});
  }
  for (const auto& [name, queue] : vhost.queues) {
    const QueueRecord& each = *queue.record;
    if (!each.durable || each.exclusive || each.name.starts_with(queue_name_prefix)) continue;
    out.queues.push_back(
        {record.name,
         {each.name, each.durable, each.exclusive, each.auto_delete, each.arguments},
         {}});
  }
}

Definitions Topology::export_definitions(const std::optional<std::string>& only) const {
  const std::scoped_lock lock(mutex_);
  Definitions out;
  const auto is_wanted = [&](const auto& each) { return !only || each.vhost == *only; };
  for (const auto& [number, vhost] : vhosts_) {
    const VhostRecord& record = *vhost.record;
    if (vhost.is_removed || (only && record.name != *only)) continue;
    out.vhosts.push_back({record.name,
                          record.description,
                          record.tags,
                          record.default_queue_type,
                          record.limits,
                          {}});
    export_vhost(vhost, out);
  }
  if (!only) out.users = values_of(access_.users, [](const auto&) { return true; });
  out.permissions = values_of(access_.permissions, is_wanted);
  out.topic_permissions = values_of(access_.topic_permissions, is_wanted);
  out.parameters = values_of(parameters_, is_wanted);
  return out;
}

Outcome<std::vector<EffectiveArgument>> Topology::effective_arguments(const std::string& vhost_name,
                                                                      const std::string& name,
                                                                      bool is_exchange) const {
  const std::scoped_lock lock(mutex_);
  const Vhost* vhost = find_vhost(vhost_name);
  if (vhost == nullptr) return BrokerError{ErrorKind::not_found, "no vhost '" + vhost_name + "'"};
  if (is_exchange) {
    const auto at = vhost->exchanges.find(name);
    if (at == vhost->exchanges.end()) return texts::no_exchange(name, vhost_name);
    return describe_effective(*at->second.record, *vhost->book);
  }
  const auto at = vhost->queues.find(name);
  if (at == vhost->queues.end()) return texts::no_queue(name, vhost_name);
  return describe_effective(*at->second.record, *vhost->book);
}

}  // namespace tern::broker
