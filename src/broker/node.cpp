#include "broker/node.hpp"

#include <algorithm>
#include <random>
#include <unordered_map>
#include <unordered_set>

#include "base/ensure.hpp"
#include "base/log.hpp"
#include "broker/deduplication_record.hpp"
#include "broker/node_management.hpp"
#include "broker/node_operations.hpp"
#include "broker/password_hash.hpp"
#include "broker/topology.hpp"
#include "storage/memory_store.hpp"
#include "storage/rocks_store.hpp"

namespace tern::broker {
namespace {

Result<std::unique_ptr<storage::Store>> open_store(const config::Config& config) {
  if (config.in_memory)
    return std::unique_ptr<storage::Store>(std::make_unique<storage::MemoryStore>());
  storage::RocksOptions options;
  options.data_dir = config.data_dir;
  options.epoch_bytes = config.store.epoch_bytes;
  options.commit_bytes_max = config.store.commit_bytes_max;
  options.ack_delay = config.store.ack_delay;
  options.rewrite_live_percent = config.store.rewrite_live_percent;
  options.accept_damaged_log = config.store.accept_damaged_log;
  return storage::open_rocks_store(options);
}

UserDefinition administrator(const config::Config& config) {
  UserDefinition user;
  user.name = config.default_user;
  user.password_hash = hash_password(std::random_device{}(), config.default_pass);
  user.tags = {"administrator"};
  return user;
}

}  // namespace

Node::Node(std::unique_ptr<storage::Store> store, Ports ports)
    : ports_(std::move(ports)), store_(std::move(store)) {}

Node::~Node() {
  if (store_) store_->stop();
}

Result<std::unique_ptr<Node>> Node::open(const config::Config& config, std::uint32_t shards,
                                         Ports ports) {
  auto store = open_store(config);
  if (!store) return store.error();
  return open_on(std::move(*store), config, shards, std::move(ports));
}

Result<std::unique_ptr<Node>> Node::open_on(std::unique_ptr<storage::Store> store,
                                            const config::Config& config, std::uint32_t shards,
                                            Ports ports) {
  ensure(shards > 0, "a node without shards");
  std::unique_ptr<Node> node(new Node(std::move(store), std::move(ports)));
  if (auto started = node->start(config, shards); !started) return started.error();
  return node;
}

Result<void> Node::start(const config::Config& config, std::uint32_t shards) {
  Topology::Ports topology_ports;
  topology_ports.shards = shards;
  topology_ports.store = store_.get();
  topology_ports.post = [this](ShardId shard, std::shared_ptr<Delta> delta) {
    post(shard, DeltaMail{std::move(delta)});
  };
  topology_ports.loopback_users = config.loopback_users;
  topology_ports.policies_merge = config.policies.merge;
  topology_ = std::make_unique<Topology>(std::move(topology_ports));

  ShardSettings settings;
  settings.window_head_bytes = config.queue.window_head_bytes;
  settings.window_tail_bytes = config.queue.window_tail_bytes;
  settings.store_pending_bytes_max = config.store.pending_bytes_max;
  for (std::uint32_t index = 0; index < shards; ++index) {
    Shard::Ports own;
    own.id = ShardId{static_cast<std::uint16_t>(index)};
    own.shards = shards;
    own.topology = topology_.get();
    own.store = store_.get();
    own.mailbox = [this](ShardId shard) -> Mailbox<Mail>& { return shards_[raw(shard)]->inbox(); };
    own.wake = [this, id = own.id] { ports_.wake(id); };
    shards_.push_back(std::make_unique<Shard>(std::move(own), settings));
  }

  management_ = std::make_unique<NodeManagement>(*topology_);
  operations_ = std::make_unique<NodeOperations>(
      shards, [this](ShardId shard, Mail&& mail) { post(shard, std::move(mail)); });

  storage::Recovered recovered = store_->take_recovered();
  const auto keys_begin =
      std::stable_partition(recovered.records.begin(), recovered.records.end(),
                            [](const auto& each) { return !is_deduplication_record(each.key); });
  std::vector<storage::Record> keys(std::make_move_iterator(keys_begin),
                                    std::make_move_iterator(recovered.records.end()));
  recovered.records.erase(keys_begin, recovered.records.end());
  auto changes = topology_->load(recovered.records);
  if (!changes) return changes.error();
  for (const Change& change : *changes) {
    for (auto& shard : shards_) shard->apply(change);
  }
  store_->start(*this);
  restore_queues(recovered);
  restore_keys(keys);
  for (auto& shard : shards_) shard->start(ports_.now);
  topology_->set_up(config.default_vhost, administrator(config), {});
  return {};
}

void Node::restore_queues(const storage::Recovered& recovered) {
  std::unordered_map<QueueId, QueueId> owners;  // by stream
  for (const QueuePointer& queue : topology_->durable_queues()) {
    for (const QueueId stream : streams_of(*queue)) owners.emplace(stream, queue->id);
  }
  std::vector<QueueId> orphans;
  for (const storage::RecoveredQueue& stream : recovered.queues) {
    const auto owner = owners.find(stream.queue);
    // Messages of a queue whose record is gone: its delete was durable, their removal was not.
    if (owner == owners.end()) {
      orphans.push_back(stream.queue);
      continue;
    }
    const QueueAddress address = address_of(owner->second, shard_count());
    // The last deliveries before a crash were not noted: flag a message too many rather than hand
    // one out twice unflagged. RabbitMQ does the same.
    const Position delivered =
        recovered.stopped_cleanly ? stream.delivered : std::max(stream.delivered, stream.next);
    queue::Recovered found{stream.low_water,
                           stream.next,
                           delivered,
                           stream.count,
                           stream.bytes,
                           stream.body_bytes,
                           stream.has_due,
                           delivered == stream.delivered,
                           {}};
    found.returned.reserve(stream.returned.size());
    for (const storage::Returned& each : stream.returned)
      found.returned.push_back({each.position, each.delivery_count, each.due});
    // The mark is for the disk too: the next stop may be an orderly one.
    shards_[raw(address.shard)]->restore(stream.queue, found, delivered == stream.delivered);
  }
  if (!orphans.empty()) store_->submit_records({}, std::move(orphans), [] {});
}

void Node::restore_keys(std::vector<storage::Record>& records) {
  std::unordered_set<QueueId> known;
  for (const QueuePointer& queue : topology_->durable_queues()) known.insert(queue->id);
  std::vector<DeduplicationKey> keys;
  std::vector<storage::Record> stale;
  for (storage::Record& record : records) {
    auto key = decode_deduplication_record(record);
    if (key && known.contains(key->queue))
      keys.push_back(std::move(*key));
    else
      stale.push_back({std::move(record.key), std::nullopt});
  }
  std::sort(keys.begin(), keys.end(),
            [](const auto& left, const auto& right) { return left.seen < right.seen; });
  for (const DeduplicationKey& key : keys) {
    const QueueAddress address = address_of(key.queue, shard_count());
    shards_[raw(address.shard)]->restore_key(key.queue, key.key, key.seen);
  }
  if (!stale.empty()) store_->submit_records(std::move(stale), {}, [] {});
}

void Node::post(ShardId shard, Mail&& mail) {
  std::vector<Mail> batch;
  batch.push_back(std::move(mail));
  shards_[raw(shard)]->inbox().push(batch, 0);
}

void Node::shut_down_sessions(const std::string& reason) {
  for (std::uint32_t index = 0; index < shard_count(); ++index)
    post(ShardId{static_cast<std::uint16_t>(index)}, ShutDownMail{reason});
}

// What shards have told each other in their last turns belongs to what the store has: a batch with
// a part of a transaction, and all that follow it, are written only with the other parts.
void Node::stop() {
  for (bool is_busy = true; is_busy;) {
    is_busy = false;
    for (const auto& shard : shards_) {
      if (!shard->inbox().has_mail()) continue;
      is_busy = true;
      shard->end_turn();
    }
  }
  store_->stop();
}

void Node::committed(ShardId shard, std::uint64_t last_stage) {
  post(shard, CommittedMail{last_stage});
}

void Node::read_done(ShardId shard, storage::ReadResult&& result) {
  post(shard, ReadMail{std::make_unique<storage::ReadResult>(std::move(result))});
}

void Node::due_read(ShardId shard, storage::DueResult&& result) {
  post(shard, DueMail{std::make_unique<storage::DueResult>(std::move(result))});
}

void Node::failed(const std::string& text) {
  ports_.failed(text);
}

}  // namespace tern::broker
