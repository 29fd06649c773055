// What RocksDB does not tell about its write-ahead logs: where one ends that was filled with zeros
// ahead of its records, and whether a power cut explains why others cannot be read. Both read the
// files themselves, at start only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tern::storage {

struct WalDamage {
  bool is_power_cut = false;  ///< no more is affected than may have been unsynced
  std::string text;           ///< which file, where, how much
};

/// Where the records of the log at `path` end, if there are zeros behind them. A record that a
/// crash has cut short does not count. Nothing if the log does not end with zeros, cannot be read,
/// or has something else behind its records: that is damage, and RocksDB will say so.
[[nodiscard]] std::optional<std::uint64_t> end_before_zeros(const std::string& path);

/// To be asked after RocksDB has refused its logs.
[[nodiscard]] WalDamage check_wals(const std::string& data_dir);

}  // namespace tern::storage
