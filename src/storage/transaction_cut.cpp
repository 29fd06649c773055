#include "storage/transaction_cut.hpp"

#include <algorithm>
#include <unordered_map>

namespace tern::storage {
namespace {

using Shards = std::vector<std::vector<WaitingBatch>>;

template <class Visit>
void for_each_part(const WaitingBatch& batch, Visit visit) {
  if (batch.transactions == nullptr) return;
  for (const TransactionPart& part : *batch.transactions) visit(part);
}

// The longest prefixes without an incomplete transaction: shorten until none is left.
std::vector<std::size_t> completable(const Shards& shards) {
  std::vector<std::size_t> limits;
  for (const auto& line : shards) limits.push_back(line.size());
  for (bool changed = true; changed;) {
    changed = false;
    std::unordered_map<std::uint64_t, std::uint32_t> seen;
    for (std::size_t s = 0; s < shards.size(); ++s) {
      for (std::size_t i = 0; i < limits[s]; ++i)
        for_each_part(shards[s][i], [&](const TransactionPart& part) { ++seen[part.id]; });
    }
    for (std::size_t s = 0; s < shards.size(); ++s) {
      for (std::size_t i = 0; i < limits[s]; ++i) {
        bool complete = true;
        for_each_part(shards[s][i], [&](const TransactionPart& part) {
          complete &= seen[part.id] >= part.parts;
        });
        if (complete) continue;
        limits[s] = i;
        changed = true;
      }
    }
  }
  return limits;
}

// Adds whatever completes the transactions that the chosen prefixes begin.
void complete(const Shards& shards, const std::vector<std::size_t>& limits,
              std::vector<std::size_t>& chosen) {
  std::unordered_map<std::uint64_t, std::vector<std::pair<std::size_t, std::size_t>>> places;
  for (std::size_t s = 0; s < shards.size(); ++s) {
    for (std::size_t i = 0; i < limits[s]; ++i) {
      for_each_part(shards[s][i],
                    [&](const TransactionPart& part) { places[part.id].emplace_back(s, i); });
    }
  }
  std::vector<std::size_t> looked(shards.size(), 0);
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t s = 0; s < shards.size(); ++s) {
      for (; looked[s] < chosen[s]; ++looked[s]) {
        changed = true;
        for_each_part(shards[s][looked[s]], [&](const TransactionPart& part) {
          for (const auto& [shard, index] : places[part.id])
            chosen[shard] = std::max(chosen[shard], index + 1);
        });
      }
    }
  }
}

}  // namespace

std::vector<std::size_t> choose_prefixes(const Shards& shards, std::uint64_t bytes_max,
                                         std::size_t first_shard) {
  const std::vector<std::size_t> limits = completable(shards);
  std::vector<std::size_t> chosen(shards.size(), 0);
  std::uint64_t bytes = 0;
  for (bool more = true; more && bytes < bytes_max;) {
    more = false;
    for (std::size_t k = 0; k < shards.size() && bytes < bytes_max; ++k) {
      const std::size_t s = (first_shard + k) % shards.size();
      if (chosen[s] == limits[s]) continue;
      bytes += shards[s][chosen[s]++].bytes;
      more = true;
    }
  }
  complete(shards, limits, chosen);
  return chosen;
}

}  // namespace tern::storage
