#include "broker/policies.hpp"

#include <algorithm>
#include <set>

#include "message/field_text.hpp"

namespace tern::broker {
namespace {

// A value as Erlang prints it, which is how RabbitMQ quotes one.
std::string printed(const FieldValue& value) {
  const auto* text = value.as<std::string>();
  return text == nullptr ? field_text(value) : erlang_binary(*text);
}

struct Key {
  const QueueArgument* queue = nullptr;
  const ExchangeArgument* exchange = nullptr;
};

Key find_key(std::string_view name) {
  for (const QueueArgument& argument : queue_arguments())
    if (argument.policy_key == name) return {.queue = &argument};
  for (const ExchangeArgument& argument : exchange_arguments())
    if (argument.policy_key == name) return {.exchange = &argument};
  return {};
}

bool is_known(std::string_view name, bool is_operator) {
  const Key key = find_key(name);
  if (key.queue != nullptr) return !is_operator || key.queue->is_for_operators;
  return key.exchange != nullptr && !is_operator;
}

std::optional<BrokerError> check_value(const FieldEntry& entry) {
  const Key key = find_key(entry.name);
  std::string_view noun;
  if (key.queue != nullptr) {
    if (!find_fault(*key.queue, entry.value)) return std::nullopt;
    noun = key.queue->policy_noun;
  } else {
    if (key.exchange->takes_any || entry.value.as<std::string>() != nullptr) return std::nullopt;
    noun = key.exchange->policy_noun;
  }
  return invalid(printed(entry.value).append(" is not a valid ").append(noun));
}

std::optional<BrokerError> check_keys(const PolicyDefinition& policy) {
  std::set<std::string_view> seen;
  std::string unknown;
  for (const FieldEntry& entry : policy.definition.entries()) {
    if (!seen.insert(entry.name).second)
      return invalid("[" + erlang_binary(entry.name) + "] duplicate keys not allowed");
    if (is_known(entry.name, policy.is_operator)) continue;
    if (!unknown.empty()) unknown += ",";
    unknown += "{" + erlang_binary(entry.name) + "," + printed(entry.value) + "}";
  }
  if (unknown.empty()) return std::nullopt;
  return invalid("[" + unknown + "] are not recognised policy settings");
}

bool applies_to_queue(ApplyTo apply_to, QueueType type) {
  switch (apply_to) {
    case ApplyTo::all:
    case ApplyTo::queues:
      return true;
    case ApplyTo::classic_queues:
      return type == QueueType::classic;
    case ApplyTo::quorum_queues:
      return type == QueueType::quorum;
    case ApplyTo::streams:
      return type == QueueType::stream;
    case ApplyTo::exchanges:
      return false;
  }
  return false;
}

}  // namespace

Outcome<PolicyPointer> make_policy(const PolicyDefinition& definition) {
  if (definition.name.empty() || definition.name.size() > 255)
    return invalid("a policy's name has from 1 to 255 octets");
  if (definition.definition.empty()) return invalid("no policy provided");
  if (auto error = check_keys(definition)) return *error;
  for (const FieldEntry& entry : definition.definition.entries())
    if (auto error = check_value(entry)) return *error;
  auto pattern = Pattern::compile(definition.pattern);
  if (!pattern) return invalid(pattern.error().text);
  return std::make_shared<const Policy>(Policy{definition, std::move(*pattern)});
}

PolicyBook::PolicyBook(std::vector<PolicyPointer> policies, bool merges)
    : policies_(std::move(policies)), merges_(merges) {
  // RabbitMQ leaves open which of two with one priority counts; a choice that stays is worth more.
  std::sort(policies_.begin(), policies_.end(), [](const auto& left, const auto& right) {
    if (left->definition.priority != right->definition.priority)
      return left->definition.priority > right->definition.priority;
    return left->definition.name < right->definition.name;
  });
}

template <class Applies>
MatchedPolicies PolicyBook::match(std::string_view name, const Applies& applies) const {
  MatchedPolicies matched;
  for (const PolicyPointer& policy : policies_) {
    auto& list = policy->definition.is_operator ? matched.operator_policies : matched.policies;
    if (!merges_ && !list.empty()) continue;
    if (applies(policy->definition.apply_to) && policy->pattern->matches(name))
      list.push_back(policy.get());
  }
  return matched;
}

MatchedPolicies PolicyBook::match_queue(std::string_view name, QueueType type) const {
  return match(name, [type](ApplyTo apply_to) { return applies_to_queue(apply_to, type); });
}

MatchedPolicies PolicyBook::match_exchange(std::string_view name) const {
  return match(name, [](ApplyTo apply_to) {
    return apply_to == ApplyTo::all || apply_to == ApplyTo::exchanges;
  });
}

}  // namespace tern::broker
