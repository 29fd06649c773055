// check_wals(): after RocksDB refused its write-ahead logs, finds out whether a power cut explains
// it. Reads the files themselves; runs only then, once, at start.
#pragma once

#include <string>

namespace tern::storage {

struct WalDamage {
  bool is_power_cut = false;  ///< no more is affected than may have been unsynced
  std::string text;           ///< which file, where, how much
};

[[nodiscard]] WalDamage check_wals(const std::string& data_dir);

}  // namespace tern::storage
