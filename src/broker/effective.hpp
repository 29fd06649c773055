// Effective rules: what a queue's or an exchange's arguments and the policies that match its name
// add up to, key by key, as RabbitMQ adds them up. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "broker/management.hpp"
#include "broker/policies.hpp"
#include "broker/records.hpp"
#include "queue/rules.hpp"

namespace tern::broker {

/// All that is in force for a queue.
struct EffectiveQueue {
  queue::Rules rules;
  std::string dead_letter_exchange;  ///< with Rules::has_dead_letter_exchange; empty: the default
  std::optional<std::string> dead_letter_routing_key;
};

/// Of a gate (QueueRecord::is_gate) only what its exchange's arguments say of deduplication holds.
[[nodiscard]] EffectiveQueue effective_queue(const QueueRecord& queue, const PolicyBook& policies);
/// The alternate exchange's name; empty for none.
[[nodiscard]] std::string effective_alternate_exchange(const ExchangeRecord& exchange,
                                                       const PolicyBook& policies);

/// The same with where each value comes from: what is set, in the order of the table of arguments.
[[nodiscard]] std::vector<EffectiveArgument> describe_effective(const QueueRecord& queue,
                                                                const PolicyBook& policies);
[[nodiscard]] std::vector<EffectiveArgument> describe_effective(const ExchangeRecord& exchange,
                                                                const PolicyBook& policies);

}  // namespace tern::broker
