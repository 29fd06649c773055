// The linter on where messages go: through bindings, alternate and dead-letter exchanges.
#include <fmt/format.h>

#include <algorithm>

#include "broker/effective.hpp"
#include "broker/lint_model.hpp"

namespace tern::broker {
namespace {

constexpr std::uint32_t no_place = ~0U;

class RoutingLinter {
 public:
  RoutingLinter(LintVhost& vhost, LintFindings& findings) : vhost_(vhost), findings_(findings) {}

  void run() {
    lint_alternates();
    lint_dead_letters();
    feed();
    lint_exchanges();
    lint_queues();
    lint_loops();
  }

 private:
  // Where a setting of a queue or exchange is to be corrected: its own argument, or the policy.
  DefinitionOrigin place_of(const DefinitionOrigin& origin, const FieldTable& arguments,
                            const std::string& name, const std::vector<std::string>& keys) {
    for (const std::string& key : keys) {
      if (arguments.find(key) != nullptr) return fmt::format("{}.arguments.{}", origin, key);
    }
    const std::string& key = keys.back();
    for (const PolicyDefinition* policy : vhost_.policies) {
      const FieldValue* value = policy->definition.find(key);
      const auto* text = value == nullptr ? nullptr : value->as<std::string>();
      if (text != nullptr && *text == name)
        return fmt::format("{}.definition.{}", policy->origin, key);
    }
    return origin;
  }

  void lint_alternates() {
    for (const LintExchange& exchange : vhost_.exchanges) {
      if (exchange.alternate.empty() || vhost_.find_exchange(exchange.alternate) != nullptr)
        continue;
      findings_.warning(
          place_of(exchange.definition->origin, exchange.definition->spec.arguments,
                   exchange.alternate, {"x-alternate-exchange", "alternate-exchange"}),
          fmt::format("the alternate exchange '{}' is not defined: what exchange '{}' cannot route "
                      "is dropped",
                      exchange.alternate, exchange.name));
    }
  }

  // Where the dead letters of one queue go. With a routing key of their own that is exact for
  // exchanges that route by it; else whatever is bound may get them.
  std::vector<std::uint32_t> dead_letter_targets(const LintQueue& queue) {
    const LintDeadLetter& letter = queue.dead_letter;
    if (letter.exchange.empty()) {
      // Without a key they return to where they came from only if that was the queue's own name.
      const auto& name = letter.routing_key ? *letter.routing_key : queue.definition->spec.name;
      const auto found = vhost_.queue_places.find(name);
      if (found == vhost_.queue_places.end()) return {};
      return {found->second};
    }
    const auto cached = targets_.find({letter.exchange, letter.routing_key});
    if (cached != targets_.end()) return cached->second;
    auto found = find_targets(letter.exchange, letter.routing_key);
    return targets_[{letter.exchange, letter.routing_key}] = std::move(found);
  }

  std::vector<std::uint32_t> find_targets(const std::string& first,
                                          const std::optional<std::string>& key) {
    std::set<std::uint32_t> queues;
    std::set<std::uint32_t> seen;
    std::vector<std::uint32_t> open;
    const auto visit = [&](std::uint32_t place) {
      if (seen.insert(place).second) open.push_back(place);
    };
    const auto start = vhost_.exchange_places.find(first);
    if (start != vhost_.exchange_places.end()) visit(start->second);
    while (!open.empty()) {
      LintExchange& exchange = vhost_.exchanges[open.back()];
      open.pop_back();
      const auto targets = route(exchange, key);
      for (const exchange::Target& target : targets) {
        if (target.kind == exchange::Target::Kind::queue)
          queues.insert(target.id);
        else
          visit(target.id);
      }
      const auto alternate = vhost_.exchange_places.find(exchange.alternate);
      if (!exchange.alternate.empty() && alternate != vhost_.exchange_places.end() &&
          (targets.empty() || !key))
        visit(alternate->second);
    }
    return {queues.begin(), queues.end()};
  }

