// Topology::load: from the store's records back to the master copy, before any shard runs.
#include "base/ensure.hpp"
#include "broker/record_codec.hpp"
#include "broker/topology.hpp"

namespace tern::broker {

Result<std::vector<Change>> Topology::load(const std::vector<storage::Record>& records) {
  const std::scoped_lock lock(mutex_);
  ensure(vhosts_.empty(), "topology loaded twice");
  Plan plan;
  // Sorted by key: ids, virtual hosts, exchanges, queues, bindings.
  for (const storage::Record& record : records) {
    auto decoded = decode_record(record.key, record.value.value_or(""));
    if (!decoded) return decoded.error();
    if (const auto* ids = std::get_if<NextIds>(&*decoded)) {
      reserved_ids_ = raw(ids->queue);
      next_vhost_ = ids->vhost;
      for (std::uint32_t& next : next_durable_) next = reserved_ids_ / ports_.shards + 1;
    } else if (const auto* vhost_record = std::get_if<VhostRecord>(&*decoded)) {
      Vhost& vhost = vhosts_[vhost_record->number];
      vhost.record = std::make_shared<const VhostRecord>(*vhost_record);
      plan.changes.emplace_back(VhostAdded{vhost.record});
      add_predeclared(vhost, plan);
    } else if (auto* exchange = std::get_if<ExchangeRecord>(&*decoded)) {
      exchange->number = next_exchange_++;
      Vhost& vhost = this->vhost(exchange->vhost);
      add_exchange(vhost, std::make_shared<const ExchangeRecord>(std::move(*exchange)), plan);
    } else if (auto* queue = std::get_if<QueueRecord>(&*decoded)) {
      queue->shard = ShardId{static_cast<std::uint16_t>(raw(queue->id) % ports_.shards)};
      auto pointer = std::make_shared<const QueueRecord>(std::move(*queue));
      this->vhost(pointer->vhost).queues[pointer->name].record = pointer;
      plan.changes.emplace_back(QueueAdded{pointer});
    } else if (auto* found = std::get_if<BindingRecord>(&*decoded)) {
      Vhost& vhost = this->vhost(found->vhost);
      const BindingSpec spec{found->source, found->destination, found->to_exchange,
                             found->routing_key, found->arguments};
      const auto binding = resolve(vhost, spec, {});
      if (!binding) return Error{"the topology on disk is damaged: " + binding.error().text};
      add_binding(vhost, *binding, plan);
    }
  }
  return std::move(plan.changes);
}

std::vector<QueuePointer> Topology::durable_queues() const {
  const std::scoped_lock lock(mutex_);
  std::vector<QueuePointer> queues;
  for (const auto& [number, vhost] : vhosts_) {
    for (const auto& [name, queue] : vhost.queues) queues.push_back(queue.record);
  }
  return queues;
}

}  // namespace tern::broker
