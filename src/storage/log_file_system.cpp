#include "storage/log_file_system.hpp"

#include <fcntl.h>
#include <rocksdb/file_system.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <string>

#include "storage/wal_check.hpp"

namespace tern::storage {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

// Zeros written at once, and synced with the records in them: a fraction of a millisecond each.
constexpr std::uint64_t zeros_ahead = 512 << 10;
// Syncs of more than this are limited by the disk, not by the journal: zeros would only be written
// twice.
constexpr std::uint64_t small_sync_bytes = 64 << 10;

// Appended to by one thread, synced by that or another one. When it is closed, RocksDB cuts off
// what it has reserved behind the last record, zeros included.
class LogFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  LogFile(std::unique_ptr<rocksdb::FSWritableFile>&& file, int descriptor)
      : FSWritableFileOwnerWrapper(std::move(file)), descriptor_(descriptor) {}
  ~LogFile() override {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    make_room(data.size());
    return target()->Append(data, options, debug);
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& verification,
                  IODebugContext* debug) override {
    make_room(data.size());
    return target()->Append(data, options, verification, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    note_sync();
    return target()->Sync(options, debug);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    note_sync();
    return target()->Fsync(options, debug);
  }

 private:
  void make_room(std::size_t bytes) {
    const std::uint64_t begin = written_.load(std::memory_order_relaxed);
    const std::uint64_t end = begin + bytes;
    written_.store(end, std::memory_order_relaxed);
    if (descriptor_ < 0 || end <= zeros_end_ || !syncs_little_.load(std::memory_order_relaxed))
      return;
    // Not constant, so that it is memory that nobody ever touches instead of a part of the program.
    static std::array<char, zeros_ahead> zeros;
    // A full disk is for the record itself to find out.
    if (::pwrite(descriptor_, zeros.data(), zeros.size(), static_cast<off_t>(end)) ==
        static_cast<ssize_t>(zeros.size()))
      zeros_end_ = end + zeros.size();
  }
  void note_sync() {
    const std::uint64_t written = written_.load(std::memory_order_relaxed);
    const std::uint64_t before = synced_.exchange(written, std::memory_order_relaxed);
    syncs_little_.store(written - before < small_sync_bytes, std::memory_order_relaxed);
  }

  const int descriptor_;  // of its own, for zeros; -1 if there is none
  std::uint64_t zeros_end_ = 0;
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> synced_{0};
  std::atomic<bool> syncs_little_{false};
};

bool is_log(const std::string& name) {
  return name.ends_with(".log");
}

class LogFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;
  [[nodiscard]] const char* Name() const override { return "TernMQ log file system"; }

  IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result,
                           IODebugContext* debug) override {
    const IOStatus status = target()->NewWritableFile(name, options, result, debug);
    if (!status.ok() || !is_log(name)) return status;
    writes_ = true;
    const int descriptor = ::open(name.c_str(), O_WRONLY | O_CLOEXEC);
    *result = std::make_unique<LogFile>(std::move(*result), descriptor);
    return status;
  }

  // Recovery reads logs, with the directory locked, before a new one is made. Later they are
  // written to, and nothing may be cut.
  IOStatus NewSequentialFile(const std::string& name, const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* result,
                             IODebugContext* debug) override {
    if (is_log(name) && !writes_) {
      std::error_code error;  // if it cannot be cut, RocksDB sees it as it is
      if (const auto end = end_before_zeros(name)) std::filesystem::resize_file(name, *end, error);
    }
    return target()->NewSequentialFile(name, options, result, debug);
  }

 private:
  std::atomic<bool> writes_{false};
};

}  // namespace

std::unique_ptr<rocksdb::Env> make_log_environment() {
  return rocksdb::NewCompositeEnv(std::make_shared<LogFileSystem>(rocksdb::FileSystem::Default()));
}

}  // namespace tern::storage
