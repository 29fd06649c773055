// Node: one broker as a whole: its store, topology, users and shards, put together and taken down
// in order. Its carrier (src/net, a test, the simulator) runs the shards' turns.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "broker/management.hpp"
#include "broker/shard.hpp"
#include "config/config.hpp"

namespace tern::broker {

class Topology;

class Node final : private storage::Listener {
 public:
  struct Ports {
    /// Wakes a shard's thread; any thread.
    std::function<void(ShardId)> wake;
    /// The store has failed for good: say `text` and end the process non-zero. A store thread.
    std::function<void(const std::string& text)> failed;
    /// When the shards begin: not later than their first turn.
    Time now = Clock().now();
  };

  /// Opens the store, recovers what is in it and makes the shards. The error says what, where and
  /// what to do.
  [[nodiscard]] static Result<std::unique_ptr<Node>> open(const config::Config& config,
                                                          std::uint32_t shards, Ports ports);
  /// The same on a store that is open already.
  [[nodiscard]] static Result<std::unique_ptr<Node>> open_on(std::unique_ptr<storage::Store> store,
                                                             const config::Config& config,
                                                             std::uint32_t shards, Ports ports);
  ~Node() override;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  [[nodiscard]] std::uint32_t shard_count() const noexcept {
    return static_cast<std::uint32_t>(shards_.size());
  }
  /// The shard is its thread's; only inbox() is anybody's.
  [[nodiscard]] Shard& shard(std::uint32_t index) noexcept { return *shards_[index]; }

  /// For operators; any thread.
  [[nodiscard]] Operations& operations() noexcept { return *operations_; }
  [[nodiscard]] Management& management() noexcept { return *management_; }

  /// Tells every session of every shard to close. Any thread; returns at once.
  void shut_down_sessions(const std::string& reason);
  /// Carries out what the shards have still told each other, then writes and syncs everything.
  /// After the last turn of every shard, when nobody else runs them.
  void stop();

 private:
  Node(std::unique_ptr<storage::Store> store, Ports ports);
  [[nodiscard]] Result<void> start(const config::Config& config, std::uint32_t shards);
  void restore_queues(const storage::Recovered& recovered);
  void restore_keys(std::vector<storage::Record>& records);

  // storage::Listener, on store threads.
  void committed(ShardId shard, std::uint64_t last_stage) override;
  void read_done(ShardId shard, storage::ReadResult&& result) override;
  void due_read(ShardId shard, storage::DueResult&& result) override;
  void failed(const std::string& text) override;

  void post(ShardId shard, Mail&& mail);

  Ports ports_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<Topology> topology_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::unique_ptr<Operations> operations_;
  std::unique_ptr<Management> management_;
};

}  // namespace tern::broker
