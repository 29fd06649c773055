#include "support/node_fixture.hpp"

#include "base/ensure.hpp"

namespace tern::test {

TestNode::TestNode(const Options& options) : options_(options), random_(options.seed) {
  start();
}

// A test may end in the middle of anything; nothing may be called back then.
TestNode::~TestNode() {
  node_.reset();
  clients_.clear();
}

void TestNode::start() {
  wants_turn_.assign(options_.shards, true);
  config::Config config;
  config.queue.window_head_bytes = options_.window_bytes;
  config.queue.window_tail_bytes = options_.window_bytes;
  config.store.pending_bytes_max = options_.store_pending_bytes_max;
  auto store = std::make_unique<SteppedStore>(disk_);
  store_ = store.get();
  broker::Node::Ports ports;
  ports.wake = [this](ShardId shard) { wants_turn_[raw(shard)] = true; };
  ports.failed = [](const std::string&) { ensure(false, "the test's store never fails"); };
  ports.now = now_;
  auto node = broker::Node::open_on(std::move(store), config, options_.shards, std::move(ports));
  ensure(node.has_value(), "a node on the test's store opens");
  node_ = std::move(*node);
  run();
}

TestClient& TestNode::connect(std::uint32_t shard) {
  node_->shard(shard).begin_turn(now_);
  clients_.push_back(std::make_unique<TestClient>(node_->shard(shard), options_.shards,
                                                  [this, shard] { touch(shard); }));
  return *clients_.back();
}

bool TestNode::run_turn() {
  std::vector<std::uint32_t> waiting;
  for (std::uint32_t shard = 0; shard < options_.shards; ++shard)
    if (wants_turn_[shard]) waiting.push_back(shard);
  if (waiting.empty()) return false;
  const std::uint32_t chosen = waiting[random_() % waiting.size()];
  wants_turn_[chosen] = false;
  broker::Shard& shard = node_->shard(chosen);
  shard.begin_turn(now_);
  shard.end_turn();
  return true;
}

void TestNode::run() {
  for (;;) {
    while (run_turn()) {
    }
    if (!options_.store_works) return;
    const bool has_written = store_->commit_all();
    if (has_written && options_.after_commit) options_.after_commit();
    const bool has_read = store_->answer_read();
    if (!has_written && !has_read) return;
  }
}

void TestNode::advance(Millis by) {
  now_ += by;
  for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
    const auto due = node_->shard(shard).next_due();
    if (due && *due <= now_) wants_turn_[shard] = true;
    node_->shard(shard).begin_turn(now_);
  }
}

void TestNode::restart(Crash crash) {
  if (crash == Crash::clean) {
    while (run_turn()) {
    }
    for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
      node_->shard(shard).prepare_stop();
      touch(shard);
    }
    while (run_turn()) {
    }
    node_->stop();
  } else if (crash == Crash::silently_durable) {
    store_->finish_commit_silently();
  }
  store_->die();
  node_.reset();
  clients_.clear();
  start();
}

broker::OperationResult TestNode::wait(TestClient& client, broker::OperationNumber operation) {
  run();
  return client.result(operation);
}

std::size_t TestNode::stored_count(QueueId queue) const {
  const auto at = disk_->queues.find(raw(queue));
  return at == disk_->queues.end() ? 0 : at->second.messages.size();
}

}  // namespace tern::test
