// The table of exchange arguments. A new one is an entry here; then run
// `ternmq check --print-arguments > docs/arguments.md`.
#include <limits>

#include "broker/arguments.hpp"

namespace tern::broker {
namespace {

constexpr auto integer = ArgumentType::integer;
constexpr auto boolean = ArgumentType::boolean;
constexpr std::string_view deduplicating = "all";

constexpr ExchangeArgument exchange_table[] = {
    {.name = "alternate-exchange",
     .exchanges = "all",
     .policy_key = "alternate-exchange",
     .policy_noun = "alternate exchange name",
     .help = "Exchange for messages that this one can route nowhere."},
    {.name = "hash-header",
     .exchanges = "x-consistent-hash, x-modulus-hash",
     .help = "Header whose value is hashed, instead of the routing key."},
    {.name = "hash-property",
     .exchanges = "x-consistent-hash, x-modulus-hash",
     .help = "Property that is hashed instead: `message_id`, `correlation_id` or `timestamp`."},
    {.name = "x-delayed-type",
     .exchanges = "x-delayed-message",
     .help = "Type of exchange that routes a message when its time has come."},
    {.name = "x-recent-history-length",
     .type = integer,
     .exchanges = "x-recent-history",
     .min = 1,
     .help = "Messages that a new binding is given; 20 by default."},
    {.name = "x-message-deduplication",
     .type = boolean,
     .exchanges = deduplicating,
     .is_checked = true,
     .help = "Confirm and drop a message whose key was published to the exchange before."},
    {.name = "x-deduplication-header",
     .exchanges = deduplicating,
     .is_checked = true,
     .help = "As of queues."},
    {.name = "x-cache-ttl",
     .type = integer,
     .exchanges = deduplicating,
     .min = 1,
     .is_checked = true,
     .help = "As of queues."},
    {.name = "x-cache-size",
     .type = integer,
     .exchanges = deduplicating,
     .min = 1,
     .is_checked = true,
     .help = "As of queues."},
    // Policy keys of RabbitMQ and its plugins without meaning here.
    {.policy_key = "ha-mode", .takes_any = true},
    {.policy_key = "ha-params", .takes_any = true},
    {.policy_key = "ha-sync-mode", .takes_any = true},
    {.policy_key = "ha-sync-batch-size", .takes_any = true},
    {.policy_key = "ha-promote-on-shutdown", .takes_any = true},
    {.policy_key = "ha-promote-on-failure", .takes_any = true},
    {.policy_key = "federation-upstream", .takes_any = true},
    {.policy_key = "federation-upstream-set", .takes_any = true},
    {.policy_key = "federation-upstream-pattern", .takes_any = true},
    {.policy_key = "shards-per-node", .takes_any = true},
    {.policy_key = "routing-key", .takes_any = true},
    {.policy_key = "delayed-message", .takes_any = true},
    {.policy_key = "max-priority", .takes_any = true},
};

}  // namespace

std::span<const ExchangeArgument> exchange_arguments() noexcept {
  return exchange_table;
}

}  // namespace tern::broker
