// NodeOperations: Operations of a node: reads what is asked, and hands it to the shards.
#pragma once

#include <atomic>

#include "broker/operations.hpp"
#include "broker/shard.hpp"

namespace tern::broker {

class NodeOperations final : public Operations {
 public:
  /// Gives mail to a shard; any thread.
  using Post = std::function<void(ShardId, Mail&&)>;

  NodeOperations(std::uint32_t shards, Post post) : shards_(shards), post_(std::move(post)) {}

  void peek(const PeekRequest& request, PeekDone done) override;
  void count(const Holder& holder, queue::MessageState state, CountDone done) override;
  void remove(const Holder& holder, const std::vector<Position>& positions,
              CountDone done) override;
  void release(const Holder& holder, const std::vector<Position>& positions,
               CountDone done) override;
  RedriveId redrive(const RedriveRequest& request, Report report) override;
  void stop_redrive(RedriveId id) override;
  void totals(TotalsDone done) override;

 private:
  void intervene(const Holder& holder, const std::vector<Position>& positions,
                 queue::Intervention intervention, CountDone done);
  void add_totals(std::uint32_t shard, Totals sum, TotalsDone done);
  void run(ShardId shard, std::function<void(Shard&)> task);

  std::uint32_t shards_;
  Post post_;
  std::atomic<std::uint64_t> next_number_{1};
};

}  // namespace tern::broker
