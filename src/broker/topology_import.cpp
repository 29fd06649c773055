// Topology: definitions taken over as a whole. Everything is checked first, against the master copy
// and against the rest of what comes; then all of it is put into one plan, which cannot fail.
#include "base/ensure.hpp"
#include "broker/arguments.hpp"
#include "broker/equivalence.hpp"
#include "broker/texts.hpp"
#include "broker/topology.hpp"
#include "broker/topology_incoming.hpp"
#include "exchange/matcher.hpp"

namespace tern::broker {
namespace {

BrokerError no_vhost(const std::string& name) {
  return {ErrorKind::not_found, "no vhost '" + name + "'"};
}

BrokerError at_origin(const DefinitionOrigin& origin, BrokerError error) {
  if (!origin.empty()) error.text = origin + ": " + error.text;
  return error;
}

// Definitions hold no exchanges of the broker's own, or as they are.
bool is_reserved(std::string_view name) {
  return name.starts_with("amq.");
}

ExchangeRecord record_of(const ExchangeSpec& spec) {
  ExchangeRecord record;
  record.name = spec.name;
  record.type = spec.type;
  record.durable = spec.durable;
  record.auto_delete = spec.auto_delete;
  record.internal = spec.internal;
  record.arguments = spec.arguments;
  return record;
}

QueueRecord record_of(const QueueSpec& spec) {
  QueueRecord record;
  record.name = spec.name;
  record.durable = spec.durable;
  record.exclusive = spec.exclusive;
  record.auto_delete = spec.auto_delete;
  record.arguments = spec.arguments;
  return record;
}

}  // namespace

Topology::Refusal Topology::check(const ExchangeDefinition& definition, Incoming& incoming) const {
  const ExchangeSpec& spec = definition.spec;
  const Vhost* vhost = find_vhost(definition.vhost);
  const auto host = incoming.vhosts.find(definition.vhost);
  if (vhost == nullptr && host == incoming.vhosts.end()) return no_vhost(definition.vhost);
  if (spec.name.empty()) return texts::default_exchange_not_permitted();
  if (spec.name.size() > name_bytes_max)
    return invalid("an exchange's name has at most 255 octets");
  if (exchange::find_exchange_type(spec.type) == nullptr)
    return texts::unknown_exchange_type(spec.type);
  if (vhost != nullptr) {
    const auto at = vhost->exchanges.find(spec.name);
    if (at != vhost->exchanges.end()) return compare(*at->second.record, spec, definition.vhost);
  }
  if (const ExchangeSpec* other = incoming.find_exchange(definition.vhost, spec.name))
    return compare(record_of(*other), spec, definition.vhost);
  // Those of a new virtual host will be there.
  if (is_reserved(spec.name) && vhost != nullptr) return texts::reserved_exchange_name(spec.name);
  if (auto error = check_exchange_arguments(spec.arguments, definition.vhost, spec.name))
    return error;
  if (const auto fits = exchange::check_exchange(spec.type, spec.arguments); !fits)
    return invalid(fits.error().text);
  incoming.vhosts[definition.vhost].exchanges.emplace(spec.name, &spec);
  return std::nullopt;
}

Topology::Refusal Topology::check(const QueueDefinition& definition, Incoming& incoming) const {
  const QueueSpec& spec = definition.spec;
  const Vhost* vhost = find_vhost(definition.vhost);
  if (vhost == nullptr && !incoming.vhosts.contains(definition.vhost))
    return no_vhost(definition.vhost);
  if (spec.name.empty() || spec.name.size() > name_bytes_max)
    return invalid("a queue's name has from 1 to 255 octets");
  if (spec.exclusive) return invalid("an exclusive queue is its connection's alone");
  if (vhost != nullptr) {
    const auto at = vhost->queues.find(spec.name);
    if (at != vhost->queues.end()) return compare(*at->second.record, spec, definition.vhost);
  }
  if (const QueueSpec* other = incoming.find_queue(definition.vhost, spec.name))
    return compare(record_of(*other), spec, definition.vhost);
  if (auto error = check_queue_spec(spec, definition.vhost)) return error;
  incoming.vhosts[definition.vhost].queues.emplace(spec.name, &spec);
  return std::nullopt;
}

Topology::Refusal Topology::check(const BindingDefinition& definition,
                                  const Incoming& incoming) const {
  const BindingSpec& spec = definition.spec;
  const Vhost* vhost = find_vhost(definition.vhost);
  if (vhost == nullptr && !incoming.vhosts.contains(definition.vhost))
    return no_vhost(definition.vhost);
  if (spec.source.empty() || (spec.to_exchange && spec.destination.empty()))
    return texts::default_exchange_not_permitted();
  // Its type, or null if there is no such exchange, now or after this import.
  const auto type_of = [&](const std::string& name) -> const std::string* {
    if (const auto* spec_found = incoming.find_exchange(definition.vhost, name))
      return &spec_found->type;
    if (vhost == nullptr) return nullptr;
    const auto at = vhost->exchanges.find(name);
    return at == vhost->exchanges.end() ? nullptr : &at->second.record->type;
  };
  const auto predeclared =
      vhost == nullptr ? Incoming::predeclared_type(spec.source) : std::nullopt;
  const std::string* type = predeclared ? &*predeclared : type_of(spec.source);
  if (type == nullptr) return texts::no_exchange(spec.source, definition.vhost);
  if (spec.to_exchange) {
    const bool is_predeclared =
        vhost == nullptr && Incoming::predeclared_type(spec.destination).has_value();
    if (!is_predeclared && type_of(spec.destination) == nullptr)
      return texts::no_exchange(spec.destination, definition.vhost);
  } else if (incoming.find_queue(definition.vhost, spec.destination) == nullptr) {
    const bool is_there = vhost != nullptr && vhost->queues.contains(spec.destination);
    if (!is_there) return texts::no_queue(spec.destination, definition.vhost);
    const QueueRecord& queue = *vhost->queues.at(spec.destination).record;
    if (auto refusal = check_exclusive_access(queue, {}, definition.vhost)) return refusal;
  }
  const auto canonical = exchange::canonical_arguments(encode_entries(spec.arguments));
  ensure(canonical.has_value(), "a field table can be encoded");
  const FieldTable arguments = [&]() -> FieldTable {
    if (const auto* found = incoming.find_exchange(definition.vhost, spec.source))
      return found->arguments;
    const bool is_there = vhost != nullptr && vhost->exchanges.contains(spec.source);
    return is_there ? vhost->exchanges.at(spec.source).record->arguments : FieldTable{};
  }();
  const auto accepted = exchange::check_binding(*type, arguments, {spec.routing_key, *canonical});
  if (!accepted) return invalid(accepted.error().text);
  if (spec.routing_key.size() > name_bytes_max)
    return invalid("a routing key has at most 255 octets");
  return std::nullopt;
}

void Topology::put(const ExchangeDefinition& definition, Plan& plan) {
  Vhost& vhost = *find_vhost(definition.vhost);
  if (!vhost.exchanges.contains(definition.spec.name)) make_exchange(vhost, definition.spec, plan);
}

void Topology::put(const QueueDefinition& definition, Plan& plan) {
  Vhost& vhost = *find_vhost(definition.vhost);
  if (!vhost.queues.contains(definition.spec.name))
    make_queue(vhost, definition.spec, {}, {}, plan);
}

void Topology::put(const BindingDefinition& definition, Plan& plan) {
  Vhost& vhost = *find_vhost(definition.vhost);
  const auto binding = resolve(vhost, definition.spec, {});
  ensure(binding.has_value(), "a binding was checked and has no ends");
  add_binding(vhost, *binding, plan);
}

Topology::Refusal Topology::import(const Definitions& given, Done done) {
  Definitions definitions = given;
  const std::scoped_lock lock(mutex_);
  Incoming incoming;
  for (const VhostDefinition& vhost : definitions.vhosts) incoming.vhosts.try_emplace(vhost.name);
  for (const UserDefinition& user : definitions.users) incoming.users.insert(user.name);
  add_default_queue_types(definitions);

  Refusal refusal;
  const auto are_right = [&](const auto& list) {
    for (const auto& each : list) {
      if (auto error = check(each, incoming)) {
        refusal = at_origin(each.origin, std::move(*error));
        return false;
      }
    }
    return true;
  };
  const bool is_right = are_right(definitions.vhosts) && are_right(definitions.users) &&
                        are_right(definitions.permissions) &&
                        are_right(definitions.topic_permissions) &&
                        are_right(definitions.parameters) && are_right(definitions.policies) &&
                        are_right(definitions.exchanges) && are_right(definitions.queues) &&
                        are_right(definitions.bindings);
  if (!is_right) return refusal;
  if (auto error = check_queue_limits(incoming)) return error;

  Plan plan;
  const auto put_all = [&](const auto& list) {
    for (const auto& each : list) put(each, plan);
  };
  put_all(definitions.vhosts);
  put_all(definitions.users);
  put_all(definitions.permissions);
  put_all(definitions.topic_permissions);
  put_all(definitions.parameters);
  put_all(definitions.policies);
  // Policies before the queues that they are for: these begin with their rules.
  emit_settings(plan);
  put_all(definitions.exchanges);
  put_all(definitions.queues);
  put_all(definitions.bindings);
  publish(std::move(plan), std::move(done));
  return std::nullopt;
}

void Topology::add_default_queue_types(Definitions& definitions) const {
  std::unordered_map<std::string, std::string> types;
  for (const VhostDefinition& vhost : definitions.vhosts)
    types[vhost.name] = vhost.default_queue_type;
  for (QueueDefinition& queue : definitions.queues) {
    const auto incoming = types.find(queue.vhost);
    const Vhost* vhost = find_vhost(queue.vhost);
    if (incoming != types.end()) {
      apply_default_queue_type(queue.spec, incoming->second);
    } else if (vhost != nullptr) {
      apply_default_queue_type(queue.spec, vhost->record->default_queue_type);
    }
  }
}

}  // namespace tern::broker
