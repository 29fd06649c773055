#include "broker/definitions_merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <unordered_map>

namespace tern::broker {
namespace {

// What an entry is known by: no name holds an octet 0 that is not part of a longer text here, and
// lengths keep the parts apart anyhow.
std::string joined(std::initializer_list<std::string_view> parts) {
  std::string key;
  for (const std::string_view part : parts) key += fmt::format("{}:{}", part.size(), part);
  return key;
}

std::string identity(const UserDefinition& user) {
  return user.name;
}
std::string identity(const VhostDefinition& vhost) {
  return vhost.name;
}
std::string identity(const PermissionDefinition& permission) {
  return joined({permission.vhost, permission.user});
}
std::string identity(const TopicPermissionDefinition& permission) {
  return joined({permission.vhost, permission.user, permission.exchange});
}
std::string identity(const ParameterDefinition& parameter) {
  return joined({parameter.vhost, parameter.component, parameter.name});
}
std::string identity(const PolicyDefinition& policy) {
  return joined({policy.is_operator ? "o" : "p", policy.vhost, policy.name});
}
std::string identity(const QueueDefinition& queue) {
  return joined({queue.vhost, queue.spec.name});
}
std::string identity(const ExchangeDefinition& exchange) {
  return joined({exchange.vhost, exchange.spec.name});
}
std::string identity(const BindingDefinition& binding) {
  return joined({binding.vhost, binding.spec.source, binding.spec.to_exchange ? "e" : "q",
                 binding.spec.destination, binding.spec.routing_key,
                 encode_entries(binding.spec.arguments)});
}

std::string named(const char* kind, std::string_view name, std::string_view vhost) {
  return fmt::format("{} '{}' in vhost '{}'", kind, name, vhost);
}

std::string describe(const UserDefinition& user) {
  return fmt::format("user '{}'", user.name);
}
std::string describe(const VhostDefinition& vhost) {
  return fmt::format("vhost '{}'", vhost.name);
}
std::string describe(const PermissionDefinition& permission) {
  return fmt::format("permission of user '{}' in vhost '{}'", permission.user, permission.vhost);
}
std::string describe(const TopicPermissionDefinition& permission) {
  return fmt::format("topic permission of user '{}' for exchange '{}' in vhost '{}'",
                     permission.user, permission.exchange, permission.vhost);
}
std::string describe(const ParameterDefinition& parameter) {
  if (parameter.component.empty()) return fmt::format("global parameter '{}'", parameter.name);
  return named("parameter", parameter.component + "/" + parameter.name, parameter.vhost);
}
std::string describe(const PolicyDefinition& policy) {
  return named(policy.is_operator ? "operator policy" : "policy", policy.name, policy.vhost);
}
std::string describe(const QueueDefinition& queue) {
  return named("queue", queue.spec.name, queue.vhost);
}
std::string describe(const ExchangeDefinition& exchange) {
  return named("exchange", exchange.spec.name, exchange.vhost);
}
std::string describe(const BindingDefinition& binding) {
  return named("binding of", binding.spec.destination, binding.vhost);
}

template <class Entry>
Result<void> merge(std::vector<Entry>& into, std::vector<Entry>&& from) {
  std::unordered_map<std::string, std::size_t> places;
  places.reserve(into.size() + from.size());
  for (std::size_t place = 0; place < into.size(); ++place)
    places.emplace(identity(into[place]), place);
  for (Entry& entry : from) {
    const auto [found, is_new] = places.emplace(identity(entry), into.size());
    if (is_new) {
      into.push_back(std::move(entry));
    } else if (const Entry& first = into[found->second]; !is_same(first, entry)) {
      return Error{fmt::format("{}: {} is defined differently at {}", entry.origin, describe(entry),
                               first.origin)};
    }
  }
  return {};
}

template <class Entry, class Key>
void sort_by(std::vector<Entry>& entries, Key key) {
  std::stable_sort(entries.begin(), entries.end(),
                   [&](const Entry& left, const Entry& right) { return key(left) < key(right); });
}

template <class Entry>
bool all_same(const std::vector<Entry>& left, const std::vector<Entry>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const Entry& a, const Entry& b) { return is_same(a, b); });
}

}  // namespace

bool is_same(const UserDefinition& left, const UserDefinition& right) {
  return std::tie(left.name, left.password_hash, left.hashing_algorithm, left.tags, left.limits) ==
         std::tie(right.name, right.password_hash, right.hashing_algorithm, right.tags,
                  right.limits);
}

bool is_same(const VhostDefinition& left, const VhostDefinition& right) {
  return std::tie(left.name, left.description, left.tags, left.default_queue_type, left.limits) ==
         std::tie(right.name, right.description, right.tags, right.default_queue_type,
                  right.limits);
}

