// docs/arguments.md: the tables of arguments as a page.
#include <algorithm>
#include <limits>

#include "broker/arguments.hpp"

namespace tern::broker {
namespace {

constexpr std::string_view opening = R"(# Arguments of queues and exchanges

<!-- Made by `ternmq check --print-arguments`; change src/broker/*_table.cpp instead of this
page. -->

What a queue can do is said by the arguments with which it is declared, and by policies, which set
the same things by name pattern, for queues that are in use too. A policy names them without `x-`.

Where both say something, the argument counts, unless the list below says that the lowest counts.
Several policies that match one queue are merged key by key: the one of the highest priority that
has a key sets it. Operator policies can set the keys marked so, and win over ordinary policies; of
numbers the lowest counts. `policies.merge = false` in the [configuration](configuration.md) lets
only the policy of the highest priority count, as RabbitMQ does.

Arguments that nobody knows are accepted and kept. A queue may be declared again by whoever leaves
out or changes an argument that RabbitMQ does not know; the one that it was made with counts.

)";

bool is_unbounded(std::int64_t max) {
  return max == std::numeric_limits<std::int64_t>::max();
}

std::string values_of(const QueueArgument& argument) {
  if (argument.type == ArgumentType::boolean) return "`true` or `false`";
  if (argument.type == ArgumentType::text) {
    if (argument.choices.empty())
      return argument.form.empty() ? "text" : std::string(argument.form);
    std::string list;
    for (const std::string_view choice : argument.choices) {
      if (!list.empty()) list += ", ";
      list.append("`").append(choice).append("`");
    }
    return list;
  }
  if (is_unbounded(argument.max)) return "whole number, at least " + std::to_string(argument.min);
  return "whole number from " + std::to_string(argument.min) + " to " +
         std::to_string(argument.max);
}

std::string types_of(const QueueArgument& argument) {
  std::string list;
  const auto add = [&](QueueType type, const char* name) {
    if (!argument.applies_to(type)) return;
    if (!list.empty()) list += ", ";
    list += name;
  };
  add(QueueType::classic, "classic");
  add(QueueType::quorum, "quorum");
  add(QueueType::stream, "stream");
  return list;
}

// Greedy; as wide as the rest of the documentation.
void append_wrapped(std::string& page, std::string_view words) {
  std::size_t column = 0;
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(' '));
    words.remove_prefix(std::min(words.size(), word.size() + 1));
    if (column != 0 && column + 1 + word.size() > 100) {
      page += '\n';
      column = 0;
    } else if (column != 0) {
      page += ' ';
      ++column;
    }
    page += word;
    column += word.size();
  }
  page += '\n';
}

std::string policy_of(const QueueArgument& argument) {
  if (argument.policy_key.empty()) return "no policy sets it";
  std::string line = "policy key `";
  line.append(argument.policy_key).append("`");
  if (argument.is_for_operators) line += ", also in operator policies";
  if (argument.combination == Combination::lowest) line += "; the lowest counts";
  if (argument.is_live) line += "; takes effect at once on a queue in use";
  return line;
}

void append_queue_argument(std::string& page, const QueueArgument& argument) {
  page.append("\n### `").append(argument.name).append("`\n");
  const std::string prefix = argument.is_ignored ? "Accepted and ignored. " : "";
  append_wrapped(page, prefix + std::string(argument.help));
  page += '\n';
  append_wrapped(page, "- " + types_of(argument) + "; " + values_of(argument));
  append_wrapped(page, "- " + policy_of(argument));
}

void append_exchange_argument(std::string& page, const ExchangeArgument& argument) {
  page.append("\n### `").append(argument.name).append("`\n");
  append_wrapped(page, argument.help);
  page += '\n';
  const std::string_view type = argument.type == ArgumentType::integer   ? "whole number"
                                : argument.type == ArgumentType::boolean ? "`true` or `false`"
                                                                         : "text";
  std::string line = "- exchange types: ";
  append_wrapped(page, line.append(argument.exchanges).append("; ").append(type));
  if (!argument.policy_key.empty())
    page.append("- policy key `").append(argument.policy_key).append("`; takes effect at once\n");
}

}  // namespace

std::string arguments_page() {
  std::string page(opening);
  page += "## Queues\n";
  for (const QueueArgument& argument : queue_arguments()) append_queue_argument(page, argument);
  page += "\n## Exchanges\n";
  std::string ignored;
  for (const ExchangeArgument& argument : exchange_arguments()) {
    if (!argument.name.empty()) {
      append_exchange_argument(page, argument);
      continue;
    }
    if (!ignored.empty()) ignored += ", ";
    ignored.append("`").append(argument.policy_key).append("`");
  }
  page += "\n## Further policy keys\n\n";
  append_wrapped(page, "Accepted and ignored, so that definitions of RabbitMQ load: " + ignored +
                           ". Any other key is refused.");
  return page;
}

}  // namespace tern::broker
