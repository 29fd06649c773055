// Shard: its turn, its queues and sessions, its mail out.
#include "broker/shard.hpp"

#include <algorithm>

#include "base/ensure.hpp"
#include "broker/changing.hpp"
#include "broker/effective.hpp"
#include "broker/topology.hpp"
#include "queue/place.hpp"

namespace tern::broker {
namespace {

// Marks (how far a queue was delivered) alone are not worth a batch at once.
constexpr Millis marks_delay{20};
// How often a shard with held publishers looks whether the store or a mailbox has caught up.
constexpr Millis congestion_poll{2};

}  // namespace

Shard::Shard(Ports ports, const ShardSettings& settings)
    : ports_(std::move(ports)),
      settings_(settings),
      inbox_(ports_.wake),
      router_(replica_, ports_.shards),
      staging_(ports_.id),
      random_(std::random_device{}() * 0x1'0000'0001ULL + raw(ports_.id)),
      outboxes_(ports_.shards),
      outbox_bytes_(ports_.shards, 0) {
  ensure(raw(ports_.id) < ports_.shards, "shard id out of range");
}

Shard::~Shard() = default;

void Shard::apply(const Change& change) {
  if (const auto* removed = std::get_if<QueueRemoved>(&change)) queue_removed(removed->queue);
  if (const auto* gone = std::get_if<ExchangeRemoved>(&change); gone && gone->exchange->has_gate())
    queue_removed(gate_of(*gone->exchange, ports_.shards));
  const auto* policies = std::get_if<PoliciesChanged>(&change);
  const PolicyBookPointer before = policies ? replica_.policies(policies->vhost) : nullptr;
  replica_.apply(change);
  if (policies != nullptr) policies_changed(policies->vhost, *before);
  if (const auto* vhost = std::get_if<VhostRemoved>(&change))
    shut_down_homeless(vhost->vhost.get());
  if (std::holds_alternative<AccessChanged>(change)) shut_down_homeless(nullptr);
  if (const auto* bound = std::get_if<BindingChanged>(&change); bound && bound->added)
    replay_history(*bound);
  if (const auto* added = std::get_if<QueueAdded>(&change)) queue_added(added->queue);
  if (const auto* made = std::get_if<ExchangeAdded>(&change); made && made->exchange->has_gate())
    gate_added(*made->exchange);
}

void Shard::restore(QueueId stream, const queue::Recovered& recovered, bool is_noted) {
  OwnedQueue* owned = find_stream(stream);
  ensure(owned != nullptr, "restoring a queue of another shard");
  owned->machine.restore(stream, recovered);
  if (!is_noted) marks_changed_.push_back(owned->record->id);
}

void Shard::restore_key(QueueId queue, std::string_view key, Time seen) {
  OwnedQueue* owned = find_owned(queue);
  ensure(owned != nullptr, "restoring a key of a queue of another shard");
  owned->machine.restore_key(key, seen);
}

void Shard::start(Time now) {
  now_ = now;
  is_started_ = true;
  for (const auto& [id, owned] : queues_) {
    configure(*owned);
    const Changing changing(changing_);
    owned->machine.tick(now);
  }
}

// --- the turn
// -------------------------------------------------------------------------------------

void Shard::end_turn() {
  received_.clear();
  inbox_.drain(received_);
  for (Mail& mail : received_) {
    // Mail to itself is older than what follows it here: keep the order.
    carry_out_own();
    std::visit([this](auto& body) { handle(body); }, mail);
  }
  received_.clear();
  run_timers();
  run_inspections();
  carry_out_own();
  release_congested();
  // What a released session does at once belongs to this turn: nothing would wake the next one.
  carry_out_own();
  forget_ended_redrives();
  send_transfers();
  submit_batch();
  for (std::uint32_t shard = 0; shard < ports_.shards; ++shard) {
    if (outboxes_[shard].empty()) continue;
    ports_.mailbox(ShardId{static_cast<std::uint16_t>(shard)})
        .push(outboxes_[shard], std::exchange(outbox_bytes_[shard], 0));
  }
}

void Shard::carry_out_own() {
  for (;;) {
    carry_out_forwards();
    if (self_.empty()) return;
    Mail own = std::move(self_.front());
    self_.pop_front();
    std::visit([this](auto& body) { handle(body); }, own);
  }
}

void Shard::submit_batch() {
  const bool marks_due =
      !marks_changed_.empty() && (is_stopping_ || now_ - marks_sent_ >= marks_delay);
  if (!staging_.has_work() && !marks_due) return;
  marks_sent_ = now_;
  for (const QueueId id : marks_changed_) {
    OwnedQueue* owned = find_owned(id);
    if (owned == nullptr) continue;
    marks_.clear();
    owned->machine.take_marks(marks_);
    if (!owned->record->durable || owned->record->exclusive) continue;
    // While forwards wait, the low-water mark would say what is not staged yet; the next one will.
    for (const queue::StreamMark& mark : marks_)
      staging_.set_mark({mark.stream, owned->deferred ? 0 : mark.low_water, mark.delivered});
  }
  marks_changed_.clear();
  if (auto batch = staging_.take()) ports_.store->submit(std::move(batch));
}

std::optional<Time> Shard::next_due() const {
  std::optional<Time> due;
  const auto want = [&due](Time at) { due = due ? std::min(*due, at) : at; };
  if (!congested_.empty()) want(now_ + congestion_poll);
  if (!marks_changed_.empty()) want(marks_sent_ + marks_delay);
  if (!timers_.empty()) want(timers_.begin()->first);
  if (const auto at = inspections_.next_due()) want(*at);
  return due;
}

// --- timers
// ---------------------------------------------------------------------------------------

void Shard::set_timer(OwnedQueue& owned, Time at) {
  const QueueId id = owned.record->id;
  if (owned.wake_at != Time::max()) timers_.erase({owned.wake_at, id});
  owned.wake_at = at;
  if (at != Time::max()) timers_.emplace(at, id);
}

// Each queue ticks once a turn: one that has more to do than a turn should take asks for the next.
void Shard::run_timers() {
  ticking_.clear();
  for (const auto& [at, id] : timers_) {
    if (at > now_) break;
    ticking_.push_back(id);
  }
  for (const QueueId id : ticking_) {
    OwnedQueue* owned = find_owned(id);
    ensure(owned != nullptr, "a timer of a queue that has gone");
    set_timer(*owned, Time::max());
    const Changing changing(changing_);
    owned->machine.tick(now_);
  }
}

// --- mail out
// -------------------------------------------------------------------------------------

void Shard::send(ShardId to, Mail&& mail, std::uint64_t bytes) {
  if (to == ports_.id) {
    self_.push_back(std::move(mail));
    return;
  }
  outboxes_[raw(to)].push_back(std::move(mail));
  outbox_bytes_[raw(to)] += bytes;
}

void Shard::finish(const SessionId& session, OperationResult&& result) {
  if (result.operation == 0 || !session) return;
  send(session.shard, ResultMail{session, std::make_unique<OperationResult>(std::move(result))});
}

void Shard::refuse(const SessionId& session, OperationNumber operation, BrokerError error) {
  OperationResult result;
  result.operation = operation;
  result.failed = true;
  result.error = std::move(error);
  finish(session, std::move(result));
}

std::function<void()> Shard::finisher(const SessionId& session, OperationNumber operation,
                                      std::uint64_t count) {
  if (operation == 0 || !session) return {};
  // Runs on any thread: everything it needs is in it.
  return [mailbox = &ports_.mailbox(session.shard), session, operation, count] {
    auto result = std::make_unique<OperationResult>();
    result->operation = operation;
    result->count = count;
    std::vector<Mail> mail;
    mail.emplace_back(ResultMail{session, std::move(result)});
    mailbox->push(mail, 0);
  };
}

// --- queues
// ---------------------------------------------------------------------------------------

Shard::OwnedQueue* Shard::find_owned(QueueId id) noexcept {
  if (last_found_ != nullptr && last_found_->record->id == id) return last_found_;
  const auto at = queues_.find(id);
  if (at == queues_.end()) return nullptr;
  last_found_ = at->second.get();
  return last_found_;
}

Shard::OwnedQueue* Shard::find_stream(QueueId stream) noexcept {
  const auto level = levels_.find(stream);
  if (level != levels_.end()) return find_owned(level->second);
  return find_owned(queue::queue_of_delayed(stream));
}

void Shard::queue_added(const QueuePointer& record) {
  if (record->exclusive && record->owner.shard == ports_.id) {
    SessionEntry* owner = sessions_.find(record->owner);
    // The session may have gone while its declare was on the way.
    if (owner == nullptr) {
      remove_exclusive(record);
    } else {
      owner->exclusive_queues.push_back(record);
    }
  }
  if (record->shard != ports_.id) return;
  queue::Settings settings;
  settings.id = record->id;
  settings.durable = record->durable && !record->exclusive;
  settings.auto_delete = record->auto_delete;
  settings.is_gate = record->is_gate;
  settings.priority_max = record->priority_max;
  settings.levels_begin = record->levels_begin;
  settings.levels_stride = record->levels_stride;
  settings.window_head_bytes = settings_.window_head_bytes;
  settings.window_tail_bytes = settings_.window_tail_bytes;
  for (const QueueId stream : streams_of(*record)) {
    if (record->priority_max > 0 && stream != record->id) levels_.emplace(stream, record->id);
  }
  const auto made = queues_.emplace(
      record->id, std::make_unique<OwnedQueue>(settings, static_cast<queue::Sink&>(*this), record));
  if (is_started_) configure(*made.first->second);
}

void Shard::gate_added(const ExchangeRecord& exchange) {
  const QueuePointer gate = gate_of(exchange, ports_.shards);
  queue_added(gate);
  if (gate->shard != ports_.id || exchange.type != "x-recent-history") return;
  const auto limits = exchange::RecentHistory::limits_of(exchange.arguments);
  find_owned(gate->id)->history = std::make_unique<exchange::RecentHistory>(limits);
}

void Shard::configure(OwnedQueue& owned) {
  EffectiveQueue effective =
      effective_queue(*owned.record, *replica_.policies(owned.record->vhost));
  owned.dead_letters.reset();
  if (effective.rules.has_dead_letter_exchange) {
    owned.dead_letters = std::make_unique<const DeadLetterTarget>(DeadLetterTarget{
        std::move(effective.dead_letter_exchange), std::move(effective.dead_letter_routing_key)});
  }
  const Changing changing(changing_);
  owned.machine.configure(effective.rules, now_);
}

void Shard::queue_removed(const QueuePointer& record) {
  if (record->exclusive && record->owner.shard == ports_.id) {
    if (SessionEntry* owner = sessions_.find(record->owner)) {
      std::erase_if(owner->exclusive_queues,
                    [&](const QueuePointer& queue) { return queue->id == record->id; });
    }
  }
  if (record->shard != ports_.id) return;
  const auto at = queues_.find(record->id);
  ensure(at != queues_.end(), "a shard lost a queue that it owns");
  {
    const Changing changing(changing_);
    at->second->machine.close();
  }
  if (last_found_ == at->second.get()) last_found_ = nullptr;
  set_timer(*at->second, Time::max());
  end_inspections(record->id);
  for (const QueueId stream : streams_of(*record)) levels_.erase(stream);
  queues_.erase(at);
}

void Shard::remove_exclusive(const QueuePointer& queue) {
  auto question = std::make_unique<QueueQuestion>();
  question->kind = QueueQuestion::Kind::remove;
  question->queue = address_of(queue->id, ports_.shards);
  question->name = queue->name;
  question->vhost = replica_.vhost_name(queue->vhost);
  send(queue->shard, QuestionMail{std::move(question)});
}

// --- sessions
// -------------------------------------------------------------------------------------

SessionId Shard::attach(Session& session) {
  return {ports_.id, sessions_.add(session)};
}

void Shard::detach(const SessionId& id) {
  SessionEntry* entry = sessions_.find(id);
  ensure(entry != nullptr, "detaching an unknown session");
  const auto exclusive = std::move(entry->exclusive_queues);
  if (entry->user != nullptr) leave_vhost(*entry);
  sessions_.remove(*entry);
  for (const QueuePointer& queue : exclusive) remove_exclusive(queue);
}

// --- back-pressure
// --------------------------------------------------------------------------------

bool Shard::is_congested(ShardId target) const {
  const std::uint64_t pending =
      ports_.store->pending_bytes() + staging_.staged_bytes() + forwards_bytes_;
  if (pending > settings_.store_pending_bytes_max) return true;
  if (target == ports_.id) return false;
  return outbox_bytes_[raw(target)] + ports_.mailbox(target).bytes() > settings_.mailbox_bytes_max;
}

void Shard::hold_for_congestion(const SessionId& id) {
  SessionEntry* entry = sessions_.find(id);
  if (entry == nullptr || entry->is_congested) return;
  entry->is_congested = true;
  congested_.push_back(id);
  HoldMail hold{id, true};
  handle(hold);
}

void Shard::release_congested() {
  if (congested_.empty()) return;
  for (std::uint32_t shard = 0; shard < ports_.shards; ++shard) {
    if (is_congested(ShardId{static_cast<std::uint16_t>(shard)})) return;
  }
  for (const SessionId& id : std::exchange(congested_, {})) {
    SessionEntry* entry = sessions_.find(id);
    if (entry == nullptr) continue;
    entry->is_congested = false;
    HoldMail release{id, false};
    handle(release);
  }
}

}  // namespace tern::broker