bool is_same(const PermissionDefinition& left, const PermissionDefinition& right) {
  return std::tie(left.user, left.vhost, left.configure, left.write, left.read) ==
         std::tie(right.user, right.vhost, right.configure, right.write, right.read);
}

bool is_same(const TopicPermissionDefinition& left, const TopicPermissionDefinition& right) {
  return std::tie(left.user, left.vhost, left.exchange, left.write, left.read) ==
         std::tie(right.user, right.vhost, right.exchange, right.write, right.read);
}

bool is_same(const ParameterDefinition& left, const ParameterDefinition& right) {
  return std::tie(left.vhost, left.component, left.name, left.value) ==
         std::tie(right.vhost, right.component, right.name, right.value);
}

bool is_same(const PolicyDefinition& left, const PolicyDefinition& right) {
  return std::tie(left.vhost, left.name, left.pattern, left.apply_to, left.definition,
                  left.priority, left.is_operator) ==
         std::tie(right.vhost, right.name, right.pattern, right.apply_to, right.definition,
                  right.priority, right.is_operator);
}

bool is_same(const QueueDefinition& left, const QueueDefinition& right) {
  const QueueSpec& a = left.spec;
  const QueueSpec& b = right.spec;
  return left.vhost == right.vhost &&
         std::tie(a.name, a.durable, a.exclusive, a.auto_delete, a.arguments) ==
             std::tie(b.name, b.durable, b.exclusive, b.auto_delete, b.arguments);
}

bool is_same(const ExchangeDefinition& left, const ExchangeDefinition& right) {
  const ExchangeSpec& a = left.spec;
  const ExchangeSpec& b = right.spec;
  return left.vhost == right.vhost &&
         std::tie(a.name, a.type, a.durable, a.auto_delete, a.internal, a.arguments) ==
             std::tie(b.name, b.type, b.durable, b.auto_delete, b.internal, b.arguments);
}

bool is_same(const BindingDefinition& left, const BindingDefinition& right) {
  return identity(left) == identity(right);
}

bool is_same(const Definitions& left, const Definitions& right) {
  return all_same(left.vhosts, right.vhosts) && all_same(left.users, right.users) &&
         all_same(left.permissions, right.permissions) &&
         all_same(left.topic_permissions, right.topic_permissions) &&
         all_same(left.parameters, right.parameters) && all_same(left.policies, right.policies) &&
         all_same(left.exchanges, right.exchanges) && all_same(left.queues, right.queues) &&
         all_same(left.bindings, right.bindings);
}

Result<void> merge_definitions(Definitions& into, Definitions&& from) {
  Result<void> merged = merge(into.vhosts, std::move(from.vhosts));
  if (merged) merged = merge(into.users, std::move(from.users));
  if (merged) merged = merge(into.permissions, std::move(from.permissions));
  if (merged) merged = merge(into.topic_permissions, std::move(from.topic_permissions));
  if (merged) merged = merge(into.parameters, std::move(from.parameters));
  if (merged) merged = merge(into.policies, std::move(from.policies));
  if (merged) merged = merge(into.exchanges, std::move(from.exchanges));
  if (merged) merged = merge(into.queues, std::move(from.queues));
  if (merged) merged = merge(into.bindings, std::move(from.bindings));
  return merged;
}

void sort_definitions(Definitions& all) {
  const auto by_name = [](const auto& entry) { return std::tie(entry.name); };
  const auto by_user = [](const auto& entry) { return std::tie(entry.vhost, entry.user); };
  sort_by(all.vhosts, by_name);
  sort_by(all.users, by_name);
  sort_by(all.permissions, by_user);
  sort_by(all.topic_permissions, [](const TopicPermissionDefinition& entry) {
    return std::tie(entry.vhost, entry.user, entry.exchange);
  });
  sort_by(all.parameters, [](const ParameterDefinition& entry) {
    return std::tie(entry.vhost, entry.component, entry.name);
  });
  sort_by(all.policies, [](const PolicyDefinition& entry) {
    // Operators' first, as their section of a file is.
    return std::make_tuple(!entry.is_operator, std::string_view(entry.vhost),
                           std::string_view(entry.name));
  });
  const auto by_spec_name = [](const auto& entry) {
    return std::tie(entry.vhost, entry.spec.name);
  };
  sort_by(all.exchanges, by_spec_name);
  sort_by(all.queues, by_spec_name);
  sort_by(all.bindings, [](const BindingDefinition& entry) {
    return std::make_tuple(std::string_view(entry.vhost), std::string_view(entry.spec.source),
                           entry.spec.to_exchange, std::string_view(entry.spec.destination),
                           std::string_view(entry.spec.routing_key),
                           encode_entries(entry.spec.arguments));
  });
}

}  // namespace tern::broker
