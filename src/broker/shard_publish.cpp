// Shard as Broker: publishing, transactions, direct replies. The hot path: no lock, no allocation
// and no hash of a name when a channel repeats exchange and key.
#include <map>

#include "base/ensure.hpp"
#include "broker/changing.hpp"
#include "broker/shard.hpp"
#include "broker/texts.hpp"

namespace tern::broker {
namespace {

// A message lies in a slab with its neighbours on the wire, so one that stays in a queue keeps them
// all in memory. That costs nothing while messages come and go; once this much slab memory is
// alive, each message gets memory of its own size (a copy, about 50 ns), which bounds the waste.
constexpr std::uint64_t shared_slab_bytes_max = 128ULL << 20;

}  // namespace

Outcome<std::span<const QueueAddress>> Shard::route(const Caller& caller, MessageRef& message,
                                                    Bytes headers, RouteCache& cache) {
  // A cached route was permitted when it was made; a change of permissions changes the version.
  if (router_.is_cached(cache, caller.vhost, *message, headers))
    return std::span<const QueueAddress>(cache.targets);
  const Bytes name = message->exchange();
  if (auto error = check(caller, ResourceKind::exchange, name, Permission::write)) return *error;
  const RoutedExchange* from = nullptr;
  if (!name.empty()) {
    from = replica_.find_exchange(caller.vhost, name);
    const std::string& vhost = replica_.vhost_name(caller.vhost);
    if (from == nullptr) return texts::no_exchange(name, vhost);
    if (from->record->internal) return texts::internal_exchange(name, vhost);
  }
  if (from != nullptr && from->record->type == "topic") {
    for (const Bytes key : router_.keys_of(*message, headers))
      if (auto error = check_topic(caller, *from->record, key, Permission::write)) return *error;
  }
  router_.route(caller.vhost, from, *message, headers, cache);
  hide_bcc(message, headers);
  return std::span<const QueueAddress>(cache.targets);
}

void Shard::enqueue(std::span<const QueueAddress> targets, MessageRef message,
                    const PublisherToken& token) {
  if (Slab::alive_bytes() > shared_slab_bytes_max && message->shares_slab()) [[unlikely]]
    message = MessageRef::copy(*message);
  message.stamp(now_);
  for (std::size_t at = 0; at < targets.size(); ++at) {
    const QueueAddress& target = targets[at];
    const bool is_last = at + 1 == targets.size();
    if (message->is_persistent() || target.shard != ports_.id) {
      if (is_congested(target.shard)) hold_for_congestion(token.session);
    }
    MessageRef given = is_last ? std::move(message) : message;
    if (target.shard == ports_.id && can_call_queue()) {
      EnqueueMail direct{target.id, std::move(given), token};
      handle(direct);
      continue;
    }
    const std::uint64_t bytes = given->bytes();
    send(target.shard, EnqueueMail{target.id, std::move(given), token}, bytes);
  }
}

void Shard::commit(const Caller& caller, Transaction&& transaction, OperationNumber operation) {
  std::map<ShardId, std::unique_ptr<TransactionShare>> shares;
  const auto share_of = [&](ShardId shard) -> Transaction& {
    auto& share = shares[shard];
    if (!share) share = std::make_unique<TransactionShare>();
    return share->work;
  };
  for (Transaction::Publish& publish : transaction.publishes) {
    publish.message.stamp(now_);
    for (const QueueAddress& target : publish.targets) {
      auto& publishes = share_of(target.shard).publishes;
      if (publishes.empty() || publishes.back().message.get() != publish.message.get())
        publishes.push_back({{}, publish.message});
      publishes.back().targets.push_back(target);
    }
  }
  for (Transaction::Settle& settle : transaction.settles)
    share_of(settle.queue.shard).settles.push_back(std::move(settle));

  if (shares.empty()) {
    OperationResult result;
    result.operation = operation;
    return finish(caller.session, std::move(result));
  }
  const std::uint64_t id = static_cast<std::uint64_t>(raw(ports_.id)) << 48 | next_transaction_++;
  const auto parts = static_cast<std::uint32_t>(shares.size());
  transactions_[{caller.session.number, operation}] = {parts, false};
  for (auto& [shard, share] : shares) {
    share->asker = caller.session;
    share->operation = operation;
    share->part = {id, parts};
    send(shard, TransactionMail{std::move(share)});
  }
}

void Shard::reply(const ReplyAddress& address, const MessageRef& message, OperationNumber operation,
                  const SessionId& from) {
  send(address.session.shard, ReplyMail{address, from, operation, message}, message->bytes());
}

void Shard::find_reply(const ReplyAddress& address, OperationNumber operation,
                       const SessionId& from) {
  send(address.session.shard, ReplyMail{address, from, operation, {}});
}

}  // namespace tern::broker
