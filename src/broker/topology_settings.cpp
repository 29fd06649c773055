// Topology: what operators set. Each thing is checked, put into the master copy and the plan, and
// published with the snapshots that shards read.
#include <algorithm>

#include "base/ensure.hpp"
#include "broker/arguments.hpp"
#include "broker/record_codec.hpp"
#include "broker/texts.hpp"
#include "broker/topology.hpp"
#include "broker/topology_incoming.hpp"

namespace tern::broker {
namespace {

BrokerError missing(std::string text) {
  return {ErrorKind::not_found, std::move(text)};
}

std::optional<BrokerError> check_name(const char* what, const std::string& name,
                                      std::size_t bytes_min = 1) {
  if (name.size() >= bytes_min && name.size() <= name_bytes_max) return std::nullopt;
  return invalid(std::string(what) + " has from " + std::to_string(bytes_min) + " to 255 octets");
}

// What is kept of two things decides whether they are one: where they came from is not.
template <class Definition>
bool is_same(const Definition& left, const Definition& right) {
  return encode_record(left).value == encode_record(right).value;
}

// Puts one thing into a map of the master copy. False: it was there like that.
template <class Map, class Definition>
bool put_into(Map& map, const typename Map::key_type& key, const Definition& definition,
              std::vector<storage::Record>& records) {
  const auto [at, is_new] = map.try_emplace(key, definition);
  if (!is_new && is_same(at->second, definition)) return false;
  at->second = definition;
  at->second.origin.clear();
  records.push_back(encode_record(definition));
  return true;
}

// Removes what `is_of` is true for, from the master copy and the store.
template <class Map, class Of>
bool remove_from(Map& map, const Of& is_of, std::vector<storage::Record>& records) {
  const std::size_t before = map.size();
  for (auto at = map.begin(); at != map.end();) {
    if (!is_of(at->second)) {
      ++at;
      continue;
    }
    records.push_back(forget_record(at->second));
    at = map.erase(at);
  }
  return map.size() != before;
}

}  // namespace

Topology::Vhost* Topology::find_vhost(std::string_view name) {
  const auto at = vhost_numbers_.find(std::string(name));
  return at == vhost_numbers_.end() ? nullptr : &vhosts_.at(at->second);
}

const Topology::Vhost* Topology::find_vhost(std::string_view name) const {
  const auto at = vhost_numbers_.find(std::string(name));
  return at == vhost_numbers_.end() ? nullptr : &vhosts_.at(at->second);
}

void Topology::emit_settings(Plan& plan) {
  for (const std::uint32_t number : plan.policies_changed) {
    Vhost& vhost = this->vhost(number);
    std::vector<PolicyPointer> policies;
    for (const auto& [key, policy] : vhost.policies) policies.push_back(policy);
    vhost.book = std::make_shared<const PolicyBook>(std::move(policies), ports_.policies_merge);
    plan.changes.emplace_back(PoliciesChanged{number, vhost.book});
  }
  plan.policies_changed.clear();
  if (!plan.access_changed) return;
  access_snapshot_ = Access::make(access_, ports_.loopback_users, access_snapshot_.get());
  plan.changes.emplace_back(AccessChanged{access_snapshot_});
  plan.access_changed = false;
}

AccessPointer Topology::access() const {
  const std::scoped_lock lock(mutex_);
  return access_snapshot_;
}

template <class Definition>
Topology::Refusal Topology::set(const Definition& definition, Done done) {
  const std::scoped_lock lock(mutex_);
  if (auto refusal = check(definition, {})) return refusal;
  Plan plan;
  put(definition, plan);
  emit_settings(plan);
  publish(std::move(plan), std::move(done));
  return std::nullopt;
}

// --- checks
// ---------------------------------------------------------------------------------------

Topology::Refusal Topology::check(const VhostDefinition& vhost, const Incoming&) const {
  if (auto error = check_name("a virtual host's name", vhost.name)) return error;
  const std::string& type = vhost.default_queue_type;
  if (type.empty() || type == "classic" || type == "quorum" || type == "stream")
    return std::nullopt;
  return invalid("default queue type '" + type + "' of vhost '" + vhost.name +
                 "' is none of classic, quorum and stream");
}

Topology::Refusal Topology::check(const UserDefinition& user, const Incoming&) const {
  return broker::check(user);
}

Topology::Refusal Topology::check(const PermissionDefinition& permission,
                                  const Incoming& incoming) const {
  if (!access_.users.contains(permission.user) && !incoming.users.contains(permission.user))
    return missing("no user '" + permission.user + "'");
  if (find_vhost(permission.vhost) == nullptr && !incoming.vhosts.contains(permission.vhost))
    return missing("no vhost '" + permission.vhost + "'");
  return broker::check(permission);
}

Topology::Refusal Topology::check(const TopicPermissionDefinition& permission,
                                  const Incoming& incoming) const {
  PermissionDefinition like;
  like.user = permission.user;
  like.vhost = permission.vhost;
  if (auto error = check(like, incoming)) return error;
  if (auto error = check_name("an exchange's name", permission.exchange, 0)) return error;
  return broker::check(permission);
}

Topology::Refusal Topology::check(const ParameterDefinition& parameter,
                                  const Incoming& incoming) const {
  const bool is_global = parameter.vhost.empty();
  if (!is_global && find_vhost(parameter.vhost) == nullptr &&
      !incoming.vhosts.contains(parameter.vhost))
    return missing("no vhost '" + parameter.vhost + "'");
  if (auto error = check_name("a parameter's component", parameter.component, is_global ? 0 : 1))
    return error;
  return check_name("a parameter's name", parameter.name);
}

Topology::Refusal Topology::check(const PolicyDefinition& policy, const Incoming& incoming) const {
  if (find_vhost(policy.vhost) == nullptr && !incoming.vhosts.contains(policy.vhost))
    return missing("no vhost '" + policy.vhost + "'");
  const auto made = make_policy(policy);
  if (!made) return made.error();
  return std::nullopt;
}

// --- taking over
// ----------------------------------------------------------------------------------

void Topology::put(const VhostDefinition& definition, Plan& plan) {
  Vhost* found = find_vhost(definition.name);
  const bool is_new = found == nullptr;
  const std::uint32_t number = is_new ? next_vhost_++ : found->record->number;
  VhostRecord record{number,
                     definition.name,
                     definition.description,
                     definition.default_queue_type,
                     definition.limits,
                     definition.tags};
  if (!is_new && *found->record == record) return;
  if (is_new) {
    plan.records.push_back(encode_record(NextIds{QueueId{reserved_ids_}, next_vhost_}));
    vhost_numbers_[definition.name] = number;
  }
  plan.records.push_back(encode_record(record));
  Vhost& vhost = vhosts_[number];
  vhost.record = std::make_shared<const VhostRecord>(std::move(record));
  plan.changes.emplace_back(VhostAdded{vhost.record});
  if (is_new) add_predeclared(vhost, plan);
}

void Topology::put(const UserDefinition& user, Plan& plan) {
  if (put_into(access_.users, user.name, user, plan.records)) plan.access_changed = true;
}

void Topology::put(const PermissionDefinition& permission, Plan& plan) {
  const AccessData::InVhost key{permission.vhost, permission.user};
  if (put_into(access_.permissions, key, permission, plan.records)) plan.access_changed = true;
}

void Topology::put(const TopicPermissionDefinition& permission, Plan& plan) {
  const AccessData::OnExchange key{permission.vhost, permission.user, permission.exchange};
  if (put_into(access_.topic_permissions, key, permission, plan.records))
    plan.access_changed = true;
}

void Topology::put(const ParameterDefinition& parameter, Plan& plan) {
  put_into(parameters_, {parameter.vhost, parameter.component, parameter.name}, parameter,
           plan.records);
}

void Topology::put(const PolicyDefinition& definition, Plan& plan) {
  Vhost* vhost = find_vhost(definition.vhost);
  ensure(vhost != nullptr, "a policy that was checked is in a virtual host");
  auto& slot = vhost->policies[{definition.is_operator, definition.name}];
  if (slot && is_same(slot->definition, definition)) return;
  PolicyDefinition kept = definition;
  kept.origin.clear();
  auto made = make_policy(kept);
  ensure(made.has_value(), "a policy was checked and is wrong all the same");
  slot = std::move(*made);
  plan.records.push_back(encode_record(definition));
  auto& changed = plan.policies_changed;
  const std::uint32_t number = vhost->record->number;
  if (std::find(changed.begin(), changed.end(), number) == changed.end()) changed.push_back(number);
}

// --- one at a time
// --------------------------------------------------------------------------------

void Topology::set_up(const std::string& vhost, const UserDefinition& administrator, Done done) {
  const std::scoped_lock lock(mutex_);
  Plan plan;
  if (!is_set_up_) {
    is_set_up_ = true;
    plan.records.push_back(encode_record(SetupDone{}));
    VhostDefinition first;
    first.name = vhost;
    if (find_vhost(vhost) == nullptr) put(first, plan);
    // Data of a version that kept no users has queues already; their owner is this one.
    put(administrator, plan);
    PermissionDefinition all{administrator.name, vhost, ".*", ".*", ".*", {}};
    for (const auto& [name, number] : vhost_numbers_) {
      all.vhost = name;
      put(all, plan);
    }
    emit_settings(plan);
  }
  publish(std::move(plan), std::move(done));
}

Topology::Refusal Topology::set_vhost(const VhostDefinition& vhost, Done done) {
  return set(vhost, std::move(done));
}
Topology::Refusal Topology::set_user(const UserDefinition& user, Done done) {
  return set(user, std::move(done));
}
Topology::Refusal Topology::set_permission(const PermissionDefinition& permission, Done done) {
  return set(permission, std::move(done));
}
Topology::Refusal Topology::set_topic_permission(const TopicPermissionDefinition& permission,
                                                 Done done) {
  return set(permission, std::move(done));
}
Topology::Refusal Topology::set_parameter(const ParameterDefinition& parameter, Done done) {
  return set(parameter, std::move(done));
}
Topology::Refusal Topology::set_policy(const PolicyDefinition& policy, Done done) {
  return set(policy, std::move(done));
}

Topology::Refusal Topology::delete_vhost(const std::string& name, Done done) {
  const std::scoped_lock lock(mutex_);
  Vhost* vhost = find_vhost(name);
  if (vhost == nullptr) return missing("no vhost '" + name + "'");
  Plan plan;
  while (!vhost->queues.empty())
    remove_queue(*vhost, std::string(vhost->queues.begin()->first), plan);
  while (!vhost->exchanges.empty())
    remove_exchange(*vhost, std::string(vhost->exchanges.begin()->first), plan);
  remove_settings_of(name, plan);
  for (const auto& [key, policy] : vhost->policies)
    plan.records.push_back(forget_record(policy->definition));
  vhost->policies.clear();
  vhost->is_removed = true;
  vhost_numbers_.erase(name);
  plan.changes.emplace_back(VhostRemoved{vhost->record});
  plan.records.push_back(forget_record(*vhost->record));
  emit_settings(plan);
  publish(std::move(plan), std::move(done));
  return std::nullopt;
}

void Topology::remove_settings_of(const std::string& vhost, Plan& plan) {
  const auto is_in_it = [&](const auto& definition) { return definition.vhost == vhost; };
  const bool permissions = remove_from(access_.permissions, is_in_it, plan.records);
  const bool topics = remove_from(access_.topic_permissions, is_in_it, plan.records);
  plan.access_changed = plan.access_changed || permissions || topics;
  remove_from(parameters_, is_in_it, plan.records);
}

Topology::Refusal Topology::delete_user(const std::string& name, Done done) {
  const std::scoped_lock lock(mutex_);
  if (!access_.users.contains(name)) return missing("no user '" + name + "'");
  Plan plan;
  plan.access_changed = true;
  const auto is_theirs = [&](const auto& definition) { return definition.user == name; };
  remove_from(access_.permissions, is_theirs, plan.records);
  remove_from(access_.topic_permissions, is_theirs, plan.records);
  plan.records.push_back(forget_record(access_.users.at(name)));
  access_.users.erase(name);
  emit_settings(plan);
  publish(std::move(plan), std::move(done));
  return std::nullopt;
}

Topology::Refusal Topology::clear_permission(const std::string& vhost, const std::string& user,
                                             Done done) {
  const std::scoped_lock lock(mutex_);
  Plan plan;
  plan.access_changed = remove_from(
      access_.permissions,
      [&](const auto& each) { return each.vhost == vhost && each.user == user; }, plan.records);
  if (!plan.access_changed)
    return missing("user '" + user + "' has no permissions in vhost '" + vhost + "'");
  emit_settings(plan);
  publish(std::move(plan), std::move(done));
  return std::nullopt;
}

Topology::Refusal Topology::clear_topic_permission(const std::string& vhost,
                                                   const std::string& user,
                                                   const std::optional<std::string>& exchange,
                                                   Done done) {
  const std::scoped_lock lock(mutex_);
  Plan plan;
  plan.access_changed = remove_from(
      access_.topic_permissions,
      [&](const auto& each) {
        return each.vhost == vhost && each.user == user &&
               (!exchange || each.exchange == *exchange);
      },
      plan.records);
  if (!plan.access_changed)
    return missing("user '" + user + "' has no such topic permissions in vhost '" + vhost + "'");
  emit_settings(plan);
  publish(std::move(plan), std::move(done));
  return std::nullopt;
}

Topology::Refusal Topology::clear_parameter(const std::string& vhost, const std::string& component,
                                            const std::string& name, Done done) {
  const std::scoped_lock lock(mutex_);
  const auto at = parameters_.find({vhost, component, name});
  if (at == parameters_.end()) return missing("no parameter '" + name + "'");
  Plan plan;
  plan.records.push_back(forget_record(at->second));
  parameters_.erase(at);
  publish(std::move(plan), std::move(done));
  return std::nullopt;
}

Topology::Refusal Topology::clear_policy(const std::string& vhost_name, const std::string& name,
                                         bool is_operator, Done done) {
  const std::scoped_lock lock(mutex_);
  Vhost* vhost = find_vhost(vhost_name);
  if (vhost == nullptr) return missing("no vhost '" + vhost_name + "'");
  const auto at = vhost->policies.find({is_operator, name});
  if (at == vhost->policies.end()) return missing("no policy '" + name + "'");
  Plan plan;
  plan.records.push_back(forget_record(at->second->definition));
  vhost->policies.erase(at);
  plan.policies_changed.push_back(vhost->record->number);
  emit_settings(plan);
  publish(std::move(plan), std::move(done));
  return std::nullopt;
}

}  // namespace tern::broker