  static std::vector<exchange::Target> route(LintExchange& exchange,
                                             const std::optional<std::string>& key) {
    const FieldTable none;
    const auto* type = exchange::find_routing_type(
        exchange.type, exchange.definition == nullptr ? none : exchange.definition->spec.arguments);
    if (!key || type == nullptr || (type->name != "direct" && type->name != "topic"))
      return exchange.targets;
    if (exchange.matcher == nullptr) {
      exchange.matcher = exchange::make_matcher(type->name);
      for (std::size_t index = 0; index < exchange.bindings.size(); ++index)
        exchange.matcher->bind(
            {exchange.targets[index], exchange.bindings[index]->spec.routing_key, {}});
    }
    exchange::TargetSet targets;
    exchange.matcher->route({.routing_key = *key}, targets);
    return {targets.items().begin(), targets.items().end()};
  }

  void lint_dead_letters() {
    next_.resize(vhost_.queues.size());
    for (std::uint32_t place = 0; place < vhost_.queues.size(); ++place) {
      const LintQueue& queue = vhost_.queues[place];
      const LintDeadLetter& letter = queue.dead_letter;
      if (!letter.is_set) continue;
      const auto where =
          place_of(queue.definition->origin, queue.definition->spec.arguments, letter.exchange,
                   {"x-dead-letter-exchange", "dead-letter-exchange"});
      if (LintExchange* exchange = vhost_.find_exchange(letter.exchange)) {
        exchange->is_fed = true;
      } else {
        findings_.warning(where, fmt::format("the dead-letter exchange '{}' is not defined: dead "
                                             "letters are dropped",
                                             letter.exchange));
        continue;
      }
      next_[place] = dead_letter_targets(queue);
      for (const std::uint32_t target : next_[place]) vhost_.queues[target].is_reached = true;
      if (next_[place].empty() && (letter.routing_key || !letter.exchange.empty())) {
        findings_.warning(where,
                          letter.routing_key
                              ? fmt::format("dead letters with the routing key '{}' reach no queue "
                                            "from exchange '{}'",
                                            *letter.routing_key, letter.exchange)
                              : fmt::format("dead letters reach no queue: nothing is bound to "
                                            "exchange '{}'",
                                            letter.exchange));
      }
    }
  }

  // Spreads `is_fed` from exchanges that clients or dead letters reach to those behind them.
  void feed() {
    std::vector<std::uint32_t> open;
    for (std::uint32_t place = 0; place < vhost_.exchanges.size(); ++place) {
      if (vhost_.exchanges[place].is_fed) open.push_back(place);
    }
    while (!open.empty()) {
      const LintExchange& exchange = vhost_.exchanges[open.back()];
      open.pop_back();
      const auto reach = [&](std::uint32_t place) {
        if (!std::exchange(vhost_.exchanges[place].is_fed, true)) open.push_back(place);
      };
      for (const exchange::Target& target : exchange.targets) {
        if (target.kind == exchange::Target::Kind::queue)
          vhost_.queues[target.id].is_reached = true;
        else
          reach(target.id);
      }
      const auto alternate = vhost_.exchange_places.find(exchange.alternate);
      if (!exchange.alternate.empty() && alternate != vhost_.exchange_places.end())
        reach(alternate->second);
    }
  }

  void lint_exchanges() {
    for (const LintExchange& exchange : vhost_.exchanges) {
      if (exchange.definition == nullptr) continue;
      const DefinitionOrigin& where = exchange.definition->origin;
      if (!exchange.is_fed) {
        findings_.warning(where, fmt::format("nothing leads to the internal exchange '{}': no "
                                             "binding, alternate or dead-letter exchange",
                                             exchange.name));
      }
      if (exchange.bindings.empty() && exchange.alternate.empty())
        findings_.note(where, fmt::format("nothing is bound to exchange '{}'", exchange.name));
    }
  }

