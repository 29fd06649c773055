// Shard: what operators change under a running broker: policies, users, virtual hosts.
#include "broker/changing.hpp"
#include "broker/effective.hpp"
#include "broker/shard.hpp"

namespace tern::broker {

void Shard::policies_changed(std::uint32_t vhost, const PolicyBook& before) {
  const PolicyBook& now = *replica_.policies(vhost);
  for (auto& [id, owned] : queues_) {
    const QueueRecord& record = *owned->record;
    if (record.vhost != vhost || record.is_gate) continue;
    // Of many queues few are meant: those that match what they matched stay as they are.
    const QueueType type = queue_type(record.arguments);
    if (before.match_queue(record.name, type) == now.match_queue(record.name, type)) continue;
    configure(*owned);
  }
}

void Shard::shut_down_homeless(const VhostRecord* vhost) {
  sessions_.for_each([&](SessionEntry& entry) {
    if (entry.user == nullptr) return;
    if (vhost != nullptr && entry.vhost == vhost->number)
      entry.session->shut_down("vhost '" + vhost->name + "' is deleted");
    else if (vhost == nullptr && !replica_.access().exists(*entry.user))
      entry.session->shut_down("user '" + entry.user->name + "' is deleted");
  });
}

}  // namespace tern::broker
