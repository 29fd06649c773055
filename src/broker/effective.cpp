#include "broker/effective.hpp"

#include <algorithm>
#include <limits>

#include "message/field_text.hpp"

namespace tern::broker {
namespace {

constexpr std::uint32_t quorum_delivery_limit = 20;  // RabbitMQ 4's

// A value in force. It lives in the arguments or in the policy.
struct Found {
  const FieldValue* value = nullptr;
  const Policy* policy = nullptr;  ///< null: an argument's
};

Found find_in(const std::vector<const Policy*>& policies, std::string_view key) {
  for (const Policy* policy : policies) {
    if (const FieldValue* value = policy->definition.definition.find(key)) return {value, policy};
  }
  return {};
}

// 0 says "for ever" of a consumer's timeout, and a negative number "no limit" of everything.
bool is_no_limit(std::string_view key, std::int64_t number) {
  return number < 0 || (number == 0 && key == "consumer-timeout");
}

// The lower one of two values that are there; of equal ones the first, which is the nearer.
Found lower(std::string_view key, const Found& first, const Found& second) {
  if (first.value == nullptr) return second;
  if (second.value == nullptr) return first;
  if (is_no_limit(key, second.value->integer())) return first;
  if (is_no_limit(key, first.value->integer())) return second;
  return second.value->integer() < first.value->integer() ? second : first;
}

Found find_effective(const QueueArgument& argument, const FieldTable& arguments,
                     const MatchedPolicies& matched) {
  Found own{arguments.find(argument.name), nullptr};
  // Arguments that were not checked stand for nothing: those that another type of queue ignores.
  if (own.value != nullptr && find_fault(argument, *own.value)) own = {};
  const std::string_view key = argument.policy_key;
  if (key.empty()) return own;
  const Found policy = find_in(matched.policies, key);
  const Found of_operator = find_in(matched.operator_policies, key);
  if (argument.combination == Combination::lowest)
    return lower(key, lower(key, own, policy), of_operator);
  if (own.value != nullptr) return own;
  return of_operator.value != nullptr ? of_operator : policy;
}

// Reads values by the arguments' names, so that there is one place that knows how they combine.
class Settings {
 public:
  Settings(const FieldTable& arguments, QueueType type, const MatchedPolicies& matched)
      : arguments_(arguments), type_(type), matched_(matched) {}

  [[nodiscard]] Found find(std::string_view name) const {
    const QueueArgument* argument = find_queue_argument(name);
    if (argument == nullptr || !argument->applies_to(type_)) return {};
    return find_effective(*argument, arguments_, matched_);
  }
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view name) const {
    const Found found = find(name);
    if (found.value == nullptr) return std::nullopt;
    return found.value->integer();
  }
  [[nodiscard]] std::optional<std::uint64_t> count(std::string_view name) const {
    const auto found = number(name);
    if (!found || *found < 0) return std::nullopt;
    return static_cast<std::uint64_t>(*found);
  }
  [[nodiscard]] std::optional<std::uint32_t> small_count(std::string_view name) const {
    const auto found = count(name);
    if (!found) return std::nullopt;
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(*found, std::numeric_limits<std::uint32_t>::max()));
  }
  [[nodiscard]] std::optional<Millis> time(std::string_view name) const {
    const auto found = number(name);
    if (!found) return std::nullopt;
    return Millis(*found);
  }
  [[nodiscard]] const std::string* text(std::string_view name) const {
    const Found found = find(name);
    return found.value == nullptr ? nullptr : found.value->as<std::string>();
  }
  [[nodiscard]] bool is_set(std::string_view name) const {
    const Found found = find(name);
    return found.value != nullptr && found.value->as<bool>() != nullptr && *found.value->as<bool>();
  }

 private:
  const FieldTable& arguments_;
  QueueType type_;
  const MatchedPolicies& matched_;
};

queue::Overflow overflow_of(const Settings& settings) {
  const std::string* text = settings.text("x-overflow");
  if (text == nullptr) return queue::Overflow::drop_head;
  if (*text == "reject-publish") return queue::Overflow::reject_publish;
  return *text == "reject-publish-dlx" ? queue::Overflow::reject_publish_dlx
                                       : queue::Overflow::drop_head;
}

queue::Retry retry_of(const Settings& settings) {
  using Type = queue::Retry::Type;
  queue::Retry retry;
  const std::string* type = settings.text("x-delayed-retry-type");
  if (type == nullptr || *type == "disabled") return retry;
  retry.type = *type == "all" ? Type::all : *type == "failed" ? Type::failed : Type::returned;
  retry.min = settings.time("x-delayed-retry-min").value_or(Millis{0});
  retry.max = settings.time("x-delayed-retry-max").value_or(Millis{0});
  retry.multiplier = settings.small_count("x-delayed-retry-multiplier").value_or(0);
  retry.jitter_percent = settings.small_count("x-delayed-retry-jitter").value_or(0);
  return retry;
}

