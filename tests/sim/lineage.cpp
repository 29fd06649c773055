#include "sim/lineage.hpp"

#include <algorithm>
#include <utility>

namespace tern::sim {

void Lineage::fail(const Life& life, const std::string& queue, const std::string& what) {
  throw Fault("message " + std::to_string(life.of.number) + " (to " + life.of.source + ") in " +
              queue + ": " + what + "; it was" + life.history);
}

Lineage::Life& Lineage::life(std::uint64_t number) {
  const auto at = lives_.find(number);
  if (at == lives_.end()) throw Fault("message " + std::to_string(number) + " was never published");
  return at->second;
}

// --- publishing
// -----------------------------------------------------------------------------------

void Lineage::published(const Publication& publication) {
  Life& life = lives_[publication.number];
  life.of = publication;
  life.history = " published at " + std::to_string(publication.at.time_since_epoch().count()) +
                 (publication.persistent ? "" : ", transient") + " p" +
                 std::to_string(publication.priority) + " " + publication.group + " " +
                 publication.key;
  if (publication.expiration_ms)
    life.history += " expires after " + std::to_string(*publication.expiration_ms);
  life.order = next_order_++;
  for (const Branch& branch : plan_.family_of(publication.source).branches)
    life.branches.push_back({&branch, false, false, publication.source});
  if (plan_.queues.at(publication.source).deduplicates && !publication.key.empty())
    keys_[{publication.source, publication.key}].push_back(publication.number);
}

// A confirm promises that the message is stored, now: not that it will be.
void Lineage::confirmed(std::uint64_t number, Time now) {
  Life& life = this->life(number);
  if (life.is_lost || !life.of.persistent) return;
  life.is_confirmed = true;
  life.history += ", confirmed";
  for (const BranchLife& branch : life.branches) {
    if (!branch.was_stored && !may_be_gone(life, branch, now))
      fail(life, branch.place, "confirmed, and not stored" + histories_of_key(life));
  }
  if (plan_.queues.at(life.of.source).deduplicates && !life.has_entered &&
      may_be_duplicate(life, now))
    ++duplicates_;
}

void Lineage::refused(std::uint64_t number) {
  Life& life = this->life(number);
  if (!plan_.queues.at(life.of.source).refuses) fail(life, life.of.source, "refused");
  if (life.stays[life.of.source].was_delivered) fail(life, life.of.source, "delivered and refused");
  life.is_refused = true;
  life.history += ", refused";
}

// --- the disk
// -------------------------------------------------------------------------------------

void Lineage::look(const DiskView& disk, Time now) {
  for (const auto& [number, stored] : disk.messages()) static_cast<void>(life(number));
  for (auto& [number, life] : lives_) {
    if (!life.of.persistent) {
      if (!disk.of(number).empty()) fail(life, disk.of(number)[0].queue, "stored, and transient");
      continue;
    }
    look_at(life, disk.of(number), now);
  }
}

void Lineage::look_at(Life& life, const std::vector<DiskView::Stored>& places, Time now) {
  for (const DiskView::Stored& place : places) {
    const bool is_known =
        std::any_of(life.branches.begin(), life.branches.end(),
                    [&](const BranchLife& each) { return each.branch->contains(place.queue); });
    if (!is_known) fail(life, place.queue, "stored in a queue to which it cannot come");
    if (life.is_lost) fail(life, place.queue, "stored after a crash had taken it");
    if (life.is_refused && place.queue == life.of.source)
      fail(life, place.queue, "stored, and refused");
  }
  for (BranchLife& branch : life.branches) {
    const DiskView::Stored* found = nullptr;
    for (const DiskView::Stored& place : places) {
      if (!branch.branch->contains(place.queue)) continue;
      if (found != nullptr) fail(life, place.queue, "also in " + found->queue);
      found = &place;
    }
    if (found == nullptr) {
      if (!branch.was_stored || branch.is_gone) continue;
      if (!may_be_gone(life, branch, now)) fail(life, branch.place, "lost from the disk");
      branch.is_gone = true;
      life.history += ", gone from " + branch.place;
      continue;
    }
    if (branch.is_gone) fail(life, found->queue, "stored again after it was gone");
    if (branch.was_stored && branch.place != found->queue) ++moved_;
    if (!branch.was_stored || branch.place != found->queue)
      life.history +=
          ", stored in " + found->queue + " at " + std::to_string(now.time_since_epoch().count());
    branch.was_stored = true;
    branch.place = found->queue;
    enter(life, found->queue);
  }
}

bool Lineage::may_be_gone(const Life& life, const BranchLife& branch, Time now) const {
  if (life.is_refused) return true;
  return has_reason(life, branch, now) || (!branch.was_stored && may_be_duplicate(life, now));
}

bool Lineage::has_reason(const Life& life, const BranchLife& branch, Time now) const {
  bool is_reached = false;
  for (const std::string& queue : branch.branch->queues) {
    const auto stay = life.stays.find(queue);
    if (stay != life.stays.end() && stay->second.is_settled) return true;
    const QueuePlan& plan = plan_.queues.at(queue);
    is_reached = is_reached || plan.is_cyclic || queue == branch.place;
    if (is_reached && may_lose(life, plan, now)) return true;
  }
  return false;
}

// Where dead letters go nowhere, a message may die; and in a circle, where it may be stopped.
bool Lineage::may_lose(const Life& life, const QueuePlan& queue, Time now) const {
  if (!queue.letters_to.empty() && !queue.is_cyclic) return false;
  if (queue.is_limited() && !queue.refuses) return true;
  if (queue.ttl && now >= life.of.at + Millis{*queue.ttl}) return true;
  const auto& own = life.of.expiration_ms;
  if (queue.is_source && own && now >= life.of.at + Millis{*own}) return true;
  const auto stay = life.stays.find(queue.name);
  return queue.delivery_limit && stay != life.stays.end() &&
         stay->second.returns_ever > *queue.delivery_limit;
}

// Whether another message with its key came in its window, and is safe itself.
bool Lineage::may_be_duplicate(const Life& life, Time now) const {
  const QueuePlan& source = plan_.queues.at(life.of.source);
  const auto at = keys_.find({life.of.source, life.of.key});
  if (at == keys_.end()) return false;
  return std::any_of(at->second.begin(), at->second.end(), [&](std::uint64_t number) {
    const Life& other = lives_.at(number);
    // One that a crash took has left its key, if there was a reason for it not to be stored.
    const bool is_safe = other.branches[0].was_stored || other.is_confirmed || other.was_settled ||
                         (other.has_entered && !other.is_lost) ||
                         has_reason(other, other.branches[0], now);
    if (&other == &life || !is_safe) return false;
    const Millis apart =
        other.of.at < life.of.at ? life.of.at - other.of.at : other.of.at - life.of.at;
    return !source.window || !is_punctual_ || apart.count() < *source.window;
  });
}

std::string Lineage::histories_of_key(const Life& life) const {
  std::string text;
  const auto at = keys_.find({life.of.source, life.of.key});
  if (at == keys_.end()) return text;
  for (const std::uint64_t number : at->second)
    text += "\n    of the same key: " + std::to_string(number) + lives_.at(number).history;
  return text;
}

// A message was seen where it can only be if its source took it.
void Lineage::enter(Life& life, const std::string& seen_in) {
  // What a source refuses may still go where its dead letters go, and its key is not remembered.
  if (seen_in != life.of.source && plan_.queues.at(life.of.source).refuses) return;
  if (std::exchange(life.has_entered, true)) return;
  const QueuePlan& source = plan_.queues.at(life.of.source);
  const auto at = keys_.find({life.of.source, life.of.key});
  if (at == keys_.end() || (source.window && !is_punctual_)) return;
  for (const std::uint64_t number : at->second) {
    const Life& other = lives_.at(number);
    if (&other == &life || other.is_lost || !other.has_entered) continue;
    const Millis apart =
        other.of.at < life.of.at ? life.of.at - other.of.at : other.of.at - life.of.at;
    if (!source.window || apart.count() < *source.window)
      fail(life, source.name, "taken, and its key was published before" + histories_of_key(life));
  }
}

void Lineage::crashed(const DiskView& disk) {
  held_groups_.clear();
  last_.clear();
  for (auto& [number, life] : lives_) {
    const bool was_stored = std::any_of(life.branches.begin(), life.branches.end(),
                                        [](const BranchLife& branch) { return branch.was_stored; });
    life.is_lost = life.is_lost || !was_stored;
    life.history += ", crash";
    for (auto& [queue, stay] : life.stays) {
      Stay next;
      next.returns_ever = stay.returns_ever;
      next.rejects_ever = stay.rejects_ever;
      // Elsewhere it has never been: it may come there for the first time.
      for (const DiskView::Stored& place : disk.of(number))
        if (place.queue == queue) next.was_delivered = stay.was_delivered;
      stay = next;
    }
    for (const DiskView::Stored& place : disk.of(number)) {
      life.stays[place.queue].is_restarted = true;
      life.stays[place.queue].committed_count = place.delivery_count;
    }
  }
}

void Lineage::check_quiet(const DiskView& disk, Time now) {
  std::map<std::string, std::uint64_t> bytes;
  for (const auto& [number, stored] : disk.messages()) {
    const Life& life = this->life(number);
    for (const DiskView::Stored& place : stored) {
      const QueuePlan& queue = plan_.queues.at(place.queue);
      const auto stay = life.stays.find(place.queue);
      const bool is_held = stay != life.stays.end() && stay->second.is_held;
      if (is_held || queue.retries || queue.delay > 0) continue;
      bytes[place.queue] += place.message->body().size();
      // Times that are not exact let messages stand in another order than that of their times.
      const auto expires = expiry(queue, *place.message);
      if (is_punctual_ && expires && *expires <= now)
        fail(life, place.queue,
             "has expired " + std::to_string((now - *expires).count()) + " ms ago and is there");
    }
  }
  for (const auto& [name, sum] : bytes) {
    const QueuePlan& queue = plan_.queues.at(name);
    if (queue.length_bytes_max && !queue.refuses && sum > *queue.length_bytes_max)
      throw Fault("queue " + name + " holds " + std::to_string(sum) + " bytes, more than " +
                  std::to_string(*queue.length_bytes_max));
  }
}

}  // namespace tern::sim
