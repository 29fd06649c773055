#include "storage/rocks_store.hpp"

#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/ensure.hpp"
#include "base/file_lock.hpp"
#include "base/log.hpp"
#include "storage/committer.hpp"
#include "storage/crc32c_override.hpp"
#include "storage/reader.hpp"
#include "storage/reclaimer.hpp"
#include "storage/recovery.hpp"

namespace tern::storage {
namespace {

// Less than this free and the first commits would fail: better to say so now.
constexpr std::uint64_t free_bytes_min = 32ULL << 20;

class RocksStore final : public Store {
 public:
  RocksStore(const RocksOptions& options, FileLock&& lock, std::shared_ptr<FilterState> state,
             std::unique_ptr<Database> database, Recovery&& recovery)
      : lock_(std::move(lock)),
        state_(std::move(state)),
        database_(std::move(database)),
        recovered_{.records = std::move(recovery.records),
                   .queues = std::move(recovery.queues),
                   .stopped_cleanly = recovery.stopped_cleanly},
        reader_threads_(options.reader_threads),
        inbox_(options.ack_delay),
        completer_(*database_, *state_, inbox_),
        committer_(options, *database_, *state_, inbox_, completer_, recovery),
        reader_(*database_, state_->table, inbox_),
        reclaimer_(options, *database_, *state_) {}
  ~RocksStore() override { stop(); }

  Recovered take_recovered() override { return std::exchange(recovered_, {}); }

  void start(Listener& listener) override {
    ensure(!started_, "store started twice");
    started_ = true;
    completer_.start(listener);
    committer_.start();
    reader_.start(reader_threads_, listener,
                  [this](const std::string& text) { completer_.fail(text); });
    reclaimer_.start();
  }

  void submit(std::shared_ptr<Batch> batch) override { inbox_.submit(std::move(batch)); }
  void submit_records(std::vector<Record> records, std::vector<QueueId> dropped,
                      std::function<void()> done) override {
    inbox_.submit_records(std::move(records), std::move(dropped), std::move(done));
  }
  void read(const ReadRequest& request) override { reader_.submit(request); }
  void read_due(const DueRequest& request) override { reader_.submit(request); }
  std::uint64_t pending_bytes() const noexcept override { return inbox_.pending_bytes(); }

  void stop() override {
    if (!started_ || stopped_) return;
    stopped_ = true;
    inbox_.close();
    reclaimer_.stop();
    committer_.join();
    completer_.stop();
    reader_.stop();
    if (!completer_.has_failed()) note_clean_stop();
  }

 private:
  // Everything is written: the next start knows exactly what was delivered. Without the note it
  // takes the stop for a crash, which costs nothing but exactness.
  void note_clean_stop() {
    rocksdb::WriteOptions sync;
    sync.sync = true;
    const auto status = database_->db().Put(sync, database_->meta(), to_slice(clean_key), "1");
    if (!status.ok()) log_warn("store", "cannot note the orderly stop: {}", status.ToString());
  }

  // In order of construction; the database is closed before the lock is given up.
  FileLock lock_;
  std::shared_ptr<FilterState> state_;
  std::unique_ptr<Database> database_;
  Recovered recovered_;
  const std::uint32_t reader_threads_;
  Inbox inbox_;
  Completer completer_;
  Committer committer_;
  Reader reader_;
  Reclaimer reclaimer_;
  bool started_ = false;
  bool stopped_ = false;
};

Result<void> prepare_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return Error{fmt::format("cannot make data directory {}: {}", path, error.message())};
  if (access(path.c_str(), R_OK | W_OK | X_OK) != 0) {
    return Error{fmt::format("cannot write to data directory {}: {}", path, std::strerror(errno))};
  }
  struct statvfs file_system {};
  if (statvfs(path.c_str(), &file_system) == 0) {
    const std::uint64_t free = std::uint64_t{file_system.f_bavail} * file_system.f_frsize;
    if (free < free_bytes_min) {
      return Error{fmt::format(
          "no room in data directory {}: {} KiB are free, at least {} KiB are needed to start. "
          "Free "
          "space on that file system, or choose another directory with data_dir, and start again; "
          "what is stored in this one stays",
          path, free / 1024, free_bytes_min / 1024)};
    }
  }
  return {};
}

void log_crc32c() {
  const Crc32cCheck check = check_crc32c();
  ensure(check.consistent, "CRC32C differs from the library's");
  const auto speed = static_cast<std::uint64_t>(check.gigabytes_per_second * 1000);
  if (check.hardware && !check.library_calls) {
    log_warn("store", "the library's own CRC32C is in use: expect 40 % more work per commit");
  } else {
    log_debug("store", "crc32c hardware={} megabytes_per_second={}", check.hardware, speed);
  }
}

}  // namespace

Result<std::unique_ptr<Store>> open_rocks_store(const RocksOptions& options) {
  if (auto prepared = prepare_directory(options.data_dir); !prepared) return prepared.error();
  auto lock = FileLock::acquire(options.data_dir);
  if (!lock) return lock.error();
  log_crc32c();
  auto state = std::make_shared<FilterState>();
  auto database = Database::open(options, state);
  if (!database) return database.error();
  auto recovery = recover(**database, *state, options.data_dir);
  if (!recovery) return recovery.error();
  return std::unique_ptr<Store>(new RocksStore(options, std::move(*lock), std::move(state),
                                               std::move(*database), std::move(*recovery)));
}

}  // namespace tern::storage
