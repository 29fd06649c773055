// Shard as Sink: what its queues ask for. Deliveries and confirms to own sessions go straight
// through (they only append to the session's output and books); everything else that could lead
// back into a queue becomes mail.
#include "base/ensure.hpp"
#include "broker/deduplication_record.hpp"
#include "broker/shard.hpp"

namespace tern::broker {

void Shard::deliver(const ConsumerId& consumer, queue::Delivery&& delivery) {
  const SessionId& session = consumer.session;
  // Mail that waits is older: a consumer must hear of its consume before its first delivery.
  if (session.shard == ports_.id && self_.empty()) {
    if (SessionEntry* entry = sessions_.find_receiver(session)) {
      entry->session->deliver(consumer, std::move(delivery));
    } else {
      give_back(consumer, delivery);
    }
    return;
  }
  const std::uint64_t bytes = delivery.message->bytes();
  send(session.shard, DeliverMail{consumer, std::move(delivery)}, bytes);
}

void Shard::give_back(const ConsumerId& holder, const queue::Delivery& delivery) {
  if (delivery.auto_ack || delivery.queue == QueueId::none) return;
  send(address_of(delivery.queue, ports_.shards).shard,
       SettleMail{delivery.queue, queue::Settlement::undelivered, holder, {delivery.position}});
}

void Shard::got(const queue::GetToken& token, queue::Delivery&& delivery, std::uint64_t ready) {
  OperationResult result;
  result.operation = token.operation;
  result.count = ready;
  if (delivery.message) result.queue = address_of(delivery.queue, ports_.shards);
  result.delivery = std::move(delivery);
  finish(token.session, std::move(result));
}

void Shard::publish_settled(const PublisherToken& token, queue::PublishOutcome outcome) {
  if (token.sequence == 0) return;
  if (token.session.shard == ports_.id) {
    if (SessionEntry* entry = sessions_.find(token.session))
      entry->session->publish_settled(token.channel, token.sequence, outcome);
    return;
  }
  auto& outbox = outboxes_[raw(token.session.shard)];
  if (!outbox.empty()) {
    // Confirms come in runs: one letter says many.
    auto* last = std::get_if<PublishSettledMail>(&outbox.back());
    if (last != nullptr && last->session == token.session && last->channel == token.channel &&
        last->outcome == outcome && last->first_sequence + last->count == token.sequence) {
      ++last->count;
      return;
    }
  }
  send(token.session.shard,
       PublishSettledMail{token.session, token.channel, outcome, token.sequence, 1});
}

std::uint64_t Shard::stage(QueueId stream, Position position, const MessageRef& message,
                           const PublisherToken& token, Time due) {
  return staging_.append(stream, position, message, false, token, due);
}

std::uint64_t Shard::spill(QueueId stream, Position position, const MessageRef& message, Time due) {
  return staging_.append(stream, position, message, true, {}, due);
}

bool Shard::unstage(std::uint64_t stage) {
  // Taking a message back acts at once, and a transaction's ack must not before its publishes do.
  if (is_in_transaction_) return false;
  const auto token = staging_.withdraw(stage);
  if (!token) return false;
  publish_settled(*token, queue::PublishOutcome::accepted);
  return true;
}

void Shard::settle_stored(QueueId stream, const queue::StoredRange& range) {
  staging_.settle(stream, range);
}

void Shard::note_return(QueueId stream, Position position, std::uint32_t delivery_count, Time due) {
  staging_.note_return({stream, position, delivery_count, due});
}

void Shard::read(QueueId stream, Position from, Position to, std::uint64_t bytes_max) {
  ports_.store->read({stream, ports_.id, from, to, bytes_max});
}

void Shard::read_due(QueueId stream, const queue::DuePoint& after, std::uint32_t count_max) {
  ports_.store->read_due({stream, ports_.id, {after.due, after.position}, count_max});
}

void Shard::trim_due(QueueId stream, const queue::DuePoint& last) {
  const storage::DueTrim trim{stream, {last.due, last.position}};
  if (Deferred* const deferred = deferred_of(stream)) return deferred->trims.push_back(trim);
  staging_.trim_due(trim);
}

Shard::Deferred* Shard::deferred_of(QueueId stream) {
  if (deferring_.empty()) [[likely]]
    return nullptr;
  OwnedQueue* owned = find_stream(stream);
  return owned == nullptr ? nullptr : owned->deferred.get();
}

void Shard::wake_at(QueueId queue, Time at) {
  OwnedQueue* owned = find_owned(queue);
  ensure(owned != nullptr, "an unknown queue wants to be woken");
  if (at < owned->wake_at) set_timer(*owned, at);
}

void Shard::lease_ended(QueueId queue) {
  remove_if_unused(queue);
}

void Shard::remember_key(QueueId queue, std::string_view key, Time seen, bool is_forwarded) {
  storage::Record record = encode_record(DeduplicationKey{queue, std::string(key), seen});
  Deferred* const deferred = is_forwarded ? deferred_of(queue) : nullptr;
  if (deferred != nullptr && !is_in_transaction_)
    deferred->records.push_back(std::move(record));
  else
    staging_.write(std::move(record));
}

void Shard::forget_key(QueueId queue, std::string_view key) {
  staging_.write(forget_record(DeduplicationKey{queue, std::string(key), {}}));
}

void Shard::consumer_timed_out(const ConsumerId& consumer, Millis timeout) {
  send(consumer.session.shard, ConsumerTimedOutMail{consumer, timeout});
}

void Shard::consumer_cancelled(const ConsumerId& consumer) {
  send(consumer.session.shard, ConsumerCancelledMail{consumer});
}

void Shard::permits_wanted(const ConsumerId& consumer, std::uint32_t count) {
  send(consumer.session.shard, PermitsWantedMail{consumer, count});
}

void Shard::permits_returned(const ConsumerId& consumer, std::uint32_t count) {
  send(consumer.session.shard, PermitsReturnedMail{consumer, count});
}

// An own session is told at once, from inside its enqueue(): it stops at this frame, and what it
// publishes later need not wait behind a letter.
void Shard::hold_publisher(QueueId, const SessionId& publisher) {
  if (!publisher) return;
  HoldMail hold{publisher, true};
  if (publisher.shard == ports_.id) return handle(hold);
  send(publisher.shard, hold);
}

void Shard::release_publisher(QueueId, const SessionId& publisher) {
  if (publisher) send(publisher.shard, HoldMail{publisher, false});
}

void Shard::wake_on_commit(QueueId queue) {
  wake_on_commit_.push_back(queue);
}

void Shard::abandoned(QueueId queue) {
  remove_if_unused(queue);
}

void Shard::remove_if_unused(QueueId queue) {
  OwnedQueue* owned = find_owned(queue);
  ensure(owned != nullptr, "an unknown queue is unused");
  auto question = std::make_unique<QueueQuestion>();
  question->kind = QueueQuestion::Kind::remove;
  question->queue = address_of(queue, ports_.shards);
  question->name = owned->record->name;
  question->vhost = replica_.vhost_name(owned->record->vhost);
  // A consumer may come before the letter is opened.
  question->if_unused = true;
  send(ports_.id, QuestionMail{std::move(question)});
}

void Shard::marks_changed(QueueId queue) {
  marks_changed_.push_back(queue);
}

}  // namespace tern::broker
