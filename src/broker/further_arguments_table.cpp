// The table of queue arguments, second part: retries, delays, groups, deduplication, weights. A new
// one is an entry here; then run `ternmq check --print-arguments > docs/arguments.md`.
#include <charconv>

#include "broker/arguments_table.hpp"

namespace tern::broker {
namespace {

using namespace table_words;

constexpr std::string_view retry_types[] = {"disabled", "all", "failed", "returned"};
constexpr std::int64_t count_max = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t weight_max = 1000;

bool is_weights(std::string_view value) {
  return parse_priority_weights(value).has_value();
}

constexpr QueueArgument table[] = {
    {.name = "x-delayed-retry-type",
     .type = text,
     .types = classic | quorum,
     .choices = retry_types,
     .refusal = "\"unsupported delayed retry type '%'\"",
     .compared = nothing,
     .policy_key = "delayed-retry-type",
     .policy_noun = "delayed retry type",
     .is_live = true,
     .help = "Which returned messages wait before they are delivered again: all, those whose "
             "consumer failed, or those that the consumer gave back."},
    {.name = "x-delayed-retry-min",
     .type = integer,
     .types = classic | quorum,
     .max = thousand_years,
     .refusal = too_large,
     .compared = nothing,
     .policy_key = "delayed-retry-min",
     .policy_noun = "delayed retry minimum",
     .is_live = true,
     .help = "Milliseconds before the first retry; each further one waits that much longer, or "
             "longer by x-delayed-retry-multiplier."},
    {.name = "x-delayed-retry-max",
     .type = integer,
     .types = classic | quorum,
     .max = thousand_years,
     .refusal = too_large,
     .compared = nothing,
     .policy_key = "delayed-retry-max",
     .policy_noun = "delayed retry maximum",
     .is_live = true,
     .help = "Milliseconds that a retry waits at most; 0: no bound."},
    {.name = "x-delayed-retry-multiplier",
     .type = integer,
     .types = classic | quorum,
     .max = 1000,
     .refusal = too_large,
     .compared = nothing,
     .policy_key = "delayed-retry-multiplier",
     .policy_noun = "delayed retry multiplier",
     .is_live = true,
     .help = "Each retry waits this many times as long as the one before. 0: each waits "
             "x-delayed-retry-min longer."},
    {.name = "x-delayed-retry-jitter",
     .type = integer,
     .types = classic | quorum,
     .max = 100,
     .refusal = too_large,
     .compared = nothing,
     .policy_key = "delayed-retry-jitter",
     .policy_noun = "delayed retry jitter",
     .is_live = true,
     .help = "Percent by which a retry may come sooner or later, so that many do not come at "
             "once."},
    {.name = "x-delivery-delay",
     .type = integer,
     .types = classic | quorum,
     .max = thousand_years,
     .refusal = too_large,
     .compared = nothing,
     .policy_key = "delivery-delay",
     .policy_noun = "delivery delay",
     .is_live = true,
     .help = "Milliseconds that every message waits before it can be delivered."},
    {.name = "x-message-group",
     .type = text,
     .types = classic | quorum,
     .compared = nothing,
     .policy_key = "message-group",
     .policy_noun = "message group",
     .is_live = true,
     .form = "name of a header or property",
     .help = "Messages with the same value of that header or property are delivered one at a time "
             "and in order; different values in parallel."},
    {.name = "x-message-deduplication",
     .type = boolean,
     .types = classic | quorum,
     .compared = nothing,
     .policy_key = "message-deduplication",
     .policy_noun = "message deduplication",
     .is_live = true,
     .help = "Confirm and drop a message whose key was published to the queue before."},
    {.name = "x-deduplication-header",
     .type = text,
     .types = classic | quorum,
     .compared = nothing,
     .policy_key = "deduplication-header",
     .policy_noun = "deduplication header",
     .is_live = true,
     .form = "name of a header",
     .help = "Header whose value is the key of deduplication. Without it, and for messages "
             "without it, that is the message-id."},
    {.name = "x-cache-ttl",
     .type = integer,
     .types = classic | quorum,
     .min = 1,
     .max = thousand_years,
     .refusal = too_large,
     .compared = nothing,
     .policy_key = "cache-ttl",
     .policy_noun = "cache TTL",
     .is_live = true,
     .help = "Milliseconds for which deduplication remembers a key; without it, as long as there "
             "is room."},
    {.name = "x-cache-size",
     .type = integer,
     .types = classic | quorum,
     .min = 1,
     .max = count_max,
     .refusal = too_large,
     .compared = nothing,
     .policy_key = "cache-size",
     .policy_noun = "cache size",
     .is_live = true,
     .help = "Keys that deduplication remembers at most; 100000 by default. The oldest go first."},
    {.name = "x-priority-weights",
     .type = text,
     .types = classic,
     .is_valid = is_weights,
     .refusal = "\"unsupported priority weights '%'\"",
     .compared = nothing,
     .policy_key = "priority-weights",
     .policy_noun = "list of priority weights",
     .is_live = true,
     .form = "numbers from 1 to 1000, such as `1,2,4`",
     .help = "Share of the deliveries that each priority gets while all of them have messages, "
             "lowest priority first; the last weight is that of all higher ones too. Without it, "
             "a lower priority waits until there is nothing above it."},
};

}  // namespace

std::span<const QueueArgument> further_arguments() noexcept {
  return table;
}

std::optional<std::vector<std::uint32_t>> parse_priority_weights(std::string_view text) {
  std::vector<std::uint32_t> weights;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    std::uint32_t weight = 0;
    const auto [next, error] = std::from_chars(at, end, weight);
    const bool is_weight = error == std::errc{} && weight > 0 && weight <= weight_max;
    if (!is_weight || weights.size() == 256) return std::nullopt;
    weights.push_back(weight);
    if (next == end) return weights;
    if (*next != ',') return std::nullopt;
    at = next + 1;
  }
}

}  // namespace tern::broker
