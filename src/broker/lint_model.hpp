// What the parts of the linter share: the definitions sorted into virtual hosts, and the list of
// findings. Internal to lint*.cpp. Any thread, one at a time.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "broker/lint.hpp"
#include "broker/policies.hpp"
#include "exchange/matcher.hpp"

namespace tern::broker {

class LintFindings {
 public:
  void add(LintLevel level, const DefinitionOrigin& where, std::string text) {
    if (seen_.emplace(where, text).second) findings_.push_back({where, level, std::move(text)});
  }
  void error(const DefinitionOrigin& where, std::string text) {
    add(LintLevel::error, where, std::move(text));
  }
  void warning(const DefinitionOrigin& where, std::string text) {
    add(LintLevel::warning, where, std::move(text));
  }
  void note(const DefinitionOrigin& where, std::string text) {
    add(LintLevel::note, where, std::move(text));
  }
  [[nodiscard]] std::vector<LintFinding> take() { return std::move(findings_); }

 private:
  std::vector<LintFinding> findings_;
  std::set<std::pair<std::string, std::string>> seen_;
};

/// An exchange as routing sees it. Queues and exchanges are named by their places in LintVhost.
struct LintExchange {
  const ExchangeDefinition* definition = nullptr;  ///< null: a predeclared one
  std::string name;
  std::string type;
  std::vector<const BindingDefinition*> bindings;  ///< those whose two ends are there
  std::vector<exchange::Target> targets;           ///< of each binding
  std::string alternate;
  bool is_fed = false;  ///< clients, or another exchange or queue, can send something there
  std::unique_ptr<exchange::Matcher> matcher;  ///< made when first asked
};

/// Where a queue's dead letters go.
struct LintDeadLetter {
  bool is_set = false;
  std::string exchange;
  std::optional<std::string> routing_key;
  bool is_by_itself = false;  ///< messages leave without a consumer's doing: they expire
};

struct LintQueue {
  const QueueDefinition* definition = nullptr;
  LintDeadLetter dead_letter;
  bool is_reached = false;  ///< by a binding, or by name from another queue
};

struct LintVhost {
  std::string name;
  std::vector<LintExchange> exchanges;
  std::vector<LintQueue> queues;
  std::unordered_map<std::string_view, std::uint32_t> exchange_places;
  std::unordered_map<std::string_view, std::uint32_t> queue_places;
  std::vector<const PolicyDefinition*> policies;
  PolicyBook book;

  [[nodiscard]] LintExchange* find_exchange(std::string_view wanted) {
    const auto found = exchange_places.find(wanted);
    return found == exchange_places.end() ? nullptr : &exchanges[found->second];
  }
  [[nodiscard]] LintQueue* find_queue(std::string_view wanted) {
    const auto found = queue_places.find(wanted);
    return found == queue_places.end() ? nullptr : &queues[found->second];
  }
};

/// Policies that are never in force, or nowhere. After the book was made.
void lint_policies(LintVhost& vhost, LintFindings& findings);
/// Where messages can go: alternate and dead-letter exchanges, what nothing leads to, loops.
void lint_routing(LintVhost& vhost, LintFindings& findings);

}  // namespace tern::broker
