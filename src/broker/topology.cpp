#include "broker/topology.hpp"

#include "base/ensure.hpp"
#include "broker/arguments.hpp"
#include "broker/equivalence.hpp"
#include "broker/record_codec.hpp"
#include "broker/texts.hpp"
#include "broker/topology_incoming.hpp"
#include "exchange/matcher.hpp"

namespace tern::broker {
namespace {

struct Predeclared {
  const char* name;
  const char* type;
  bool internal;
};
constexpr Predeclared predeclared[] = {
    {"amq.direct", "direct", false},   {"amq.fanout", "fanout", false},
    {"amq.headers", "headers", false}, {"amq.match", "headers", false},
    {"amq.topic", "topic", false},     {"amq.rabbitmq.trace", "topic", true},
};

}  // namespace

std::optional<std::string> Topology::Incoming::predeclared_type(std::string_view name) {
  for (const Predeclared& row : predeclared)
    if (row.name == name) return row.type;
  return std::nullopt;
}

std::size_t Topology::HashBinding::operator()(const BindingPointer& binding) const noexcept {
  const std::hash<std::string_view> hash;
  std::size_t result = hash(binding->source);
  result = result * 31 + hash(binding->destination) + (binding->to_exchange ? 1 : 0);
  result = result * 31 + hash(binding->routing_key);
  return result * 31 + hash(binding->canonical_arguments);
}

bool Topology::SameBinding::operator()(const BindingPointer& left,
                                       const BindingPointer& right) const noexcept {
  return left->source == right->source && left->destination == right->destination &&
         left->to_exchange == right->to_exchange && left->routing_key == right->routing_key &&
         left->canonical_arguments == right->canonical_arguments;
}

Topology::Vhost& Topology::vhost(std::uint32_t number) {
  const auto at = vhosts_.find(number);
  ensure(at != vhosts_.end(), "unknown virtual host");
  return at->second;
}

void Topology::publish(Plan&& plan, Done done) {
  const auto is_on_its_way = [](const std::shared_ptr<Delta>& delta) {
    return delta && delta->waiting.load(std::memory_order_acquire) != 0;
  };
  const bool is_empty = plan.changes.empty() && plan.records.empty() && plan.dropped.empty();
  // Nothing changed (a redeclare): the answer still waits for what was changed just before, on the
  // shards and in the store, whose order is that of submission.
  const bool must_follow_store = is_empty && is_on_its_way(last_stored_);
  if (is_empty && !must_follow_store && !is_on_its_way(last_)) {
    if (done) done();
    return;
  }
  auto delta = std::make_shared<Delta>();
  delta->changes = std::move(plan.changes);
  delta->done = std::move(done);
  const bool stores = !plan.records.empty() || !plan.dropped.empty() || must_follow_store;
  delta->waiting = ports_.shards + (stores ? 1U : 0U);
  last_ = delta;
  if (stores) {
    last_stored_ = delta;
    ports_.store->submit_records(std::move(plan.records), std::move(plan.dropped),
                                 [delta] { delta->arrived(); });
  }
  for (std::uint32_t shard = 0; shard < ports_.shards; ++shard)
    ports_.post(ShardId{static_cast<std::uint16_t>(shard)}, delta);
}

// --- virtual hosts
// --------------------------------------------------------------------------------

void Topology::add_predeclared(Vhost& vhost, Plan& plan) {
  for (const Predeclared& row : predeclared) {
    ExchangeRecord record;
    record.vhost = vhost.record->number;
    record.name = row.name;
    record.type = row.type;
    record.durable = true;
    record.internal = row.internal;
    record.number = next_exchange_++;
    add_exchange(vhost, std::make_shared<const ExchangeRecord>(std::move(record)), plan);
  }
}

void Topology::add_vhost(const std::string& name, Done done) {
  const std::scoped_lock lock(mutex_);
  Plan plan;
  VhostDefinition vhost;
  vhost.name = name;
  if (find_vhost(name) == nullptr) put(vhost, plan);
  publish(std::move(plan), std::move(done));
}

// --- exchanges
// ------------------------------------------------------------------------------------

void Topology::add_exchange(Vhost& vhost, const ExchangePointer& record, Plan& plan) {
  vhost.exchanges[record->name].record = record;
  plan.changes.emplace_back(ExchangeAdded{record});
}

Topology::Refusal Topology::declare_exchange(std::uint32_t vhost_number, const ExchangeSpec& spec,
                                             Done done) {
  const std::scoped_lock lock(mutex_);
  Vhost& vhost = this->vhost(vhost_number);
  if (vhost.is_removed) return texts::vhost_not_found(vhost.record->name);
  const auto at = vhost.exchanges.find(spec.name);
  if (at != vhost.exchanges.end()) {
    if (auto refusal = compare(*at->second.record, spec, vhost.record->name)) return refusal;
    publish({}, std::move(done));
    return std::nullopt;
  }
  Plan plan;
  make_exchange(vhost, spec, plan);
  publish(std::move(plan), std::move(done));
  return std::nullopt;
}

void Topology::make_exchange(Vhost& vhost, const ExchangeSpec& spec, Plan& plan) {
  ExchangeRecord record{next_exchange_++, vhost.record->number, spec.name,
                        spec.type,        spec.durable,         spec.auto_delete,
                        spec.internal,    spec.arguments,       QueueId::none};
  if (needs_gate(record.type, record.arguments))
    record.gate = next_queue_id(record.durable, next_home_++ % ports_.shards, plan);
  if (record.durable) plan.records.push_back(encode_record(record));
  add_exchange(vhost, std::make_shared<const ExchangeRecord>(std::move(record)), plan);
}

Topology::Refusal Topology::delete_exchange(std::uint32_t vhost_number, std::string_view name,
                                            bool if_unused, Done done) {
  const std::scoped_lock lock(mutex_);
  Vhost& vhost = this->vhost(vhost_number);
  const auto at = vhost.exchanges.find(std::string(name));
  Plan plan;
  if (at != vhost.exchanges.end()) {
    if (if_unused && !at->second.outgoing.empty())
      return texts::exchange_in_use(name, vhost.record->name);
    remove_exchange(vhost, at->first, plan);
  }
  publish(std::move(plan), std::move(done));
  return std::nullopt;
}

void Topology::remove_exchange(Vhost& vhost, const std::string& name, Plan& plan) {
  const auto at = vhost.exchanges.find(name);
  ensure(at != vhost.exchanges.end(), "removing an unknown exchange");
  const ExchangePointer record = at->second.record;
  // Taken out of the map only after its bindings, because their removal looks it up; marked as not
  // auto-delete meanwhile by was_bound, so that it is not removed twice.
  at->second.was_bound = false;
  const std::vector<BindingPointer> outgoing(at->second.outgoing.begin(),
                                             at->second.outgoing.end());
  const std::vector<BindingPointer> incoming(at->second.incoming.begin(),
                                             at->second.incoming.end());
  for (const BindingPointer& binding : outgoing) remove_binding(vhost, binding, plan);
  for (const BindingPointer& binding : incoming) {
    // An exchange bound to itself has lost this one above.
    if (binding->source != binding->destination) remove_binding(vhost, binding, plan);
  }
  vhost.exchanges.erase(record->name);
  plan.changes.emplace_back(ExchangeRemoved{record});
  if (record->durable) plan.records.push_back(forget_record(*record));
  if (record->has_gate()) {
    for (const QueueId stream : streams_of(*gate_of(*record, ports_.shards)))
      plan.dropped.push_back(stream);
  }
}

// --- queues
// ---------------------------------------------------------------------------------------

Topology::Refusal Topology::declare_queue(std::uint32_t vhost_number, const QueueSpec& spec,
                                          const SessionId& owner, ShardId home, QueueDone done) {
  const std::scoped_lock lock(mutex_);
  Vhost& vhost = this->vhost(vhost_number);
  const std::string& vhost_name = vhost.record->name;
  if (vhost.is_removed) return texts::vhost_not_found(vhost_name);
  const auto at = vhost.queues.find(spec.name);
  if (at != vhost.queues.end()) {
    const QueuePointer found = at->second.record;
    if (auto refusal = check_exclusive_access(*found, owner, vhost_name)) return refusal;
    if (auto refusal = compare(*found, spec, vhost_name)) return refusal;
    publish({}, [found, done = std::move(done)] { done(found, false); });
    return std::nullopt;
  }
  if (auto refusal = check_queue_limit(vhost, spec.name)) return refusal;
  if (auto refusal = check_queue_spec(spec, vhost_name)) return refusal;
  Plan plan;
  const QueuePointer queue = make_queue(vhost, spec, owner, home, plan);
  publish(std::move(plan), [queue, done = std::move(done)] { done(queue, true); });
  return std::nullopt;
}

QueuePointer Topology::make_queue(Vhost& vhost, const QueueSpec& spec, const SessionId& owner,
                                  ShardId home, Plan& plan) {
  // An exclusive queue ends with its connection, so nothing of it is worth keeping on disk.
  const bool durable = spec.durable && !spec.exclusive;
  const std::uint32_t shard = spec.exclusive ? raw(home) : next_home_++ % ports_.shards;
  auto record = std::make_shared<QueueRecord>();
  record->id = next_queue_id(durable, shard, plan);
  record->shard = ShardId{static_cast<std::uint16_t>(shard)};
  record->vhost = vhost.record->number;
  record->name = spec.name;
  record->durable = spec.durable;
  record->exclusive = spec.exclusive;
  record->auto_delete = spec.auto_delete;
  if (spec.exclusive) record->owner = owner;
  record->arguments = spec.arguments;
  add_levels(*record, durable, plan);
  QueuePointer queue = std::move(record);
  vhost.queues[queue->name].record = queue;
  plan.changes.emplace_back(QueueAdded{queue});
  if (durable) plan.records.push_back(encode_record(*queue));
  return queue;
}

void Topology::delete_queue(QueueId id, std::uint32_t vhost_number, const std::string& name,
                            Done done) {
  const std::scoped_lock lock(mutex_);
  Plan plan;
  const auto host = vhosts_.find(vhost_number);
  if (id == QueueId::none || host == vhosts_.end()) return publish({}, std::move(done));
  Vhost& vhost = host->second;
  const auto at = vhost.queues.find(name);
  if (at != vhost.queues.end() && at->second.record->id == id) remove_queue(vhost, name, plan);
  publish(std::move(plan), std::move(done));
}

void Topology::remove_queue(Vhost& vhost, const std::string& name, Plan& plan) {
  const auto at = vhost.queues.find(name);
  ensure(at != vhost.queues.end(), "removing an unknown queue");
  const QueuePointer queue = at->second.record;
  const std::vector<BindingPointer> incoming(at->second.incoming.begin(),
                                             at->second.incoming.end());
  for (const BindingPointer& binding : incoming) remove_binding(vhost, binding, plan);
  vhost.queues.erase(at);
  plan.changes.emplace_back(QueueRemoved{queue});
  if (queue->durable && !queue->exclusive) plan.records.push_back(forget_record(*queue));
  // Transient queues may have spilled messages to the store.
  for (const QueueId stream : streams_of(*queue)) plan.dropped.push_back(stream);
}

// --- bindings
// -------------------------------------------------------------------------------------

Outcome<BindingPointer> Topology::resolve(Vhost& vhost, const BindingSpec& spec,
                                          const SessionId& session) {
  const std::string& vhost_name = vhost.record->name;
  const auto source = vhost.exchanges.find(spec.source);
  if (source == vhost.exchanges.end()) return texts::no_exchange(spec.source, vhost_name);
  auto record = std::make_shared<BindingRecord>();
  if (spec.to_exchange) {
    const auto target = vhost.exchanges.find(spec.destination);
    if (target == vhost.exchanges.end()) return texts::no_exchange(spec.destination, vhost_name);
    record->durable = target->second.record->durable;
  } else {
    const auto target = vhost.queues.find(spec.destination);
    if (target == vhost.queues.end()) return texts::no_queue(spec.destination, vhost_name);
    const QueueRecord& queue = *target->second.record;
    if (auto refusal = check_exclusive_access(queue, session, vhost_name)) return *refusal;
    record->durable = queue.durable && !queue.exclusive;
  }
  record->durable = record->durable && source->second.record->durable;
  record->vhost = vhost.record->number;
  record->source = spec.source;
  record->destination = spec.destination;
  record->to_exchange = spec.to_exchange;
  record->routing_key = spec.routing_key;
  record->arguments = spec.arguments;
  const auto canonical = exchange::canonical_arguments(encode_entries(spec.arguments));
  ensure(canonical.has_value(), "a decoded field table can be encoded");
  record->canonical_arguments = *canonical;
  return BindingPointer(std::move(record));
}

Topology::Refusal Topology::bind(std::uint32_t vhost_number, const BindingSpec& spec,
                                 const SessionId& session, Done done) {
  const std::scoped_lock lock(mutex_);
  Vhost& vhost = this->vhost(vhost_number);
  const auto binding = resolve(vhost, spec, session);
  if (!binding) return binding.error();
  const ExchangeRecord& source = *vhost.exchanges.at(spec.source).record;
  const auto accepted = exchange::check_binding(
      source.type, source.arguments, {(*binding)->routing_key, (*binding)->canonical_arguments});
  if (!accepted) return BrokerError{ErrorKind::precondition_failed, accepted.error().text};
  Plan plan;
  add_binding(vhost, *binding, plan);
  publish(std::move(plan), std::move(done));
  return std::nullopt;
}

Topology::Refusal Topology::unbind(std::uint32_t vhost_number, const BindingSpec& spec,
                                   const SessionId& session, Done done) {
  const std::scoped_lock lock(mutex_);
  Vhost& vhost = this->vhost(vhost_number);
  const auto binding = resolve(vhost, spec, session);
  Plan plan;
  if (binding) {
    Bindings& outgoing = vhost.exchanges.at(spec.source).outgoing;
    const auto at = outgoing.find(*binding);
    if (at != outgoing.end()) remove_binding(vhost, BindingPointer(*at), plan);
  } else if (binding.error().kind != ErrorKind::not_found) {
    return binding.error();
  }
  publish(std::move(plan), std::move(done));
  return std::nullopt;
}

Topology::Bindings& Topology::incoming_of(Vhost& vhost, const BindingRecord& binding) {
  if (binding.to_exchange) return vhost.exchanges.at(binding.destination).incoming;
  return vhost.queues.at(binding.destination).incoming;
}

Change Topology::change_of(Vhost& vhost, const BindingRecord& binding, bool added) {
  BindingChanged change;
  change.added = added;
  change.source = vhost.exchanges.at(binding.source).record->number;
  change.binding.routing_key = binding.routing_key;
  change.binding.arguments = binding.canonical_arguments;
  if (binding.to_exchange) {
    change.binding.target = {exchange::Target::Kind::exchange,
                             vhost.exchanges.at(binding.destination).record->number};
  } else {
    change.binding.target = {exchange::Target::Kind::queue,
                             raw(vhost.queues.at(binding.destination).record->id)};
  }
  return change;
}

void Topology::add_binding(Vhost& vhost, const BindingPointer& binding, Plan& plan) {
  Exchange& source = vhost.exchanges.at(binding->source);
  if (!source.outgoing.insert(binding).second) return;
  source.was_bound = true;
  incoming_of(vhost, *binding).insert(binding);
  plan.changes.push_back(change_of(vhost, *binding, true));
  if (binding->durable) plan.records.push_back(encode_record(*binding));
}

void Topology::remove_binding(Vhost& vhost, const BindingPointer& binding, Plan& plan) {
  Exchange& source = vhost.exchanges.at(binding->source);
  plan.changes.push_back(change_of(vhost, *binding, false));
  if (binding->durable) plan.records.push_back(forget_record(*binding));
  incoming_of(vhost, *binding).erase(binding);
  source.outgoing.erase(binding);
  const bool is_abandoned =
      source.record->auto_delete && source.was_bound && source.outgoing.empty();
  if (is_abandoned) remove_exchange(vhost, std::string(source.record->name), plan);
}

}  // namespace tern::broker
