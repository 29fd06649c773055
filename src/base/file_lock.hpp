// FileLock: one process at a time per data directory. Held from before the store is opened until
// after it is closed; the system drops it when the process dies, however it dies.
#pragma once

#include <string>
#include <utility>

#include "base/result.hpp"

namespace tern {

class FileLock {
 public:
  /// The file in the directory that is locked. It stays when the lock goes: removing it would let
  /// two processes lock two files of the same name. RocksDB's own is called LOCK.
  static constexpr const char* file_name = "ternmq.lock";

  /// Locks `directory`, which exists, without waiting, and leaves this process's id in the file.
  /// The error names the directory and, where it can be read, the process that holds the lock.
  [[nodiscard]] static Result<FileLock> acquire(const std::string& directory);

  FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace tern
