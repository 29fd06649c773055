// Topology: how many connections, channels and queues there may be. The limits stand in the users
// and in the parameters `vhost-limits` as JSON; they are read when somebody asks, which is seldom.
#include "base/ensure.hpp"
#include "broker/definitions_names.hpp"
#include "broker/texts.hpp"
#include "broker/topology.hpp"
#include "broker/topology_incoming.hpp"

namespace tern::broker {

std::optional<std::uint64_t> Topology::limit_of(const std::string& user,
                                                std::string_view what) const {
  const auto found = access_.users.find(user);
  return found == access_.users.end() ? std::nullopt : limit_in(found->second.limits, what);
}

std::optional<std::uint64_t> Topology::limit_of(const Vhost& vhost, std::string_view what) const {
  const auto found = parameters_.find(
      {vhost.record->name, std::string(vhost_limits_component), std::string(vhost_limits_name)});
  return found == parameters_.end() ? std::nullopt : limit_in(found->second.value, what);
}

Topology::Refusal Topology::admit_connection(const std::string& user, std::uint32_t vhost_number) {
  const std::scoped_lock lock(mutex_);
  Vhost& vhost = this->vhost(vhost_number);
  const auto vhost_limit = limit_of(vhost, "max-connections");
  if (vhost_limit && vhost.connections >= *vhost_limit)
    return texts::vhost_connection_limit(vhost.record->name, user, *vhost_limit);
  const auto user_limit = limit_of(user, "max-connections");
  Usage& usage = usage_[user];
  if (user_limit && usage.connections >= *user_limit)
    return texts::user_connection_limit(user, *user_limit);
  ++vhost.connections;
  ++usage.connections;
  return std::nullopt;
}

Topology::Refusal Topology::admit_channel(const std::string& user) {
  const std::scoped_lock lock(mutex_);
  const auto limit = limit_of(user, "max-channels");
  Usage& usage = usage_[user];
  if (limit && usage.channels >= *limit) return texts::user_channel_limit(user, *limit);
  ++usage.channels;
  return std::nullopt;
}

void Topology::channel_left(const std::string& user) {
  const std::scoped_lock lock(mutex_);
  Usage& usage = usage_[user];
  ensure(usage.channels > 0, "a channel leaves that was not counted");
  --usage.channels;
}

void Topology::connection_left(const std::string& user, std::uint32_t vhost_number,
                               std::uint32_t channels) {
  const std::scoped_lock lock(mutex_);
  Vhost& vhost = this->vhost(vhost_number);
  Usage& usage = usage_[user];
  ensure(vhost.connections > 0 && usage.connections > 0, "a connection leaves uncounted");
  ensure(usage.channels >= channels, "channels leave that were not counted");
  --vhost.connections;
  usage.channels -= channels;
  if (--usage.connections == 0) usage_.erase(user);
}

Topology::Refusal Topology::check_queue_limit(const Vhost& vhost, std::string_view queue) const {
  const auto limit = limit_of(vhost, "max-queues");
  if (!limit || vhost.queues.size() < *limit) return std::nullopt;
  return texts::queue_limit(queue, vhost.record->name, *limit);
}

// The limits of before the import count, as in RabbitMQ.
Topology::Refusal Topology::check_queue_limits(const Incoming& incoming) const {
  for (const auto& [name, what] : incoming.vhosts) {
    const Vhost* vhost = find_vhost(name);
    if (vhost == nullptr || what.queues.empty()) continue;
    const auto limit = limit_of(*vhost, "max-queues");
    const std::size_t there = vhost->queues.size();
    if (limit && there + what.queues.size() > *limit)
      return texts::queue_limit_of_import(what.queues.size(), name, *limit, there);
  }
  return std::nullopt;
}

}  // namespace tern::broker
