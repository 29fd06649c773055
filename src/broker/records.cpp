#include "broker/records.hpp"

#include "queue/place.hpp"

namespace tern::broker {

std::vector<QueueId> streams_of(const QueueRecord& queue) {
  std::vector<QueueId> streams{queue.id, queue::delayed_stream(queue.id)};
  for (std::uint32_t level = 0; level < queue.priority_max; ++level)
    streams.push_back(QueueId{raw(queue.levels_begin) + level * queue.levels_stride});
  return streams;
}

}  // namespace tern::broker
