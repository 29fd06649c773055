// The file system that RocksDB writes through, which makes syncing its log cheap where syncs are
// small and frequent: the log is filled with zeros some way ahead, so that most syncs only
// overwrite what is there already. A sync of a file that grows costs the file system a commit of
// its journal as well, more than the data itself. Before recovery reads a log, what zeros a crash
// has left behind its last whole record are cut off: RocksDB would take a record that is cut short,
// with zeros behind, for damage.
#pragma once

#include <rocksdb/env.h>

#include <memory>

namespace tern::storage {

/// The default environment with such a file system; outlives the database.
[[nodiscard]] std::unique_ptr<rocksdb::Env> make_log_environment();

}  // namespace tern::storage
