// Plan: which queues one run of the lineage simulation has, with arguments chosen at random, and
// where their dead letters go. Plain values.
//
// Queues come in families, each with one source to which clients publish. Dead letters go from it
// along one or two branches; a branch is a path of queues that shares only the source with others,
// and may lead back into itself. So a message is in at most one place of each branch.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "message/field_table.hpp"

namespace tern::sim {

struct QueuePlan {
  std::string name;
  FieldTable arguments;
  std::vector<std::string> letters_to;  ///< names of queues; empty: dead letters go nowhere
  std::optional<std::int64_t> ttl;
  std::optional<std::uint64_t> length_max;
  std::optional<std::uint64_t> length_bytes_max;
  std::optional<std::uint32_t> delivery_limit;
  std::optional<std::int64_t> window;  ///< x-cache-ttl
  std::int64_t delay = 0;              ///< x-delivery-delay
  std::uint8_t priority_max = 0;
  bool refuses = false;  ///< reject-publish or reject-publish-dlx
  bool retries = false;
  bool has_groups = false;
  bool deduplicates = false;
  bool has_weights = false;
  bool is_source = false;
  bool is_cyclic = false;  ///< messages may come back to it

  [[nodiscard]] bool is_limited() const noexcept { return length_max || length_bytes_max; }
};

struct Branch {
  std::vector<std::string> queues;  ///< the source first
  [[nodiscard]] bool contains(const std::string& queue) const;
};

struct Family {
  std::string source;
  std::vector<Branch> branches;
  bool is_cyclic = false;
};

struct Plan {
  std::map<std::string, QueuePlan> queues;
  std::vector<Family> families;
  std::map<std::string, std::vector<std::string>> fanouts;  ///< exchanges and their queues

  [[nodiscard]] const Family& family_of(const std::string& source) const;
};

/// A header by which messages are grouped.
inline constexpr const char* group_header = "g";

/// The queues' names and arguments, a line each.
[[nodiscard]] std::string describe(const Plan& plan);
[[nodiscard]] Plan make_plan(std::mt19937_64& random);

}  // namespace tern::sim