  void lint_queues() {
    std::vector<bool> has_binding(vhost_.queues.size(), false);
    for (const LintExchange& exchange : vhost_.exchanges) {
      for (const exchange::Target& target : exchange.targets) {
        if (target.kind == exchange::Target::Kind::queue) has_binding[target.id] = true;
      }
    }
    for (std::size_t place = 0; place < vhost_.queues.size(); ++place) {
      const LintQueue& queue = vhost_.queues[place];
      if (queue.is_reached) continue;
      const auto& name = queue.definition->spec.name;
      if (has_binding[place]) {
        findings_.warning(
            queue.definition->origin,
            fmt::format("queue '{}' is bound only to exchanges that nothing leads to", name));
      } else {
        findings_.note(queue.definition->origin,
                       fmt::format("nothing is routed to queue '{}' but by its name, through the "
                                   "default exchange",
                                   name));
      }
    }
  }

  // Messages that go round by themselves are dropped when they come back: only a consumer's
  // rejection in between makes a cycle that goes on. What cannot be part of such a cycle is taken
  // away, from its ends; what remains is followed once round.
  void lint_loops() {
    std::vector<std::size_t> exits(next_.size(), 0);
    std::vector<std::vector<std::uint32_t>> previous(next_.size());
    const auto goes_by_itself = [&](std::uint32_t place) {
      return vhost_.queues[place].dead_letter.is_by_itself;
    };
    std::vector<std::uint32_t> ends;
    for (std::uint32_t place = 0; place < next_.size(); ++place) {
      if (goes_by_itself(place)) {
        for (const std::uint32_t target : next_[place]) {
          if (!goes_by_itself(target)) continue;
          ++exits[place];
          previous[target].push_back(place);
        }
      }
      if (exits[place] == 0) ends.push_back(place);
    }
    while (!ends.empty()) {
      const std::uint32_t end = ends.back();
      ends.pop_back();
      for (const std::uint32_t before : previous[end]) {
        if (--exits[before] == 0) ends.push_back(before);
      }
    }
    std::vector<std::uint32_t> walk_of(next_.size(), no_place);
    for (std::uint32_t place = 0; place < next_.size(); ++place) {
      if (exits[place] > 0 && walk_of[place] == no_place) report_loop(place, exits, walk_of);
    }
  }

  void report_loop(std::uint32_t start, const std::vector<std::size_t>& exits,
                   std::vector<std::uint32_t>& walk_of) {
    std::vector<std::uint32_t> path;
    std::uint32_t at = start;
    while (walk_of[at] == no_place) {
      walk_of[at] = start;
      path.push_back(at);
      at = *std::find_if(next_[at].begin(), next_[at].end(),
                         [&](std::uint32_t target) { return exits[target] > 0; });
    }
    // It ran into a loop that was reported before.
    if (walk_of[at] != start) return;
    path.erase(path.begin(), std::find(path.begin(), path.end(), at));
    std::string names;
    for (const std::uint32_t place : path)
      names += fmt::format("'{}' -> ", vhost_.queues[place].definition->spec.name);
    const QueueDefinition& first = *vhost_.queues[at].definition;
    findings_.warning(first.origin,
                      fmt::format("dead-letter loop {}'{}': messages that expire or overflow all "
                                  "the way round, with no consumer rejecting them, are dropped",
                                  names, first.spec.name));
  }

  using TargetKey = std::pair<std::string, std::optional<std::string>>;

  LintVhost& vhost_;
  LintFindings& findings_;
  std::map<TargetKey, std::vector<std::uint32_t>> targets_;
  std::vector<std::vector<std::uint32_t>> next_;  ///< by queue: where its dead letters go
};

}  // namespace

void lint_routing(LintVhost& vhost, LintFindings& findings) {
  RoutingLinter(vhost, findings).run();
}

}  // namespace tern::broker
