// Shard: sessions that move to another shard, which owns the queue that they work with.
#include "base/ensure.hpp"
#include "broker/shard.hpp"
#include "broker/texts.hpp"

namespace tern::broker {

ShardId Shard::home_of(const Caller& caller, std::string_view queue) const {
  const QueuePointer record = replica_.find_queue(caller.vhost, queue);
  return record == nullptr ? ports_.id : record->shard;
}

// Exclusive queues know their owner by its session.
bool Shard::may_move(const SessionId& session) const {
  const SessionEntry* const entry = sessions_.find(session);
  ensure(entry != nullptr, "an unknown session wants to move");
  return entry->exclusive_queues.empty() && !entry->is_congested && ports_.shards > 1;
}

Standing Shard::move_out(const SessionId& session) {
  ensure(may_move(session), "a session moves that is tied to its shard");
  SessionEntry* const entry = sessions_.find(session);
  ensure(entry->user != nullptr, "a session moves that has opened no virtual host");
  Standing standing{entry->user->name, entry->vhost, entry->channels};
  // Its connection and its channels stay counted: it is not gone.
  entry->user = nullptr;
  detach(session);
  return standing;
}

Caller Shard::move_in(Session& session, const Standing& standing) {
  const SessionId id = attach(session);
  SessionEntry* const entry = sessions_.find(id);
  // Each shard has its own objects for users.
  entry->user = replica_.access().take_over(standing.user);
  entry->vhost = standing.vhost;
  entry->channels = standing.channels;
  return {id, entry->user, standing.vhost};
}

std::optional<BrokerError> Shard::check_home(const SessionId& session,
                                             std::string_view name) const {
  const SessionEntry* const entry = sessions_.find(session);
  ensure(entry != nullptr, "an unknown session looks for its home");
  const VhostRecord* const vhost = replica_.find_vhost(name);
  if (vhost == nullptr || vhost->number != entry->vhost) return texts::vhost_not_found(name);
  const LocalAccess& access = replica_.access();
  if (!access.exists(*entry->user) || !access.may_access_vhost(*entry->user, vhost->name))
    return texts::vhost_refused(name, entry->user->name);
  return std::nullopt;
}

}  // namespace tern::broker
