// The linter on policies: those that match nothing, and those that others hide.
#include <fmt/format.h>

#include "broker/arguments.hpp"
#include "broker/lint_model.hpp"

namespace tern::broker {
namespace {

// What is known of one policy after all names were matched.
struct Use {
  std::size_t matches = 0;
  bool counts_somewhere = false;  ///< one of its keys is not set by a policy before it
  const Policy* hider = nullptr;  ///< the first one that was before it
};

using Uses = std::unordered_map<const PolicyDefinition*, Use>;
using Identity = std::tuple<bool, std::string>;

class PolicyUses {
 public:
  explicit PolicyUses(const LintVhost& vhost) {
    for (const PolicyDefinition* policy : vhost.policies)
      definitions_[{policy->is_operator, policy->name}] = policy;
    for (const LintExchange& exchange : vhost.exchanges) {
      if (exchange.name.empty()) continue;
      count(vhost.book.match_exchange(exchange.name), exchange.definition != nullptr);
    }
    for (const LintQueue& queue : vhost.queues) {
      const QueueSpec& spec = queue.definition->spec;
      count(vhost.book.match_queue(spec.name, queue_type(spec.arguments)), true);
    }
  }

  [[nodiscard]] const Use& of(const PolicyDefinition* policy) { return uses_[policy]; }

 private:
  void count(const MatchedPolicies& matched, bool is_defined) {
    count(matched.policies, is_defined);
    count(matched.operator_policies, is_defined);
  }

  void count(const std::vector<const Policy*>& policies, bool is_defined) {
    std::set<std::string_view> keys;
    for (const Policy* policy : policies) {
      const auto found =
          definitions_.find({policy->definition.is_operator, policy->definition.name});
      if (found == definitions_.end()) continue;
      Use& use = uses_[found->second];
      // A predeclared exchange is matched by every sweeping pattern; that alone is no use of it.
      if (is_defined || policy->definition.apply_to == ApplyTo::exchanges) ++use.matches;
      bool is_new = policy->definition.definition.empty();
      for (const FieldEntry& entry : policy->definition.definition.entries())
        is_new = keys.insert(entry.name).second || is_new;
      if (is_new) use.counts_somewhere = true;
      if (!is_new && use.hider == nullptr) use.hider = policies.front();
    }
  }

  std::map<Identity, const PolicyDefinition*> definitions_;
  Uses uses_;
};

}  // namespace

void lint_policies(LintVhost& vhost, LintFindings& findings) {
  PolicyUses uses(vhost);
  for (const PolicyDefinition* policy : vhost.policies) {
    const Use& use = uses.of(policy);
    if (use.matches == 0) {
      findings.warning(
          policy->origin,
          fmt::format("the policy '{}' matches nothing that is defined here", policy->name));
    } else if (!use.counts_somewhere && use.hider != nullptr) {
      findings.warning(
          policy->origin,
          fmt::format("the policy '{}' never counts: wherever it matches, policies of a higher "
                      "priority, '{}' among them, set all that it sets",
                      policy->name, use.hider->definition.name));
    }
  }
}

}  // namespace tern::broker
