// ConsistentHashMatcher: each message goes to one of the targets, equal routing keys (or headers,
// or properties) to the same one, in proportion to the weights in the binding keys.
//
// Weighted rendezvous hashing: every target draws a number from the key and itself, and the highest
// draw wins. A new target can only win keys for itself and a removed one only leaves its own, so
// nothing else moves; shares are exact but for chance. A ring of points would need thousands for
// each target to come as close. Among targets of equal weight the highest hash wins, so the
// logarithm is taken once for each weight in use and a target costs some two nanoseconds.
//
// A target that is bound several times has the sum of its weights. (RabbitMQ counts the first
// binding alone, which depends on the order in which they came.)
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "exchange/binding_index.hpp"
#include "exchange/matcher.hpp"

namespace tern::exchange {

class ConsistentHashMatcher final : public Matcher {
 public:
  /// hash-header and hash-property: texts, not both, and a property that can be hashed.
  [[nodiscard]] static Result<void> check_exchange(const FieldTable& arguments);
  /// The binding key is an integer of at least 1.
  [[nodiscard]] static Result<void> check_binding(const NewBinding& binding);

  /// Arguments that check_exchange accepts.
  explicit ConsistentHashMatcher(const FieldTable& arguments);

  bool bind(const Binding& binding) override;
  bool unbind(const Binding& binding) override;
  void route(const RouteInput& input, TargetSet& targets) const override;
  [[nodiscard]] std::size_t size() const noexcept override { return bindings_.size(); }
  [[nodiscard]] bool is_cacheable() const noexcept override { return source_ == Source::key; }

 private:
  enum class Source : std::uint8_t { key, header, message_id, correlation_id, timestamp };
  struct TargetHash {
    [[nodiscard]] std::size_t operator()(const Target& target) const noexcept;
  };
  struct Member {
    std::uint64_t weight = 0;
    std::uint32_t slot = 0;  ///< in the group of that weight
  };
  struct Entry {
    std::uint64_t seed;
    Target target;
  };

  [[nodiscard]] std::uint64_t hash_of(const RouteInput& input) const noexcept;
  [[nodiscard]] std::uint64_t hash_of_property(Bytes properties) const noexcept;
  void set_weight(Target target, std::uint64_t weight);
  void leave_group(const Member& member);

  Source source_ = Source::key;
  std::string header_;
  BindingIndex<std::uint64_t> bindings_;  ///< with their weights
  std::unordered_map<Target, Member, TargetHash> members_;
  std::map<std::uint64_t, std::vector<Entry>> groups_;  ///< by weight
};

}  // namespace tern::exchange
