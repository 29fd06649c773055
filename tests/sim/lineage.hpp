// Lineage: what may become of every message of a lineage simulation, branch by branch (plan.hpp).
// It is shown the disk after every commit, which is what a crash at that moment would leave, and
// everything that clients say and see; it throws Fault when a promise is broken:
//
//   a persistent message, once it was stored, is in exactly one place of each branch until there is
//   a reason for it to be gone; it is stored when its publish is confirmed; refused, it is nowhere
//   in its source; what was settled is not delivered again, and what is in one place not in another
//   one; nothing is delivered after its time; delivery counts are exact, and not forgotten; one of
//   a group at a time; a key is stored once in its window; x-death tells what has happened.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "queue/queue.hpp"
#include "sim/disk_view.hpp"
#include "sim/model.hpp"
#include "sim/plan.hpp"

namespace tern::sim {

/// What is published.
struct Publication {
  std::uint64_t number = 0;  ///< its body begins with it
  std::string source;
  std::uint64_t publisher = 0;
  bool persistent = true;
  std::uint8_t priority = 0;
  std::optional<std::uint32_t> expiration_ms;
  std::string group;
  std::string key;  ///< of deduplication
  Time at{};
};

class Lineage {
 public:
  /// `is_punctual`: no turn is left undone when the clock moves, so that times are exact.
  /// `has_one_shard`: what was on its way to a client that has gone comes back at once, so that
  /// nothing overtakes it.
  Lineage(const Plan& plan, bool is_punctual, bool has_one_shard)
      : plan_(plan), is_punctual_(is_punctual), has_one_shard_(has_one_shard) {}

  void published(const Publication& publication);
  void confirmed(std::uint64_t number, Time now);
  void refused(std::uint64_t number);
  /// `consumer` names who got it: order holds per consumer.
  void delivered(const std::string& queue, const queue::Delivery& delivery,
                 const std::string& consumer, Time now);
  /// A client settles a message that it has. Requeued: it counts as a return.
  void settling(const std::string& queue, std::uint64_t number, queue::Settlement settlement);

  /// After every commit: what is on the disk now.
  void look(const DiskView& disk, Time now);
  /// The broker was killed and reads what is on the disk (look() comes first).
  void crashed(const DiskView& disk);
  /// Nothing is left to do at this moment, and everything is written: nothing overdue is there.
  void check_quiet(const DiskView& disk, Time now);

  /// Dead letters seen by clients, by reason: zeros would mean that something is not simulated.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& deaths() const { return deaths_; }
  [[nodiscard]] std::uint64_t moved() const { return moved_; }
  [[nodiscard]] std::uint64_t duplicates() const { return duplicates_; }

 private:
  struct Stay {  ///< of a message in a queue, as clients know it
    bool is_held = false;
    bool was_delivered = false;
    bool was_delivered_now = false;     ///< in this run of the broker
    bool is_settled = false;            ///< acked, or rejected where letters go nowhere
    bool has_left = false;              ///< rejected to where letters go
    bool is_restarted = false;          ///< it was here when the broker started
    std::uint32_t returns = 0;          ///< in this run of the broker
    std::uint32_t committed_count = 0;  ///< of deliveries, as it was on the disk then
    std::uint32_t returns_ever = 0;
    std::uint32_t rejects_ever = 0;
  };
  struct BranchLife {
    const Branch* branch = nullptr;
    bool was_stored = false;
    bool is_gone = false;
    std::string place;  ///< where it was stored last
  };
  struct Life {
    Publication of;
    std::uint64_t order = 0;
    bool is_confirmed = false;
    bool is_refused = false;
    bool is_lost = false;      ///< with a crash, rightly
    bool was_settled = false;  ///< somewhere, ever
    bool has_entered = false;  ///< it was seen in its source, or behind it
    std::vector<BranchLife> branches;
    std::map<std::string, Stay> stays;
    std::string history;  ///< for the text of a fault
  };

  [[noreturn]] static void fail(const Life& life, const std::string& queue,
                                const std::string& what);
  [[nodiscard]] Life& life(std::uint64_t number);
  void look_at(Life& life, const std::vector<DiskView::Stored>& places, Time now);
  void enter(Life& life, const std::string& seen_in);
  [[nodiscard]] bool may_be_gone(const Life& life, const BranchLife& branch, Time now) const;
  [[nodiscard]] bool has_reason(const Life& life, const BranchLife& branch, Time now) const;
  [[nodiscard]] bool may_lose(const Life& life, const QueuePlan& queue, Time now) const;
  [[nodiscard]] bool may_be_duplicate(const Life& life, Time now) const;
  [[nodiscard]] std::string histories_of_key(const Life& life) const;
  [[nodiscard]] static std::optional<Time> expiry(const QueuePlan& queue, const Message& message);
  void check_place(const Life& life, const QueuePlan& queue) const;
  void check_time(const Life& life, const QueuePlan& queue, const Message& message, Time now) const;
  static void check_count(const Life& life, const QueuePlan& queue, const Stay& stay,
                          const queue::Delivery& delivery);
  void check_order(const Life& life, const QueuePlan& queue, const std::string& consumer);
  void check_deaths(const Life& life, const QueuePlan& queue, const Message& message);
  static void check_death(const Life& life, const QueuePlan& queue, const std::string& reason,
                          std::int64_t count);

  const Plan& plan_;
  const bool is_punctual_;
  const bool has_one_shard_;
  std::map<std::uint64_t, Life> lives_;
  std::map<std::pair<std::string, std::string>, std::vector<std::uint64_t>> keys_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> held_groups_;
  std::map<std::string, std::uint64_t> last_;
  std::map<std::string, std::uint64_t> deaths_;
  std::uint64_t moved_ = 0;
  std::uint64_t duplicates_ = 0;
  std::uint64_t next_order_ = 1;
};

}  // namespace tern::sim
