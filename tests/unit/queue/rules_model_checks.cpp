// The rules model's half that watches effects and compares.
#include <algorithm>

#include "unit/queue/rules_model.hpp"

namespace tern::queue::test {

void RulesModel::check(bool fact, const char* text) const {
  if (fact) return;
  const Counts& counts = queue_->counts();
  FAIL("seed " << seed_ << ", step " << steps_ << ", dice " << dice_ << ": " << text << " (ready "
               << counts.ready << ", bytes of bodies " << counts.ready_body_bytes << ", length_max "
               << static_cast<std::int64_t>(rules_.length_max.value_or(0)) << ", reads "
               << reads.size() << ", levels " << unsigned{settings_.priority_max} << ")");
}

Time RulesModel::expiry(const Entry& entry) const {
  Time expiry = Time::max();
  if (entry.ttl_ms) expiry = entry.received + Millis{*entry.ttl_ms};
  if (rules_.message_ttl) expiry = std::min(expiry, entry.received + *rules_.message_ttl);
  return expiry;
}

// Those before it that are ready all leave, or else it came out of order.
void RulesModel::check_order(Id id, const Entry& entry) {
  for (auto& [other_id, other] : entries_) {
    if (other.state != State::ready || other_id == id) continue;
    const bool before = other.level > entry.level || (other.level == entry.level && other_id < id);
    if (before) other.overtaken = true;
  }
}

RulesModel::Entry& RulesModel::hand_out(const Delivery& delivery, bool auto_ack) {
  ++checks;
  const Id id = std::stoull(std::string(delivery.message->body()));
  check(entries_.count(id) != 0, "delivered a message that was done with");
  Entry& entry = entries_.at(id);
  if (entry.state == State::delayed && entry.due <= now_) entry.state = State::ready;
  check(entry.state == State::ready, "delivered a message that is not ready");
  check(!entry.overtaken, "delivered out of order");
  const bool at_once = publishing_ == id && expiry(entry) <= entry.received;
  check(at_once || !is_expired(entry), "delivered an expired message");
  check(entry.redelivered == delivery.redelivered, "redelivered is wrong");
  check(entry.delivery_count == delivery.delivery_count, "delivery_count is wrong");
  check(level_of_place(delivery.position) == entry.level, "a message of another level");
  check(entry.place == 0 || entry.place == delivery.position, "a message has moved");
  check_order(id, entry);
  entry.place = delivery.position;
  entry.state = auto_ack ? State::gone : State::unacked;
  entry.holder = delivery.consumer;
  return entry;
}

void RulesModel::deliver(const ConsumerId& consumer, Delivery&& delivery) {
  const auto taker = takers_.find(consumer.number);
  check(taker != takers_.end(), "delivered to a consumer that is not there");
  hand_out(delivery, taker->second.spec.auto_ack);
  if (taker->second.spec.auto_ack) return;
  ++taker->second.unacked;
  check(taker->second.unacked <= taker->second.spec.prefetch, "delivered above the prefetch");
}

void RulesModel::got(const GetToken&, Delivery&& delivery, std::uint64_t) {
  check(gets_waiting_ != 0, "answered a get that nobody asked");
  --gets_waiting_;
  if (delivery.message) hand_out(delivery, false);
}

void RulesModel::forward(QueueId, Forward&& forward) {
  ++checks;
  if (forward.stored.count != 0) settle_stored(forward.stream, forward.stored);
  const Id id = std::stoull(std::string(forward.message->body()));
  check(entries_.count(id) != 0, "forwarded a message that was done with");
  Entry& entry = entries_.at(id);
  if (entry.state == State::delayed && entry.due <= now_) entry.state = State::ready;
  switch (entry.state) {
    case State::ready:
      if (forward.reason == LeaveReason::expired)
        check(is_expired(entry), "a message expired before its time");
      else
        check(forward.reason == LeaveReason::maxlen, "a ready message left without a reason");
      break;
    case State::leaving:
      check(forward.reason == entry.reason || (forward.reason == LeaveReason::expired),
            "left for another reason");
      break;
    case State::purged:
      // It had been doomed before, and was not counted as ready any more.
      check(forward.reason == LeaveReason::maxlen || is_expired(entry), "forwarded and purged");
      break;
    default:
      check(false, "forwarded a message that is not ready");
  }
  check(forward.token.sequence == 0 || publishing_ == id, "a token that was used already");
  entry.state = State::gone;
}

void RulesModel::publish_settled(const PublisherToken& token, PublishOutcome outcome) {
  if (outcome == PublishOutcome::accepted) return;
  check(publishing_ == token.sequence, "refused later");
  check(rules_.overflow != Overflow::drop_head, "refused without need");
  entries_.at(token.sequence).state = State::gone;
}

void RulesModel::wake_on_commit(QueueId) {
  check(!wake_due_, "asked twice to be woken");
  wake_due_ = true;
}

void RulesModel::check_always() {
  const Counts& counts = queue_->counts();
  std::uint64_t unacked = 0;
  for (const auto& [id, entry] : entries_) unacked += entry.state == State::unacked ? 1U : 0U;
  check(counts.unacked == unacked, "unacked count");
  const bool drops = rules_.overflow == Overflow::drop_head;
  if (drops && rules_.length_max) {
    check(counts.ready <= *rules_.length_max, "more ready than the limit");
    // A single command that dropped some has dropped no more than it had to.
    if (published_ && !rules_.length_bytes_max && counts.overflown != before_.overflown)
      check(counts.ready == *rules_.length_max, "dropped more than needed");
  }
  before_ = counts;
  std::erase_if(entries_, [](const auto& entry) { return entry.second.state == State::gone; });
}

// Without a dead-letter exchange nobody says that messages expired: they have, if they should.
void RulesModel::drop_expired() {
  for (auto& [id, entry] : entries_) {
    if (entry.state == State::delayed && entry.due <= now_) entry.state = State::ready;
    if (entry.state != State::ready || !is_expired(entry)) continue;
    check(!rules_.has_dead_letter_exchange, "an expired message stays");
    entry.state = State::gone;
  }
}

void RulesModel::check_settled() {
  drop_expired();
  Counts expected;
  for (const auto& [id, entry] : entries_) {
    check(entry.state != State::leaving, "a message did not leave");
    check(entry.state != State::ready || !entry.overtaken, "a message was overtaken");
    if (entry.state == State::delayed) ++expected.delayed;
    if (entry.state != State::ready) continue;
    ++expected.ready;
    expected.ready_bytes += entry.bytes;
    expected.ready_body_bytes += entry.body_bytes;
  }
  const Counts& counts = queue_->counts();
  check(counts.ready == expected.ready, "ready count");
  check(bytes_unknown_ || counts.ready_bytes == expected.ready_bytes, "ready bytes");
  check(bytes_unknown_ || counts.ready_body_bytes == expected.ready_body_bytes,
        "bytes of ready bodies");
  check(counts.delayed == expected.delayed, "delayed count");
  if (rules_.overflow == Overflow::drop_head && rules_.length_bytes_max)
    check(counts.ready_body_bytes <= *rules_.length_bytes_max, "more bytes than the limit");
  check(counts.ready == 0 || gets_waiting_ == 0, "a get waits beside a message");
  for (const auto& [number, taker] : takers_)
    check(counts.ready == 0 || (!taker.spec.auto_ack && taker.unacked >= taker.spec.prefetch),
          "a consumer waits beside a message");
  // The store has exactly what is still here.
  std::size_t kept = 0;
  for (const auto& [place, message] : stored) {
    const Id id = std::stoull(std::string(message.message->body()));
    const auto entry = entries_.find(id);
    check(entry != entries_.end() && entry->second.state != State::gone &&
              entry->second.state != State::purged,
          "the store keeps a message that is done with");
    if (!message.spilled) ++kept;
  }
  std::size_t persistent = 0;
  commit_all();
  for (const auto& [id, entry] : entries_) {
    const bool alive = entry.state == State::ready || entry.state == State::unacked ||
                       entry.state == State::delayed;
    if (alive && entry.persistent && settings_.durable) ++persistent;
  }
  std::size_t kept_now = 0;
  for (const auto& [place, message] : stored) kept_now += message.spilled ? 0U : 1U;
  check(kept_now == persistent && kept_now >= kept, "the store lost a message");
}

}  // namespace tern::queue::test
