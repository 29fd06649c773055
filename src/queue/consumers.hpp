// Consumers: who may be served next. Strict round-robin per message among those of the highest
// priority that can take; picking costs the same with one consumer or thousands, because only those
// that can take stand in the lists. Owned by a queue's machine, used on its shard's thread.
//
// A record outlives its consumer while messages are unacked under it, and stands for a session's
// gets too (number 0); both are "holders" that are never served. With a single active consumer all
// but one wait: the first registered, then of the highest priority the next in order of
// registration.
//
// Timeouts: what holds messages under a timeout stands once in a heap, by a moment before which it
// cannot run out; when that comes, its oldest message says whether it has (hold_times.hpp).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "queue/hold_times.hpp"
#include "queue/queue.hpp"

namespace tern::queue {

class Consumers {
 public:
  using Index = std::uint32_t;
  static constexpr Index none = UINT32_MAX;
  /// Most permits asked for at a time.
  static constexpr std::uint32_t permits_max = 64;

  struct Record {
    ConsumerId id;
    std::int64_t window = 0;  ///< bytes it may still be sent; served while above 0
    std::int32_t priority = 0;
    std::uint32_t prefetch = 0;
    std::uint32_t unacked = 0;  ///< stays 0 under auto_ack
    std::uint32_t permits = 0;
    Index previous = none;
    Index next = none;
    Index registered_before = none;  ///< running consumers in order of registration
    Index registered_after = none;
    std::optional<Millis> own_timeout;      ///< the spec's
    std::unique_ptr<HoldTimes> hold_times;  ///< under a timeout, if it ever held something
    Time deadline = Time::max();            ///< its entry in the heap of deadlines; none: max
    bool active = false;                    ///< a running consumer, not merely a holder
    bool waiting = false;                   ///< another one is the single active consumer
    bool auto_ack = false;
    bool exclusive = false;
    bool gated = false;
    bool asked = false;   ///< has asked for permits and waits
    bool listed = false;  ///< stands in its level's list
    bool noted = false;   ///< its index is among the permit holders
  };

  /// Who knows what is held; needed for timeouts only.
  class Holdings {
   public:
    /// Whether a holder holds the message at a place (place.hpp) now.
    [[nodiscard]] virtual bool holds(Index holder, Position place) = 0;

   protected:
    ~Holdings() = default;
  };

  /// Who has kept a message too long.
  struct TimedOut {
    Index index = none;
    Millis timeout{};
    std::vector<Position> places;  ///< all it holds, in order of delivery
  };

  explicit Consumers(Sink& sink, Holdings* holdings = nullptr) : sink_(sink), holdings_(holdings) {}

  [[nodiscard]] ConsumeError add(const ConsumerSpec& spec);
  /// Stops serving a consumer. False if there is no such consumer.
  bool remove(const ConsumerId& id);
  /// Tells every consumer that it is cut off.
  void cancel_all();

  /// `none` if unknown.
  [[nodiscard]] Index find(const ConsumerId& id) noexcept;
  /// The holder of what a session gets.
  [[nodiscard]] Index holder(const ConsumerId& id);
  [[nodiscard]] Record& at(Index index) noexcept { return records_[index]; }
  /// One above the highest index.
  [[nodiscard]] std::size_t records() const noexcept { return records_.size(); }
  /// Running consumers.
  [[nodiscard]] std::uint32_t active() const noexcept { return active_; }

  /// True if pick() would find somebody to serve or to ask for permits.
  [[nodiscard]] bool any_able() const noexcept { return able_ != 0; }
  /// Who is next, if he can be served at once; asks nobody for permits.
  [[nodiscard]] Index able_now() noexcept;
  /// Who is next; on the way gated consumers without permits are asked for some, up to `ready`.
  [[nodiscard]] Index pick(std::uint64_t ready);
  /// The picked consumer was given a message of `bytes`; he goes to the end of his line.
  void served(Index index, std::uint32_t bytes);
  /// A holder got one more message by other means than pick().
  void checked_out(Index index) noexcept { ++records_[index].unacked; }
  /// A holder settled `count` messages. The index is dead afterwards if nothing is left of it.
  void settled(Index index, std::uint32_t count);

  /// Only the first registered is served, or all are. Takes effect at once.
  void set_single_active(bool single);
  /// The timeout of consumers that have none of their own, and of former ones. Takes effect at
  /// once; what was delivered while a holder had no timeout counts from held().
  void set_timeout(std::optional<Millis> timeout);
  /// True if a holder's deliveries are to be told to held().
  [[nodiscard]] bool has_timeout(Index index) const noexcept {
    const Record& record = records_[index];
    if (!timeout_ && !record.own_timeout) return false;
    return timeout_of(record).has_value();
  }
  /// A holder under a timeout has the message at `place` since `now`.
  void held(Index index, Position place, Time now);
  /// A message that a holder held came back to the queue.
  void returned(Index index, Position place);
  /// The earliest moment at which somebody may time out.
  [[nodiscard]] std::optional<Time> next_deadline() const noexcept;
  /// Somebody who has timed out by `now`; ask again until nobody has.
  [[nodiscard]] std::optional<TimedOut> timed_out(Time now);

  void drained(const ConsumerId& id, std::uint64_t bytes);
  void permit(const ConsumerId& id, std::uint32_t count);
  void set_gated(const ConsumerId& id, bool gated);
  /// Gives back every unused permit, because there is nothing to deliver.
  void return_permits();

 private:
  struct Level {
    std::int32_t priority;
    std::uint32_t consumers = 0;
    Index front = none;
    Index back = none;
  };

  struct Deadline {
    Time at;
    Index index;
    bool operator>(const Deadline& other) const noexcept { return at > other.at; }
  };

  /// What a queue needs that has, or had, a consumer: made with the first record.
  struct Registry {
    std::unordered_map<ConsumerId, Index> by_id;
    std::vector<Index> free;            ///< of the records
    std::vector<Index> permit_holders;  ///< each once; some in vain
    std::vector<Deadline> deadlines;    ///< min-heap; one for each index counts, see `deadline`
  };

  [[nodiscard]] static bool can_take(const Record& record) noexcept;
  [[nodiscard]] Level& level_of(std::int32_t priority) noexcept;
  [[nodiscard]] Index front() noexcept;
  [[nodiscard]] Index make_record(const ConsumerId& id);
  void free_if_idle(Index index);
  void join_level(std::int32_t priority);
  void leave_level(std::int32_t priority);
  void enlist(Index index);
  void delist(Index index);
  void review(Index index);
  void give_back(Record& record);
  void join_registered(Index index);
  void leave_registered(Index index);
  [[nodiscard]] Index next_single() const noexcept;

  // consumer_timeouts.cpp
  [[nodiscard]] std::optional<Millis> timeout_of(const Record& record) const noexcept;
  void note_deadline(Index index, Time at);

  Sink& sink_;
  Holdings* holdings_;
  std::vector<Record> records_;
  std::unique_ptr<Registry> registry_;
  std::vector<Level> levels_;      ///< highest priority first
  std::uint32_t first_level_ = 0;  ///< no level before it has anybody in its list
  std::uint32_t able_ = 0;         ///< how many stand in lists
  std::uint32_t active_ = 0;
  Index recent_ = none;  ///< last one found
  Index registered_first_ = none;
  Index registered_last_ = none;
  bool exclusive_ = false;
  bool single_ = false;
  std::optional<Millis> timeout_;
};

}  // namespace tern::queue
