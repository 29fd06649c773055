#include "sim/disk_view.hpp"

#include "base/ensure.hpp"
#include "broker/deduplication_record.hpp"
#include "broker/record_codec.hpp"

namespace tern::sim {

std::uint64_t number_of(const Message& message) {
  return std::stoull(std::string(message.body()));
}

void DiskView::learn(const test::Disk& disk) {
  for (const auto& [key, value] : disk.records) {
    if (broker::is_deduplication_record(key)) continue;
    const auto record = broker::decode_record(key, value);
    ensure(record.has_value(), "a record on the disk cannot be read");
    const auto* queue = std::get_if<broker::QueueRecord>(&*record);
    if (queue == nullptr) continue;
    for (const QueueId stream : broker::streams_of(*queue)) queues_[raw(stream)] = queue->name;
  }
}

void DiskView::look(const test::Disk& disk) {
  messages_.clear();
  for (const auto& [stream, queue] : disk.queues) {
    if (queue.messages.empty()) continue;
    if (!queues_.contains(stream)) learn(disk);
    ensure(queues_.contains(stream), "messages of a queue without a record");
    for (const auto& [position, message] : queue.messages) {
      const auto returned = queue.returned.find(position);
      messages_[number_of(*message)].push_back(
          {queues_[stream], message,
           returned == queue.returned.end() ? 0 : returned->second.delivery_count});
    }
  }
}

const std::vector<DiskView::Stored>& DiskView::of(std::uint64_t number) const {
  static const std::vector<Stored> none;
  const auto at = messages_.find(number);
  return at == messages_.end() ? none : at->second;
}

}  // namespace tern::sim
