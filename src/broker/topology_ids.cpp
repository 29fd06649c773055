// Topology: which ids queues and their streams get.
#include <algorithm>

#include "base/ensure.hpp"
#include "broker/record_codec.hpp"
#include "broker/topology.hpp"

namespace tern::broker {
namespace {

// Ids of transient queues live in the upper half and may wrap around within years; ids of durable
// ones are never used again, so they are reserved in the store ahead of their use.
// Bit 0x2000'0000 stays free in both: a queue's delayed messages lie in the stream with it.
constexpr std::uint32_t durable_ids_end = 0x2000'0000;
constexpr std::uint32_t transient_ids_begin = 0x4000'0000;
constexpr std::uint32_t transient_ids_end = 0x6000'0000;
constexpr std::uint32_t ids_reserved_at_once = 4096;

}  // namespace

Topology::Topology(Ports ports)
    : ports_(std::move(ports)),
      next_durable_(ports_.shards, 1),
      next_transient_(ports_.shards, transient_ids_begin / ports_.shards + 1) {}

QueueId Topology::next_queue_id(bool durable, std::uint32_t shard, Plan& plan) {
  std::uint32_t& next = durable ? next_durable_[shard] : next_transient_[shard];
  const std::uint32_t id = next++ * ports_.shards + shard;
  if (!durable) {
    if (next * ports_.shards + shard >= transient_ids_end)
      next = transient_ids_begin / ports_.shards + 1;
    return QueueId{id};
  }
  ensure(id < durable_ids_end, "ids of durable queues are used up");
  if (id >= reserved_ids_) {
    reserved_ids_ = id + ids_reserved_at_once * ports_.shards;
    plan.records.push_back(encode_record(NextIds{QueueId{reserved_ids_}, next_vhost_}));
  }
  return QueueId{id};
}

// One stream for each level of priority above the lowest, which is the queue's own.
void Topology::add_levels(QueueRecord& record, bool durable, Plan& plan) {
  const FieldValue* wanted = record.arguments.find("x-max-priority");
  if (wanted == nullptr || !wanted->is_integer() || wanted->integer() <= 0) return;
  record.priority_max = static_cast<std::uint8_t>(std::min<std::int64_t>(wanted->integer(), 255));
  record.levels_stride = ports_.shards;
  std::uint32_t& next_transient = next_transient_[raw(record.shard)];
  if (!durable && (next_transient + 256) * ports_.shards >= transient_ids_end)
    next_transient = transient_ids_begin / ports_.shards + 1;
  for (std::uint32_t level = 1; level <= record.priority_max; ++level) {
    const QueueId stream = next_queue_id(durable, raw(record.shard), plan);
    if (level == 1) record.levels_begin = stream;
  }
}

}  // namespace tern::broker
