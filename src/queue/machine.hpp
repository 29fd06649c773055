// Machine: what is behind queue.hpp. It joins the messages (Lane, one a priority level) with those
// who take them (Consumers, gets), and ends every command the same way: let go what is due, deliver
// what can be delivered, keep the limits and the memory windows, tell the sink about marks and the
// next moment. Used on its shard's thread only.
//
// A queue without limits, times and levels is `plain_`: its commands pass by all that
// (machine_rules.cpp, machine_delays.cpp) with one test.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "queue/consumers.hpp"
#include "queue/context.hpp"
#include "queue/dedup_window.hpp"
#include "queue/delayed_set.hpp"
#include "queue/lane.hpp"
#include "queue/levels.hpp"
#include "queue/pacing.hpp"
#include "queue/queue.hpp"

namespace tern::queue {

class Queue::Machine final : private Consumers::Holdings {
 public:
  Machine(const Settings& settings, Sink& sink);
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  /// Begins a command; all but restore() and close() need one.
  Machine& at(Time now) noexcept {
    context_.now = now;
    return *this;
  }

  void restore(QueueId stream, const Recovered& recovered);
  void restore_key(std::string_view key, Time seen);
  void configure(const Rules& rules);
  void touch();
  void tick();
  void publish(MessageRef&& message, const PublisherToken& token);
  [[nodiscard]] ConsumeError consume(const ConsumerSpec& spec);
  void cancel(const ConsumerId& consumer);
  void get(const GetToken& token, bool auto_ack);
  void settle(const ConsumerId& consumer, std::span<const Position> positions,
              Settlement settlement);
  void loaded(QueueId stream, Position from, Position next, std::span<Loaded> messages);
  void due_loaded(QueueId stream, std::span<const DuePoint> entries, bool is_last);
  void commit_advanced();
  std::uint64_t purge();
  void close();
  void browse(const BrowseRequest& request);
  std::uint64_t intervene(std::span<const Position> places, Intervention intervention,
                          std::uint64_t operation);
  void take_marks(std::vector<StreamMark>& to);
  /// Ends a command.
  void finish();

  [[nodiscard]] Consumers& consumers() noexcept { return consumers_; }
  [[nodiscard]] const Counts& counts() const noexcept { return counts_; }
  [[nodiscard]] const Rules& rules() const noexcept { return *context_.rules; }
  [[nodiscard]] QueueId id() const noexcept { return context_.settings.id; }

 private:
  struct Get {
    GetToken token;
    bool auto_ack;
  };

  struct Browse {
    BrowseRequest request;
    BrowsePage page;
    int level = 0;      ///< being looked at, from the highest on
    Position from = 0;  ///< in it, or in the delayed set
    bool is_set_done = false;
  };

  /// What operators look at. Few queues are ever looked at, so it is made by the first browse().
  struct Browsing {
    /// Bytes of shown messages that are remembered for what the operator does with them.
    static constexpr std::uint64_t shown_bytes_max = 4ULL << 20;

    std::deque<Browse> pages;              ///< being gathered, one after the other
    std::map<Position, MessageRef> shown;  ///< of the last pages, by place
    std::uint64_t shown_bytes = 0;
  };

  /// Messages that a command lets go, at most; the rest follows in a tick.
  static constexpr std::uint32_t budget_max = 1000;

  void deliver_new(Lane& lane, MessageRef&& message, const PublisherToken& token,
                   Consumers::Index consumer);
  void dispatch();
  [[nodiscard]] Slot* next_ready(Lane*& lane, Position& position) {
    lane = &lane_;
    return plain_ ? lane_.front(position) : next_ruled(lane, position);
  }
  void serve_gets();
  void answer_get(const Get& get, Lane& lane, Position position, Slot& slot);
  void answer_empty(const Get& get);
  [[nodiscard]] Slot* unacked_at(Position place, Lane*& lane);
  void settle_one(Lane& lane, Position position, Slot& slot, Settlement settlement);
  [[nodiscard]] bool holds(Consumers::Index holder, Position place) override;
  void note_held(Consumers::Index holder, Position place);
  void wake_lanes();
  void finish_lanes();
  void hold_back(const Lane& lane, const PublisherToken& token);
  void hold(const SessionId& publisher);
  void note_marks();
  [[nodiscard]] Lane& lane_of(QueueId stream);

  // machine_rules.cpp
  [[nodiscard]] bool is_plain() const noexcept;
  void publish_ruled(MessageRef&& message, const PublisherToken& token);
  [[nodiscard]] bool overflows(const Message& message) const noexcept;
  void refuse(MessageRef&& message, const PublisherToken& token);
  void expire_new(MessageRef&& message, const PublisherToken& token);
  void run_rules();
  void fire_due();
  [[nodiscard]] Slot* next_ruled(Lane*& lane, Position& position);
  void keep_limits();
  [[nodiscard]] bool is_any_draining();
  void ask_for_next();
  void ask(Time at);
  void renew_lease();
  void watch_lease();

  // machine_delays.cpp
  [[nodiscard]] bool is_duplicate(const Message& message, const PublisherToken& token);
  void remember(const Message& message, bool is_forwarded = false);
  [[nodiscard]] bool delays(MessageRef& message, const PublisherToken& token);
  [[nodiscard]] DelayedSet& delayed();
  void release(MessageRef&& message, const StoredRange& stored);

  // machine_groups.cpp
  enum class Way : std::uint8_t { free, parked, blocked };
  void configure_groups(const Rules& rules);
  [[nodiscard]] Way claim(Lane& lane, Position position, Slot& slot);
  void unclaim(const Lane& lane, Position position, const Slot& slot);
  void offer(Position place);
  [[nodiscard]] std::uint64_t purge_parked();
  /// Ready messages that wait for others of their group.
  [[nodiscard]] std::uint64_t parked() const noexcept {
    return context_.grouping == nullptr ? 0 : context_.grouping->groups.parked();
  }

  // machine_browse.cpp
  void gather();
  [[nodiscard]] bool gather_lanes();
  void show();
  [[nodiscard]] MessageRef shown_at(Position place) const;

  // machine_consumers.cpp
  void configure_consumers(const Rules& rules);
  void time_out_consumers();

  Context context_;
  Sink& sink_;
  Counts& counts_;
  Lane lane_;  ///< level 0
  Pacing pacing_;
  Consumers consumers_;
  bool plain_ = true;
  bool marks_due_ = false;  ///< the sink knows that it should take the marks
  bool closed_ = false;
  bool limits_pending_ = false;  ///< too much is ready, and it could not all be dropped yet
  bool lease_ended_ = false;
  std::uint32_t budget_ = 0;  ///< messages that may still be let go
  std::unique_ptr<Levels> levels_;
  std::vector<Get> gets_;        ///< waiting for a read
  std::vector<SessionId> held_;  ///< publishers held back
  std::unique_ptr<Browsing> browsing_;
  Time asked_ = Context::never;  ///< the tick that the sink was asked for
  std::optional<Time> lease_from_;
  std::unique_ptr<DedupWindow> dedup_;   ///< if the queue has, or had, deduplication
  std::unique_ptr<DelayedSet> delayed_;  ///< once a message was delayed
};

}  // namespace tern::queue
