// Policies: settings for every queue and exchange whose name a pattern finds. Here: what a policy
// may say, and which policies match a name. What they add up to is effective.hpp's. Books are
// immutable snapshots made by the topology's writer, one per virtual host, shared by all shards.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "broker/arguments.hpp"
#include "broker/definitions.hpp"
#include "broker/pattern.hpp"

namespace tern::broker {

/// A policy that was checked.
struct Policy {
  PolicyDefinition definition;
  PatternPointer pattern;
};
using PolicyPointer = std::shared_ptr<const Policy>;

/// Checks a policy's name, pattern and definition. precondition_failed in RabbitMQ's words.
[[nodiscard]] Outcome<PolicyPointer> make_policy(const PolicyDefinition& definition);

/// The policies that match one name, the one that counts most first.
struct MatchedPolicies {
  std::vector<const Policy*> policies;
  std::vector<const Policy*> operator_policies;

  friend bool operator==(const MatchedPolicies&, const MatchedPolicies&) = default;
};

class PolicyBook {
 public:
  PolicyBook() = default;
  /// `merges`: all policies that match a name count, key by key; else only the first one of each
  /// kind, as in RabbitMQ.
  PolicyBook(std::vector<PolicyPointer> policies, bool merges);

  [[nodiscard]] bool empty() const noexcept { return policies_.empty(); }
  [[nodiscard]] MatchedPolicies match_queue(std::string_view name, QueueType type) const;
  [[nodiscard]] MatchedPolicies match_exchange(std::string_view name) const;

 private:
  template <class Applies>
  [[nodiscard]] MatchedPolicies match(std::string_view name, const Applies& applies) const;

  std::vector<PolicyPointer> policies_;  ///< highest priority first, then by name
  bool merges_ = true;
};
using PolicyBookPointer = std::shared_ptr<const PolicyBook>;

}  // namespace tern::broker
