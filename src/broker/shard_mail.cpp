// Shard: mail in, all but the questions to queues (shard_questions.cpp). Ids may be stale: a queue
// or session that is gone has a defined answer in each of these.
#include <algorithm>

#include "base/ensure.hpp"
#include "broker/changing.hpp"
#include "broker/shard.hpp"
#include "broker/texts.hpp"

namespace tern::broker {

// --- to queues
// ------------------------------------------------------------------------------------

void Shard::handle(EnqueueMail& mail) {
  OwnedQueue* owned = find_owned(mail.queue);
  // The queue went after the message was routed: nobody is to have it, so nothing is lost.
  if (owned == nullptr) return publish_settled(mail.token, queue::PublishOutcome::accepted);
  const Changing changing(changing_);
  owned->machine.publish(std::move(mail.message), mail.token, now_);
}

void Shard::handle(SettleMail& mail) {
  OwnedQueue* owned = find_owned(mail.queue);
  if (owned != nullptr) settle_own(*owned, mail.consumer, mail.positions, mail.settlement);
}

void Shard::handle(DrainedMail& mail) {
  OwnedQueue* owned = find_owned(mail.queue);
  if (owned == nullptr) return;
  const Changing changing(changing_);
  owned->machine.drained(mail.consumer, mail.bytes, now_);
}

void Shard::handle(PermitMail& mail) {
  OwnedQueue* owned = find_owned(mail.queue);
  if (owned == nullptr) return;
  const Changing changing(changing_);
  owned->machine.permit(mail.consumer, mail.count, now_);
}

void Shard::handle(GateMail& mail) {
  OwnedQueue* owned = find_owned(mail.queue);
  if (owned == nullptr) return;
  const Changing changing(changing_);
  owned->machine.set_gated(mail.consumer, mail.gated, now_);
}

void Shard::handle(TransactionMail& mail) {
  TransactionShare& share = *mail.share;
  is_in_transaction_ = true;
  std::uint64_t refused = 0;
  for (Transaction::Publish& publish : share.work.publishes) {
    for (const QueueAddress& target : publish.targets) {
      OwnedQueue* owned = find_owned(target.id);
      if (owned == nullptr) continue;
      const Changing changing(changing_);
      refused -= owned->machine.counts().refused;
      owned->machine.publish(publish.message, {share.asker, 0, 0}, now_);
      refused += owned->machine.counts().refused;
    }
  }
  for (const Transaction::Settle& settle : share.work.settles) {
    OwnedQueue* owned = find_owned(settle.queue.id);
    if (owned != nullptr) settle_own(*owned, settle.consumer, settle.positions, settle.settlement);
  }
  is_in_transaction_ = false;
  if (refused != 0 && share.asker)
    send(share.asker.shard, TransactionRefusedMail{share.asker, share.operation});
  staging_.add_barrier(share.part, {share.asker, 0, share.operation});
}

// --- to sessions
// ----------------------------------------------------------------------------------

void Shard::handle(DeliverMail& mail) {
  SessionEntry* entry = sessions_.find_receiver(mail.consumer.session);
  if (entry == nullptr) return give_back(mail.consumer, mail.delivery);
  entry->session->deliver(mail.consumer, std::move(mail.delivery));
}

void Shard::handle(PublishSettledMail& mail) {
  SessionEntry* entry = sessions_.find(mail.session);
  if (entry == nullptr) return;
  for (std::uint64_t at = 0; at < mail.count; ++at)
    entry->session->publish_settled(mail.channel, mail.first_sequence + at, mail.outcome);
}

void Shard::handle(ResultMail& mail) {
  if (SessionEntry* entry = sessions_.find(mail.session)) {
    if (mail.result->operation != 0) entry->session->completed(std::move(*mail.result));
    return;
  }
  // The answer to a get of a session that has gone: the message goes back.
  if (mail.result->delivery.message)
    give_back({mail.session, mail.result->delivery.consumer}, mail.result->delivery);
  // The session could not cancel a consumer of which it had not heard yet.
  if (mail.consumer != 0 && !mail.result->failed)
    cancel(mail.result->queue, {mail.session, mail.consumer}, 0);
}

void Shard::handle(ConsumerCancelledMail& mail) {
  if (SessionEntry* entry = sessions_.find(mail.consumer.session))
    entry->session->consumer_cancelled(mail.consumer.number);
}

void Shard::handle(ConsumerTimedOutMail& mail) {
  if (SessionEntry* entry = sessions_.find(mail.consumer.session))
    entry->session->consumer_timed_out(mail.consumer.number, mail.timeout);
}

void Shard::handle(PermitsWantedMail& mail) {
  if (SessionEntry* entry = sessions_.find(mail.consumer.session))
    entry->session->permits_wanted(mail.consumer.number, mail.count);
}

void Shard::handle(PermitsReturnedMail& mail) {
  if (SessionEntry* entry = sessions_.find(mail.consumer.session))
    entry->session->permits_returned(mail.consumer.number, mail.count);
}

void Shard::handle(HoldMail& mail) {
  SessionEntry* entry = sessions_.find(mail.session);
  if (entry == nullptr) return;
  if (mail.held) {
    if (entry->holds++ == 0) entry->session->hold_publishing(true);
    return;
  }
  ensure(entry->holds > 0, "a session is released more often than held");
  if (--entry->holds == 0) entry->session->hold_publishing(false);
}

void Shard::handle(TransactionDoneMail& mail) {
  const auto at = transactions_.find({mail.session.number, mail.operation});
  if (at == transactions_.end() || --at->second.shares > 0) return;
  const bool is_refused = at->second.is_refused;
  transactions_.erase(at);
  OperationResult result;
  result.operation = mail.operation;
  result.failed = is_refused;
  if (is_refused) result.error = texts::partial_transaction();
  finish(mail.session, std::move(result));
}

void Shard::handle(TransactionRefusedMail& mail) {
  const auto at = transactions_.find({mail.session.number, mail.operation});
  if (at != transactions_.end()) at->second.is_refused = true;
}

void Shard::handle(ReplyMail& mail) {
  SessionEntry* entry = sessions_.find(mail.address.session);
  const bool found = entry != nullptr && entry->session->expects_reply(mail.address);
  if (found && mail.message) {
    queue::Delivery delivery;
    delivery.message = std::move(mail.message);
    delivery.consumer = mail.address.consumer;
    delivery.auto_ack = true;
    entry->session->deliver({mail.address.session, mail.address.consumer}, std::move(delivery));
  }
  OperationResult result;
  result.operation = mail.operation;
  result.found = found;
  finish(mail.from, std::move(result));
}

void Shard::handle(ShutDownMail& mail) {
  sessions_.for_each([&](SessionEntry& entry) { entry.session->shut_down(mail.reason); });
}

// --- to the shard
// ---------------------------------------------------------------------------------

void Shard::handle(DeltaMail& mail) {
  for (const Change& change : mail.delta->changes) apply(change);
  mail.delta->arrived();
}

void Shard::handle(CommittedMail& mail) {
  ensure(mail.last_stage >= committed_stage_, "commits went backwards");
  committed_stage_ = mail.last_stage;
  staging_.committed(mail.last_stage, [this](const StageToken& token) {
    const PublisherToken& publisher = token.publisher;
    if (!token.is_barrier) return publish_settled(publisher, queue::PublishOutcome::accepted);
    if (!publisher.session) {
      --transfers_in_flight_;
      return;
    }
    send(publisher.session.shard, TransactionDoneMail{publisher.session, publisher.sequence});
  });
  for (const QueueId id : std::exchange(wake_on_commit_, {})) {
    OwnedQueue* owned = find_owned(id);
    if (owned == nullptr) continue;
    const Changing changing(changing_);
    owned->machine.commit_advanced(now_);
  }
}

void Shard::handle(ReadMail& mail) {
  OwnedQueue* owned = find_stream(mail.result->queue);
  if (owned == nullptr) return;
  std::vector<queue::Loaded> loaded;
  loaded.reserve(mail.result->messages.size());
  for (storage::StoredMessage& message : mail.result->messages)
    loaded.push_back({message.position, std::move(message.message)});
  const Changing changing(changing_);
  owned->machine.loaded(mail.result->queue, mail.result->from, mail.result->next, std::move(loaded),
                        now_);
}

void Shard::handle(DueMail& mail) {
  OwnedQueue* owned = find_stream(mail.result->queue);
  if (owned == nullptr) return;
  std::vector<queue::DuePoint> entries;
  entries.reserve(mail.result->entries.size());
  for (const storage::DueEntry& entry : mail.result->entries)
    entries.push_back({entry.due, entry.position});
  const Changing changing(changing_);
  owned->machine.due_loaded(mail.result->queue, std::move(entries), mail.result->is_last, now_);
}

}  // namespace tern::broker
