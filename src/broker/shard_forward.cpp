// Shard: messages that leave a queue for another place: dead letters, what a delayed exchange
// releases, redrives. The queue has settled the message in this turn and the copies are staged in
// it, so both are written together: own queues' in one batch, other shards' as one transaction.
#include "base/ensure.hpp"
#include "broker/changing.hpp"
#include "broker/shard.hpp"
#include "dlq/dead_letter.hpp"
#include "message/properties.hpp"

namespace tern::broker {
namespace {

Bytes headers_of(const Message& message) {
  const auto properties =
      PropertiesView::decode(message.properties(), PropertiesView::Headers::trust);
  return properties ? properties->headers() : Bytes{};
}

}  // namespace

void Shard::handle(ForwardMail& mail) {
  dead_letter(*mail.source, mail.forward);
}

void Shard::dead_letter(const QueueRecord& source, queue::Forward& forward) {
  static_cast<void>(source);
  static_cast<void>(forward);
}

void Shard::transfer(std::span<const QueueAddress> targets, const MessageRef& message,
                     const PublisherToken& token) {
  for (const QueueAddress& target : targets) {
    if (target.shard == ports_.id) {
      EnqueueMail own{target.id, message, {}};
      handle(own);
    } else if (!message->is_persistent()) {
      send(target.shard, EnqueueMail{target.id, message, {}}, message->bytes());
    } else {
      auto& share = transfers_[target.shard];
      if (!share) share = std::make_unique<TransactionShare>();
      auto& publishes = share->work.publishes;
      if (publishes.empty() || publishes.back().message.get() != message.get())
        publishes.push_back({{}, message});
      publishes.back().targets.push_back(target);
    }
  }
  staging_.add_confirm(token);
}

// One transaction a turn joins this shard's batch with those that take its messages.
void Shard::send_transfers() {
  if (transfers_.empty()) return;
  const std::uint64_t id = static_cast<std::uint64_t>(raw(ports_.id)) << 48 | next_transaction_++;
  const storage::TransactionPart part{id, static_cast<std::uint32_t>(transfers_.size()) + 1};
  staging_.add_barrier(part, {});
  for (auto& [shard, share] : transfers_) {
    share->part = part;
    std::uint64_t bytes = 0;
    for (const Transaction::Publish& publish : share->work.publishes)
      bytes += publish.message->bytes();
    send(shard, TransactionMail{std::move(share)}, bytes);
  }
  transfers_.clear();
}

}  // namespace tern::broker
