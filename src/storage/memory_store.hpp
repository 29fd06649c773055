// MemoryStore: a Store that keeps everything in memory and forgets it at the end: for --in-memory,
// tests and the simulator. It owns no thread: a batch is "durable" as soon as submit() has it, and
// the listener is called from inside submit() and read() (listeners only post).
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#include "storage/store.hpp"

namespace tern::storage {

class MemoryStore final : public Store {
 public:
  [[nodiscard]] Recovered take_recovered() override { return {}; }
  void start(Listener& listener) override;
  void submit(std::shared_ptr<Batch> batch) override;
  void submit_records(std::vector<Record> records, std::vector<QueueId> dropped,
                      std::function<void()> done) override;
  void read(const ReadRequest& request) override;
  void read_due(const DueRequest& request) override;
  [[nodiscard]] std::uint64_t pending_bytes() const noexcept override { return 0; }
  void stop() override;

  /// Messages held, of all queues (for tests).
  [[nodiscard]] std::size_t size() const;

 private:
  // What a queue holds; persistent and spilled messages never share a position.
  struct Stored {
    MessageRef message;
    Time due{};
    bool spilled = false;
  };
  using Messages = std::map<Position, Stored>;
  struct Queue {
    Messages messages;
    std::set<DueEntry> due;  // of messages that are there
  };

  void apply(Batch& batch);
  void append(Append& append);
  void settle(const Settled& settled);
  static Messages::iterator erase(Queue& queue, Messages::iterator message);

  mutable std::mutex mutex_;  // guards all below; held for map work only, never for a callback
  std::unordered_map<std::uint32_t, Queue> queues_;
  Listener* listener_ = nullptr;
  bool stopped_ = false;
};

}  // namespace tern::storage
