// Reader: the threads that page messages back in. A request's blocks are copied into slabs, one
// each, and the messages refer to them; blocks of the stored and the spilled stream are merged by
// position.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include "storage/database.hpp"
#include "storage/inbox.hpp"

namespace tern::storage {

/// Messages shared by several queues, kept while requests follow one another, so that queues of a
/// fan-out share them in memory as well. Each reader thread has its own.
class SharedCache {
 public:
  /// The message, or null and the reason in `error`.
  [[nodiscard]] MessageRef find(Database& database, Epoch epoch, std::uint64_t id,
                                std::uint32_t index, std::string& error);
  void clear() { loaded_.clear(); }

 private:
  struct Loaded {
    Epoch epoch = 0;
    std::uint64_t id = 0;
    std::vector<MessageRef> messages;
  };
  static constexpr std::size_t blocks_max = 8;
  std::vector<Loaded> loaded_;  // oldest first
};

/// Carries out one request. An error is final: the text says what could not be read.
[[nodiscard]] Result<ReadResult> read_messages(Database& database, const StreamTable& table,
                                               const Inbox& inbox, SharedCache& cache,
                                               const ReadRequest& request);
/// The same for the index of due times (read_due.cpp). Most of what is settled is left out.
[[nodiscard]] Result<DueResult> read_due(Database& database, const StreamTable& table,
                                         const DueRequest& request);

class Reader {
 public:
  Reader(Database& database, const StreamTable& table, const Inbox& inbox)
      : database_(database), table_(table), inbox_(inbox) {}

  /// `failed` is called on a reader thread when something cannot be read.
  void start(std::uint32_t threads, Listener& listener,
             std::function<void(const std::string&)> failed);
  using Request = std::variant<ReadRequest, DueRequest>;
  void submit(const Request& request);
  /// Requests still waiting are not answered.
  void stop();

 private:
  void run();
  void answer(const ReadRequest& request, SharedCache& cache);
  void answer(const DueRequest& request, SharedCache& cache);

  Database& database_;
  const StreamTable& table_;
  const Inbox& inbox_;
  Listener* listener_ = nullptr;
  std::function<void(const std::string&)> failed_;

  std::mutex mutex_;  // guards the next block
  std::condition_variable changed_;
  std::deque<Request> requests_;
  bool stopping_ = false;

  std::vector<std::thread> threads_;
};

}  // namespace tern::storage
