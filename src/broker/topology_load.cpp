// Topology::load: from the store's records back to the master copy, before any shard runs.
#include <algorithm>

#include "base/ensure.hpp"
#include "broker/record_codec.hpp"
#include "broker/topology.hpp"
#include "broker/topology_incoming.hpp"
#include "exchange/matcher.hpp"

namespace tern::broker {

namespace {

Error damage(const std::string& text) {
  return Error{"the topology on disk is damaged: " + text};
}

}  // namespace

Result<std::vector<Change>> Topology::load(const std::vector<storage::Record>& records) {
  const std::scoped_lock lock(mutex_);
  ensure(vhosts_.empty(), "topology loaded twice");
  Plan plan;
  // Sorted by key: ids, virtual hosts, exchanges, queues, bindings, settings. Settings are taken
  // before the queues that they are for: these begin with their rules.
  const auto is_setting = [](const storage::Record& record) { return is_setting_key(record.key); };
  const auto settings = std::find_if(records.begin(), records.end(), is_setting);
  const auto things = std::find_if(records.begin(), settings, [](const storage::Record& record) {
    return !is_vhost_key(record.key);
  });
  const auto load_all = [&](auto from, auto to) -> Result<void> {
    for (auto record = from; record != to; ++record) {
      auto decoded = decode_record(record->key, record->value.value_or(""));
      if (!decoded) return decoded.error();
      const auto loaded = std::visit([&](auto& found) { return load_one(found, plan); }, *decoded);
      if (!loaded) return loaded.error();
    }
    return {};
  };
  if (const auto loaded = load_all(records.begin(), things); !loaded) return loaded.error();
  if (const auto loaded = load_all(settings, records.end()); !loaded) return loaded.error();
  emit_settings(plan);
  if (const auto loaded = load_all(things, settings); !loaded) return loaded.error();
  return std::move(plan.changes);
}

Result<void> Topology::load_one(const NextIds& ids, Plan&) {
  reserved_ids_ = raw(ids.queue);
  next_vhost_ = ids.vhost;
  for (std::uint32_t& next : next_durable_) next = reserved_ids_ / ports_.shards + 1;
  return {};
}

Result<void> Topology::load_one(const VhostRecord& record, Plan& plan) {
  Vhost& vhost = vhosts_[record.number];
  vhost_numbers_[record.name] = record.number;
  vhost.record = std::make_shared<const VhostRecord>(record);
  plan.changes.emplace_back(VhostAdded{vhost.record});
  add_predeclared(vhost, plan);
  return {};
}

Result<void> Topology::load_one(ExchangeRecord& record, Plan& plan) {
  const auto host = vhosts_.find(record.vhost);
  if (host == vhosts_.end()) return damage("exchange '" + record.name + "' is in no virtual host");
  if (exchange::find_exchange_type(record.type) == nullptr)
    return damage("exchange '" + record.name + "' is of the unknown type '" + record.type + "'");
  if (const auto fits = exchange::check_exchange(record.type, record.arguments); !fits)
    return damage("exchange '" + record.name + "': " + fits.error().text);
  record.number = next_exchange_++;
  add_exchange(host->second, std::make_shared<const ExchangeRecord>(std::move(record)), plan);
  return {};
}

Result<void> Topology::load_one(QueueRecord& record, Plan& plan) {
  const auto host = vhosts_.find(record.vhost);
  if (host == vhosts_.end()) return damage("queue '" + record.name + "' is in no virtual host");
  record.shard = ShardId{static_cast<std::uint16_t>(raw(record.id) % ports_.shards)};
  auto pointer = std::make_shared<const QueueRecord>(std::move(record));
  host->second.queues[pointer->name].record = pointer;
  plan.changes.emplace_back(QueueAdded{pointer});
  return {};
}

Result<void> Topology::load_one(BindingRecord& record, Plan& plan) {
  const auto host = vhosts_.find(record.vhost);
  if (host == vhosts_.end())
    return damage("a binding of exchange '" + record.source + "' is in no virtual host");
  const BindingSpec spec{record.source, record.destination, record.to_exchange, record.routing_key,
                         std::move(record.arguments)};
  const auto binding = resolve(host->second, spec, {});
  if (!binding) return damage(binding.error().text);
  add_binding(host->second, *binding, plan);
  return {};
}

// Settings. Their records are written anew when they change, so putting one must not plan to write.

Result<void> Topology::load_one(const UserDefinition& record, Plan& plan) {
  if (const auto error = broker::check(record)) return damage(error->text);
  access_.users[record.name] = record;
  plan.access_changed = true;
  return {};
}

Result<void> Topology::load_one(const PermissionDefinition& record, Plan&) {
  if (const auto error = check(record, Incoming{})) return damage(error->text);
  access_.permissions[{record.vhost, record.user}] = record;
  return {};
}

Result<void> Topology::load_one(const TopicPermissionDefinition& record, Plan&) {
  if (const auto error = check(record, Incoming{})) return damage(error->text);
  access_.topic_permissions[{record.vhost, record.user, record.exchange}] = record;
  return {};
}

Result<void> Topology::load_one(const ParameterDefinition& record, Plan&) {
  parameters_[{record.vhost, record.component, record.name}] = record;
  return {};
}

Result<void> Topology::load_one(const PolicyDefinition& record, Plan& plan) {
  Vhost* vhost = find_vhost(record.vhost);
  if (vhost == nullptr) return damage("policy '" + record.name + "' is in no virtual host");
  auto policy = make_policy(record);
  if (!policy) return damage("policy '" + record.name + "': " + policy.error().text);
  vhost->policies[{record.is_operator, record.name}] = std::move(*policy);
  const std::uint32_t number = vhost->record->number;
  auto& changed = plan.policies_changed;
  if (changed.empty() || changed.back() != number) changed.push_back(number);
  return {};
}

Result<void> Topology::load_one(const SetupDone&, Plan&) {
  is_set_up_ = true;
  return {};
}

std::vector<QueuePointer> Topology::durable_queues() const {
  const std::scoped_lock lock(mutex_);
  std::vector<QueuePointer> queues;
  for (const auto& [number, vhost] : vhosts_) {
    for (const auto& [name, queue] : vhost.queues) queues.push_back(queue.record);
    for (const auto& [name, exchange] : vhost.exchanges) {
      if (exchange.record->has_gate()) queues.push_back(gate_of(*exchange.record, ports_.shards));
    }
  }
  return queues;
}

}  // namespace tern::broker
