#include "broker/records.hpp"

#include "queue/place.hpp"

namespace tern::broker {

std::vector<QueueId> streams_of(const QueueRecord& queue) {
  std::vector<QueueId> streams{queue.id, queue::delayed_stream(queue.id)};
  for (std::uint32_t level = 0; level < queue.priority_max; ++level)
    streams.push_back(QueueId{raw(queue.levels_begin) + level * queue.levels_stride});
  return streams;
}

bool needs_gate(std::string_view type, const FieldTable& arguments) {
  if (type == "x-delayed-message" || type == "x-recent-history") return true;
  const FieldValue* value = arguments.find("x-message-deduplication");
  const bool* wanted = value == nullptr ? nullptr : value->as<bool>();
  return wanted != nullptr && *wanted;
}

QueuePointer gate_of(const ExchangeRecord& exchange, std::uint32_t shards) {
  auto queue = std::make_shared<QueueRecord>();
  queue->id = exchange.gate;
  queue->shard = ShardId{static_cast<std::uint16_t>(raw(exchange.gate) % shards)};
  queue->vhost = exchange.vhost;
  queue->name = exchange.name;
  queue->durable = exchange.durable;
  queue->is_gate = true;
  queue->arguments = exchange.arguments;
  return queue;
}

}  // namespace tern::broker
