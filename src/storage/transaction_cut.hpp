// choose_prefixes(): how many of each shard's waiting batches go into the next commit, so that no
// transaction is torn. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "storage/store.hpp"

namespace tern::storage {

/// A waiting batch as far as the choice is concerned.
struct WaitingBatch {
  std::uint64_t bytes = 0;
  const std::vector<TransactionPart>* transactions = nullptr;  ///< null or empty: none
};

/// For each shard the number of batches to take from the front of its line: about `bytes_max` in
/// all, at least one batch if any can go, more where a transaction needs it; every transaction in
/// them complete. `first_shard` goes first (rotated by the caller, so that all are served).
[[nodiscard]] std::vector<std::size_t> choose_prefixes(
    const std::vector<std::vector<WaitingBatch>>& shards, std::uint64_t bytes_max,
    std::size_t first_shard);

}  // namespace tern::storage
