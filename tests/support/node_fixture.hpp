// TestNode: a whole broker (store, topology, shards) in one thread. Turns of the shards run in an
// order that follows from a seed, time stands still unless it is moved, and the store does what the
// test lets it do (stepped_store.hpp). Clients are TestClients.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "broker/node.hpp"
#include "support/stepped_store.hpp"
#include "support/test_client.hpp"

namespace tern::test {

class TestNode {
 public:
  struct Options {
    std::uint32_t shards = 1;
    std::uint64_t seed = 1;
    std::uint64_t window_bytes = 16ULL << 20;  ///< of a queue's head, and of its tail
    std::uint64_t store_pending_bytes_max = 64ULL << 20;
    /// run() lets the store work whenever the shards have nothing to do.
    bool store_works = true;
    /// Called after each commit of a store that works.
    std::function<void()> after_commit = {};
  };
  enum class Crash {
    clean,            ///< stopped: all that was handed to the store is durable
    before_commit,    ///< the commit under way is lost
    silently_durable  ///< it was written, but nobody heard of it
  };

  explicit TestNode(const Options& options);
  ~TestNode();
  TestNode(const TestNode&) = delete;
  TestNode& operator=(const TestNode&) = delete;

  /// A new client on a shard.
  TestClient& connect(std::uint32_t shard = 0);
  /// Runs turns, and the store if it works, until nothing is left to do. Time stands still.
  void run();
  /// One turn of one shard that wants one. False: none does.
  bool run_turn();
  void advance(Millis by);
  /// Ends the process and starts it again on what is durable. All clients are gone.
  void restart(Crash crash);
  /// The end of an operation, after running.
  broker::OperationResult wait(TestClient& client, broker::OperationNumber operation);
  void touch(std::uint32_t shard) { wants_turn_[shard] = true; }

  [[nodiscard]] SteppedStore& store() noexcept { return *store_; }
  [[nodiscard]] broker::Node& node() noexcept { return *node_; }
  [[nodiscard]] Time now() const noexcept { return now_; }
  [[nodiscard]] Options& options() noexcept { return options_; }
  /// How many messages of a queue are durable; by its address.
  [[nodiscard]] std::size_t stored_count(QueueId queue) const;

 private:
  void start();

  Options options_;
  std::mt19937_64 random_;
  std::shared_ptr<Disk> disk_ = std::make_shared<Disk>();
  SteppedStore* store_ = nullptr;
  std::unique_ptr<broker::Node> node_;
  std::vector<std::unique_ptr<TestClient>> clients_;
  std::vector<bool> wants_turn_;
  Time now_{Millis{1'000'000}};
};

}  // namespace tern::test