queue::Deduplication deduplication_of(const Settings& settings) {
  queue::Deduplication deduplication;
  deduplication.enabled = settings.is_set("x-message-deduplication");
  if (!deduplication.enabled) return deduplication;
  if (const auto* header = settings.text("x-deduplication-header")) deduplication.header = *header;
  deduplication.window = settings.time("x-cache-ttl");
  deduplication.keys_max = settings.count("x-cache-size").value_or(deduplication.keys_max);
  return deduplication;
}

void set_delivery_limit(const Settings& settings, QueueType type, queue::Rules& rules) {
  const auto limit = settings.number("x-delivery-limit");
  rules.shows_delivery_count = limit.has_value() || type == QueueType::quorum;
  if (limit) {
    rules.delivery_limit = settings.small_count("x-delivery-limit");  // Nothing for -1.
  } else if (type == QueueType::quorum) {
    rules.delivery_limit = quorum_delivery_limit;
  }
}

queue::Rules rules_of(const Settings& settings, QueueType type) {
  queue::Rules rules;
  rules.message_ttl = settings.time("x-message-ttl");
  rules.expires = settings.time("x-expires");
  rules.length_max = settings.count("x-max-length");
  rules.length_bytes_max = settings.count("x-max-length-bytes");
  rules.overflow = overflow_of(settings);
  rules.has_dead_letter_exchange = settings.text("x-dead-letter-exchange") != nullptr;
  set_delivery_limit(settings, type, rules);
  rules.single_active_consumer = settings.is_set("x-single-active-consumer");
  rules.consumer_timeout = settings.time("x-consumer-timeout");
  if (rules.consumer_timeout == Millis{0}) rules.consumer_timeout.reset();
  rules.delivery_delay = settings.time("x-delivery-delay").value_or(Millis{0});
  rules.retry = retry_of(settings);
  if (const auto* group = settings.text("x-message-group")) rules.group = *group;
  rules.deduplication = deduplication_of(settings);
  if (const auto* weights = settings.text("x-priority-weights"))
    rules.priority_weights =
        parse_priority_weights(*weights).value_or(std::vector<std::uint32_t>{});
  return rules;
}

EffectiveArgument described(std::string_view key, const Found& found) {
  std::string source = "argument";
  if (found.policy != nullptr) {
    source = found.policy->definition.is_operator ? "operator policy " : "policy ";
    source += found.policy->definition.name;
  }
  return {std::string(key), field_text(*found.value), std::move(source)};
}

Found find_alternate(const ExchangeRecord& exchange, const MatchedPolicies& matched) {
  const FieldValue* own = exchange.arguments.find("alternate-exchange");
  if (own != nullptr && own->as<std::string>() != nullptr) return {own, nullptr};
  return find_in(matched.policies, "alternate-exchange");
}

}  // namespace

EffectiveQueue effective_queue(const QueueRecord& queue, const PolicyBook& policies) {
  const QueueType type = queue_type(queue.arguments);
  EffectiveQueue effective;
  if (queue.is_gate) {
    const MatchedPolicies none;
    effective.rules.deduplication =
        deduplication_of(Settings(queue.arguments, QueueType::classic, none));
    return effective;
  }
  const MatchedPolicies matched = policies.match_queue(queue.name, type);
  const Settings settings(queue.arguments, type, matched);
  effective.rules = rules_of(settings, type);
  if (const auto* exchange = settings.text("x-dead-letter-exchange"))
    effective.dead_letter_exchange = *exchange;
  if (const auto* key = settings.text("x-dead-letter-routing-key"))
    effective.dead_letter_routing_key = *key;
  return effective;
}

std::string effective_alternate_exchange(const ExchangeRecord& exchange,
                                         const PolicyBook& policies) {
  const MatchedPolicies matched = policies.match_exchange(exchange.name);
  const Found found = find_alternate(exchange, matched);
  const auto* name = found.value == nullptr ? nullptr : found.value->as<std::string>();
  return name == nullptr ? "" : *name;
}

std::vector<EffectiveArgument> describe_effective(const QueueRecord& queue,
                                                  const PolicyBook& policies) {
  const QueueType type = queue_type(queue.arguments);
  const MatchedPolicies matched = policies.match_queue(queue.name, type);
  std::vector<EffectiveArgument> list;
  bool has_delivery_limit = false;
  for (const QueueArgument& argument : queue_arguments()) {
    if (!argument.applies_to(type)) continue;
    const Found found = find_effective(argument, queue.arguments, matched);
    if (found.value == nullptr) continue;
    if (argument.name == "x-delivery-limit") has_delivery_limit = true;
    const std::string_view key =
        argument.policy_key.empty() ? argument.name.substr(2) : argument.policy_key;
    list.push_back(described(key, found));
  }
  if (type == QueueType::quorum && !has_delivery_limit)
    list.push_back({"delivery-limit", std::to_string(quorum_delivery_limit), "default"});
  return list;
}

std::vector<EffectiveArgument> describe_effective(const ExchangeRecord& exchange,
                                                  const PolicyBook& policies) {
  const MatchedPolicies matched = policies.match_exchange(exchange.name);
  const Found alternate = find_alternate(exchange, matched);
  if (alternate.value == nullptr) return {};
  return {described("alternate-exchange", alternate)};
}

}  // namespace tern::broker
