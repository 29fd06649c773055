#include "storage/transaction_cut.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace tern::storage {
namespace {

using Shards = std::vector<std::vector<WaitingBatch>>;

template <class Visit>
void for_each_part(const WaitingBatch& batch, Visit visit) {
  if (batch.transactions == nullptr) return;
  for (const TransactionPart& part : *batch.transactions) visit(part);
}

// A transaction as far as it waits.
struct Waiting {
  std::uint32_t parts = 0;
  bool is_torn = false;                                     // a part of it cannot go
  std::vector<std::pair<std::size_t, std::size_t>> places;  // shard and index of each part
};
using Transactions = std::unordered_map<std::uint64_t, Waiting>;

Transactions collect(const Shards& shards) {
  Transactions result;
  for (std::size_t s = 0; s < shards.size(); ++s) {
    for (std::size_t i = 0; i < shards[s].size(); ++i) {
      for_each_part(shards[s][i], [&](const TransactionPart& part) {
        Waiting& waiting = result[part.id];
        waiting.parts = std::max(waiting.parts, part.parts);
        waiting.places.emplace_back(s, i);
      });
    }
  }
  return result;
}

// The longest prefixes without a torn transaction. A part that cannot go holds back all that is
// behind it, and whatever has parts there is torn in turn. Each part is looked at twice at most.
std::vector<std::size_t> completable(const Shards& shards, Transactions& transactions) {
  std::vector<std::size_t> limits;
  for (const auto& line : shards) limits.push_back(line.size());
  std::vector<const Waiting*> torn;
  for (auto& [id, waiting] : transactions) {
    waiting.is_torn = waiting.places.size() < waiting.parts;
    if (waiting.is_torn) torn.push_back(&waiting);
  }
  while (!torn.empty()) {
    const Waiting& waiting = *torn.back();
    torn.pop_back();
    for (const auto& [shard, index] : waiting.places) {
      while (limits[shard] > index) {
        for_each_part(shards[shard][--limits[shard]], [&](const TransactionPart& part) {
          Waiting& other = transactions[part.id];
          if (!std::exchange(other.is_torn, true)) torn.push_back(&other);
        });
      }
    }
  }
  return limits;
}

// Adds whatever completes the transactions that the chosen prefixes begin.
void complete(const Shards& shards, const Transactions& transactions,
              std::vector<std::size_t>& chosen) {
  std::vector<std::size_t> looked(shards.size(), 0);
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t s = 0; s < shards.size(); ++s) {
      for (; looked[s] < chosen[s]; ++looked[s]) {
        changed = true;
        for_each_part(shards[s][looked[s]], [&](const TransactionPart& part) {
          for (const auto& [shard, index] : transactions.at(part.id).places)
            chosen[shard] = std::max(chosen[shard], index + 1);
        });
      }
    }
  }
}

}  // namespace

std::vector<std::size_t> choose_prefixes(const Shards& shards, std::uint64_t bytes_max,
                                         std::size_t first_shard) {
  Transactions transactions = collect(shards);
  const std::vector<std::size_t> limits = completable(shards, transactions);
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
  complete(shards, transactions, chosen);
  return chosen;
}

}  // namespace tern::storage
