// The model's half that watches effects and compares.
#include <algorithm>

#include "unit/queue/model.hpp"

namespace tern::queue::test {

void Model::check(bool fact, const char* text) const {
  if (fact) return;
  FAIL("seed " << seed_ << ", step " << steps_ << ": " << text);
}

bool Model::can_take(const Taker& taker) {
  const auto& spec = taker.spec;
  if (taker.window <= 0) return false;
  if (!spec.auto_ack && spec.prefetch != 0 && taker.unacked >= spec.prefetch) return false;
  return spec.auto_ack || !spec.gated || taker.permits > 0;
}

void Model::leave_ready(Position position) {
  ready_.erase(position);
  --expected_.ready;
  expected_.ready_bytes -= entries_[position].bytes;
}

Model::Entry& Model::hand_out(const Delivery& delivery) {
  const Position position = delivery.position;
  check(position < entries_.size(), "a message that was never published");
  Entry& entry = entries_[position];
  check(entry.state == State::ready, "delivered a message that is not ready");
  check(*ready_.begin() == position, "delivered out of order");
  check(entry.body == delivery.message->body(), "delivered another message's body");
  check(entry.redelivered == delivery.redelivered, "redelivered is wrong");
  check(entry.delivery_count == delivery.delivery_count, "delivery_count is wrong");
  leave_ready(position);
  entry.handed_out = true;
  entry.state = delivery.auto_ack ? State::gone : State::unacked;
  entry.holder = delivery.consumer;
  if (!delivery.auto_ack) {
    unacked_[delivery.consumer].insert(position);
    ++expected_.unacked;
    expected_.unacked_bytes += entry.bytes;
  }
  return entry;
}

void Model::deliver(const ConsumerId& consumer, Delivery&& delivery) {
  const auto found = takers_.find(consumer.number);
  check(found != takers_.end(), "delivered to a consumer that is not there");
  Taker& taker = found->second;
  check(can_take(taker), "delivered to a consumer that cannot take");
  check(gets_waiting_.empty(), "delivered past a waiting get");
  check(delivery.consumer == consumer.number, "wrong consumer number");
  check(delivery.auto_ack == taker.spec.auto_ack, "wrong acknowledgement mode");
  std::uint32_t level = 0;
  for (auto& [number, other] : takers_) {
    if (other.spec.priority == taker.spec.priority) ++level;
    if (&other == &taker || !can_take(other)) continue;
    check(other.spec.priority <= taker.spec.priority, "a higher priority was passed over");
    if (other.spec.priority == taker.spec.priority) ++other.passed_over;
  }
  for (auto& [number, other] : takers_) {
    if (&other == &taker || !can_take(other) || other.spec.priority != taker.spec.priority)
      continue;
    other.competitors = std::max(other.competitors, level - 1);
    check(other.passed_over <= other.competitors, "passed over for more than a round");
  }
  const Entry& entry = hand_out(delivery);
  taker.passed_over = taker.competitors = 0;
  taker.window -= static_cast<std::int64_t>(entry.bytes);
  taker.undrained += entry.bytes;
  if (!taker.spec.auto_ack) ++taker.unacked;
  if (!taker.spec.auto_ack && taker.spec.gated) --taker.permits;
}

void Model::got(const GetToken& token, Delivery&& delivery, std::uint64_t ready) {
  check(!gets_waiting_.empty() && gets_waiting_.front() == token.operation, "a get out of order");
  gets_waiting_.erase(gets_waiting_.begin());
  if (delivery.message) {
    check(delivery.auto_ack == (gets_auto_.count(token.operation) != 0), "wrong get mode");
    hand_out(delivery);
  } else {
    check(ready_.empty(), "said to be empty and is not");
  }
  check(ready == ready_.size(), "a get told the wrong number");
}

void Model::permits_wanted(const ConsumerId& consumer, std::uint32_t count) {
  const auto found = takers_.find(consumer.number);
  check(found != takers_.end(), "permits for a consumer that is not there");
  Taker& taker = found->second;
  check(taker.spec.gated && !taker.spec.auto_ack, "permits for an ungated consumer");
  check(!taker.asked, "asked twice for permits");
  check(taker.permits == 0, "asked for permits while having some");
  check(count != 0 && count <= ready_.size(), "asked for a wrong number of permits");
  taker.asked = true;
  taker.asked_count = count;
}

void Model::permits_returned(const ConsumerId& consumer, std::uint32_t count) {
  const auto found = takers_.find(consumer.number);
  check(found != takers_.end(), "permits back for a consumer that is not there");
  found->second.permits -= count;
  check(found->second.permits >= 0, "more permits returned than given");
}

void Model::hold_publisher(QueueId, const SessionId& publisher) {
  check(held_.insert(publisher.number).second, "held twice");
}

void Model::release_publisher(QueueId, const SessionId& publisher) {
  check(held_.erase(publisher.number) == 1, "released and was not held");
}

void Model::wake_on_commit(QueueId) {
  check(!wake_due_, "asked twice to be woken");
  wake_due_ = true;
}

void Model::marks_changed(QueueId) {
  check(!marks_due_, "announced the marks twice");
  marks_due_ = true;
}

Position Model::lowest_alive() const {
  Position lowest = entries_.size();
  if (!ready_.empty()) lowest = *ready_.begin();
  for (const auto& [holder, positions] : unacked_)
    if (!positions.empty()) lowest = std::min(lowest, *positions.begin());
  return lowest;
}

void Model::check_all() {
  const Counts& counts = queue_->counts();
  check(counts.ready == expected_.ready, "ready count");
  check(counts.ready_bytes == expected_.ready_bytes, "ready bytes");
  check(counts.unacked == expected_.unacked, "unacked count");
  check(counts.unacked_bytes == expected_.unacked_bytes, "unacked bytes");
  check(counts.consumers == takers_.size(), "consumer count");
  for (auto& [number, taker] : takers_)
    if (!can_take(taker)) taker.passed_over = taker.competitors = 0;
  check_memory();
  check_progress();
}

// Each window may be overshot by a message, the tail's by one of each publisher once it is twice
// full. Below the cursor, what the store does not have must stay; what it has is on a budget.
void Model::check_memory() const {
  std::uint64_t unstored = 0;
  for (Position position = 1; position < entries_.size(); ++position) {
    const Entry& entry = entries_[position];
    if (entry.state != State::gone && entry.handed_out && stored.count(position) == 0)
      unstored += entry.bytes;
  }
  const std::uint64_t bound = 5 * settings_.window_head_bytes / 2 + unstored +
                              2 * settings_.window_tail_bytes + 6 * largest_;
  check(queue_->counts().resident_bytes <= bound, "too much in memory");
}

void Model::check_progress() const {
  std::int64_t permits = 0;
  bool able = false;
  for (const auto& [number, taker] : takers_) {
    permits += taker.permits;
    check(taker.spec.gated || taker.permits == 0, "an ungated consumer kept permits");
    able = able || can_take(taker);
    if (ready_.empty() || !taker.spec.gated || taker.spec.auto_ack || taker.asked) continue;
    Taker permitted = taker;
    permitted.permits = 1;
    check(taker.permits != 0 || !reading.empty() || read_failed_ || !can_take(permitted),
          "a gated consumer could take and has not asked");
  }
  check(!ready_.empty() || permits == 0, "permits kept without messages");
  check(ready_.empty() || !able || !reading.empty() || read_failed_,
        "a consumer waits beside a message");
  check(gets_waiting_.empty() || !reading.empty() || read_failed_, "a get waits for nothing");
  if (!held_.empty()) {
    // Until there is room in the window, or for consumers that may be about to make some.
    const bool is_paced = !takers_.empty() && tick_at_ != Time::max() &&
                          expected_.ready_bytes > settings_.window_tail_bytes / 8;
    check(is_paced || queue_->counts().resident_bytes > settings_.window_tail_bytes,
          "held for nothing");
    check(is_paced || wake_due_, "held and not to be woken");
  }
}

}  // namespace tern::queue::test
