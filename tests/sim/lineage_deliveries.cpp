// Lineage: what clients see and do.
#include <algorithm>

#include "dlq/deaths.hpp"
#include "message/properties.hpp"
#include "sim/lineage.hpp"

namespace tern::sim {

std::optional<Time> Lineage::expiry(const QueuePlan& queue, const Message& message) {
  std::optional<Time> expiry;
  if (queue.ttl) expiry = message.received() + Millis{*queue.ttl};
  if (message.has_ttl()) {
    const Time own = message.received() + message.ttl();
    expiry = expiry ? std::min(*expiry, own) : own;
  }
  return expiry;
}

namespace {

std::string deaths_of(const Message& message) {
  std::string text;
  const auto deaths = dlq::find_deaths(PropertiesView::of(message).headers());
  if (!deaths) return text;
  ArrayView values(*deaths);
  while (const auto value = values.next()) {
    const dlq::Death death = dlq::read_death(value->content);
    text += " (" + std::string(death.queue) + " " + std::string(death.reason) + " " +
            std::to_string(death.count.value_or(0)) + ")";
  }
  return text;
}

}  // namespace

void Lineage::delivered(const std::string& queue, const queue::Delivery& delivery,
                        const std::string& consumer, Time now) {
  Life& life = this->life(number_of(*delivery.message));
  const QueuePlan& plan = plan_.queues.at(queue);
  life.history += ", delivered from " + queue + " to " + consumer + " at " +
                  std::to_string(now.time_since_epoch().count()) +
                  (delivery.redelivered ? " again" : "") + " count " +
                  std::to_string(delivery.delivery_count) + deaths_of(*delivery.message);
  check_place(life, plan);
  Stay& stay = life.stays[queue];
  // Known gap: a message that was handed out before the end of its delay was stored comes out of
  // the delay once more after a crash, and is not flagged.
  const bool is_flagged = !plan.is_cyclic && (plan.delay == 0 || stay.was_delivered_now);
  if (stay.was_delivered && !delivery.redelivered && is_flagged)
    fail(life, queue, "delivered again, not redelivered");
  check_time(life, plan, *delivery.message, now);
  check_count(life, plan, stay, delivery);
  if (!delivery.redelivered) check_order(life, plan, consumer);
  check_deaths(life, plan, *delivery.message);
  enter(life, queue);
  stay.was_delivered = stay.was_delivered_now = true;
  if (delivery.auto_ack) {
    stay.is_settled = true;
    return;
  }
  stay.is_held = true;
  if (!plan.has_groups || life.of.group.empty()) return;
  if (++held_groups_[{queue, life.of.group}] > 1)
    fail(life, queue, "delivered while another one of its group is with a consumer");
}

// Nobody has it or had it for good, in any branch to which this queue belongs, and it does not come
// back from where it went.
void Lineage::check_place(const Life& life, const QueuePlan& queue) const {
  if (life.is_lost) fail(life, queue.name, "delivered after a crash had taken it");
  if (life.is_refused && queue.is_source) fail(life, queue.name, "delivered, and refused");
  bool is_known = false;
  for (const BranchLife& branch : life.branches) {
    if (!branch.branch->contains(queue.name)) continue;
    is_known = true;
    if (branch.is_gone) fail(life, queue.name, "delivered after it was gone from the disk");
    bool is_behind = false;
    for (const std::string& other : branch.branch->queues) {
      const auto at = life.stays.find(other);
      if (at != life.stays.end()) {
        if (at->second.is_held)
          fail(life, queue.name, "delivered, and somebody has it in " + other);
        if (at->second.is_settled) fail(life, queue.name, "delivered after its end in " + other);
        if (is_behind && at->second.was_delivered_now && !queue.is_cyclic)
          fail(life, queue.name, "delivered after it was delivered in " + other);
      }
      is_behind = is_behind || other == queue.name;
    }
  }
  if (!is_known) fail(life, queue.name, "delivered where it cannot come");
  const auto stay = life.stays.find(queue.name);
  if (stay != life.stays.end() && stay->second.has_left && !queue.is_cyclic)
    fail(life, queue.name, "delivered after it was rejected");
}

void Lineage::check_time(const Life& life, const QueuePlan& queue, const Message& message,
                         Time now) const {
  // Its time of receipt is renewed when a delay ends.
  if (queue.is_source && !queue.is_cyclic && now < life.of.at + Millis{queue.delay})
    fail(life, queue.name, "delivered before its time");
  if (!is_punctual_) return;
  const auto expires = expiry(queue, message);
  // What may live for no time at all is delivered at once.
  const bool is_late = expires && (*expires < now || (*expires == now && now > message.received()));
  if (is_late)
    fail(life, queue.name,
         "delivered " + std::to_string((now - *expires).count()) + " ms after it expired");
}

void Lineage::check_count(const Life& life, const QueuePlan& queue, const Stay& stay,
                          const queue::Delivery& delivery) {
  const std::uint32_t count = delivery.delivery_count;
  const auto is = [&](const char* what, std::uint32_t wanted) {
    fail(life, queue.name,
         "delivery count " + std::to_string(count) + ", " + what + " " + std::to_string(wanted));
  };
  if (queue.delivery_limit && count > *queue.delivery_limit)
    is("the limit is", *queue.delivery_limit);
  if (count > stay.returns_ever) is("but it came back as often as", stay.returns_ever);
  if (queue.is_cyclic) return;
  const bool is_kept = queue.delivery_limit || queue.retries;
  if (!stay.is_restarted && count != stay.returns) is("it came back as often as", stay.returns);
  if (stay.is_restarted && count < stay.returns) is("it came back as often as", stay.returns);
  if (stay.is_restarted && is_kept && count != stay.committed_count + stay.returns)
    is("what was stored and came back is", stay.committed_count + stay.returns);
}

// First deliveries from a source come in order of publishing, a priority and a group at a time.
void Lineage::check_order(const Life& life, const QueuePlan& queue, const std::string& consumer) {
  if (!queue.is_source || queue.is_cyclic || !has_one_shard_) return;
  const auto level = std::min(life.of.priority, queue.priority_max);
  std::uint64_t& last =
      last_[queue.name + " " + consumer + " " + std::to_string(life.of.publisher) + " " +
            std::to_string(level) + " " + (queue.has_groups ? life.of.group : "")];
  if (life.order < last) {
    std::string before;
    for (const auto& [number, other] : lives_)
      if (other.order == last) before = std::to_string(number) + ", which was" + other.history;
    fail(life, queue.name, "out of order, after message " + before);
  }
  last = life.order;
}

void Lineage::check_deaths(const Life& life, const QueuePlan& queue, const Message& message) {
  const auto deaths = dlq::find_deaths(PropertiesView::of(message).headers());
  if (!deaths) {
    if (!queue.is_source) fail(life, queue.name, "a dead letter without x-death");
    return;
  }
  if (queue.is_source && !queue.is_cyclic) fail(life, queue.name, "x-death before its death");
  if (message.has_ttl()) fail(life, queue.name, "a dead letter that has kept its expiration");
  ArrayView values(*deaths);
  bool is_newest = true;
  while (const auto value = values.next()) {
    const dlq::Death death = dlq::read_death(value->content);
    const std::string from(death.queue);
    const auto plan = plan_.queues.find(from);
    if (plan == plan_.queues.end()) fail(life, queue.name, "x-death names " + from);
    const auto& to = plan->second.letters_to;
    if (is_newest && std::find(to.begin(), to.end(), queue.name) == to.end())
      fail(life, queue.name, "x-death says that it came from " + from);
    const std::string reason(death.reason);
    if (is_newest) ++deaths_[reason];
    is_newest = false;
    check_death(life, plan->second, reason, death.count.value_or(0));
  }
}

void Lineage::check_death(const Life& life, const QueuePlan& queue, const std::string& reason,
                          std::int64_t count) {
  const auto at = life.stays.find(queue.name);
  const Stay stay = at == life.stays.end() ? Stay{} : at->second;
  const auto is = [&](const std::string& name, bool is_possible) {
    if (reason == name && !is_possible)
      fail(life, queue.name, "died " + std::to_string(count) + " times there by " + reason);
  };
  if (count < 1) fail(life, queue.name, "died " + std::to_string(count) + " times there");
  is("rejected", count <= stay.rejects_ever);
  is("maxlen", queue.is_limited());
  is("expired", queue.ttl || (queue.is_source && life.of.expiration_ms && count == 1));
  is("delivery_limit", queue.delivery_limit && stay.returns_ever > *queue.delivery_limit);
}

void Lineage::settling(const std::string& queue, std::uint64_t number,
                       queue::Settlement settlement) {
  Life& life = this->life(number);
  Stay& stay = life.stays[queue];
  const QueuePlan& plan = plan_.queues.at(queue);
  if (!stay.is_held) fail(life, queue, "settled by somebody who does not have it");
  stay.is_held = false;
  static constexpr const char* names[] = {"acked", "requeued", "rejected", "abandoned", "returned"};
  life.history += std::string(", ") + names[static_cast<int>(settlement)];
  if (plan.has_groups && !life.of.group.empty()) --held_groups_[{queue, life.of.group}];
  switch (settlement) {
    case queue::Settlement::acked:
      stay.is_settled = life.was_settled = true;
      break;
    case queue::Settlement::dropped:
      ++stay.rejects_ever;
      stay.is_settled = plan.letters_to.empty();
      life.was_settled = true;
      stay.has_left = !stay.is_settled;
      break;
    case queue::Settlement::requeued:
    case queue::Settlement::abandoned:
      ++stay.returns;
      ++stay.returns_ever;
      break;
    case queue::Settlement::undelivered:
      break;
  }
}

}  // namespace tern::sim
