// Queue: one queue as a pure machine. Commands come in with the time, effects go out through the
// Sink. No I/O, no clock, no locks; owned by one shard, used on its thread only.
//
//   publish -> ready (memory: head | disk: middle | memory: tail) -> unacked -> settled
//                ^------------------ requeue (old place) ----------------'
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/time.hpp"
#include "queue/rules.hpp"
#include "queue/sink.hpp"

namespace tern::queue {

/// What a queue is for good. Its messages lie in streams of the store: level 0 of priority under
/// the queue's own id, level n > 0 under level_stream(n), delayed ones under delayed_stream(). A
/// Position of a delivery says which (place.hpp).
struct Settings {
  QueueId id{};
  bool durable = false;
  bool auto_delete = false;
  std::uint8_t priority_max = 0;    ///< x-max-priority
  QueueId levels_begin{};           ///< stream of level 1, if priority_max is not 0
  std::uint32_t levels_stride = 1;  ///< from one level's stream id to the next one's
  /// A delayed exchange's queue: what is published passes to Sink::forward when it is due
  /// (exchange_delay), and it has no consumers.
  bool is_gate = false;
  std::uint64_t seed = 0;  ///< of all that is random in the queue (the jitter of retries)
  std::uint64_t window_head_bytes = 16ULL << 20;  ///< ready messages kept in memory at the head
  std::uint64_t window_tail_bytes = 16ULL << 20;  ///< and at the tail, before paging out
};

struct ConsumerSpec {
  ConsumerId id;
  bool auto_ack = false;
  bool exclusive = false;
  std::int32_t priority = 0;        ///< higher ones are served first (x-priority)
  std::uint32_t prefetch = 0;       ///< most unacked messages, 0 for no limit
  bool gated = false;               ///< a channel-wide limit holds too: deliver on permits only
  std::optional<Millis> timeout{};  ///< x-consumer-timeout of the consumer; goes before the queue's
  std::uint64_t window_bytes = 256 * 1024;  ///< most bytes delivered and not yet drained
};

/// What Sink::note_return told the store of a message.
struct Returned {
  Position position = 0;
  std::uint32_t delivery_count = 0;
  Time due{};  ///< until when it waits; 0: it does not
};

/// What the store knew of a durable queue's stream when it was opened.
struct Recovered {
  Position low_water_mark = 1;  ///< everything below is settled
  Position next = 1;            ///< one above the last stored message
  Position delivered = 1;       ///< positions below were delivered before
  std::uint64_t count = 0;      ///< stored, not settled messages
  std::uint64_t bytes = 0;
  std::uint64_t body_bytes = 0;      ///< of their bodies alone
  bool has_due = false;              ///< the index of due times may hold something
  bool is_delivered_noted = true;    ///< the store knows `delivered`
  std::vector<Returned> returned{};  ///< of messages that are still there, by position
};

/// One message read back from the store.
struct Loaded {
  Position position = 0;
  MessageRef message;
  std::uint32_t delivery_count = 0;
};

enum class Settlement : std::uint8_t {
  acked,        ///< done
  requeued,     ///< given back by the consumer: to its old place, redelivered
  dropped,      ///< rejected without requeue
  abandoned,    ///< its consumer, channel or connection went away: like requeued, but a failure
  undelivered,  ///< never reached the consumer: back, but not counted
};

/// What an operator does with messages that nobody has.
enum class Intervention : std::uint8_t {
  remove,   ///< gone
  release,  ///< a delayed one becomes ready now
  redrive,  ///< leaves through Sink::forward
};

/// Which messages to look at, and from where on.
struct BrowseRequest {
  std::uint64_t operation = 0;
  MessageState state = MessageState::ready;
  Position from = 0;  ///< 0 or what Sink::browsed gave as next
  std::uint32_t count_max = 100;
  std::uint64_t bytes_max = 1ULL << 20;
};

/// How far a stream has come, for the store: see Recovered.
struct StreamMark {
  QueueId stream{};
  Position low_water = 0;
  Position delivered = 0;
};

enum class ConsumeError : std::uint8_t { none, in_exclusive_use };

struct Counts {
  std::uint64_t ready = 0;
  std::uint64_t unacked = 0;
  std::uint64_t ready_bytes = 0;
  std::uint64_t unacked_bytes = 0;
  std::uint64_t resident_bytes = 0;  ///< message bytes held in memory
  std::uint64_t ready_body_bytes = 0;
  std::uint64_t delayed = 0;  ///< waiting for their time, retries too
  std::uint32_t consumers = 0;
  // From here on since the queue was made in this run; they only grow.
  std::uint64_t published = 0;
  std::uint64_t refused = 0;     ///< by reject-publish
  std::uint64_t duplicates = 0;  ///< dropped by deduplication
  std::uint64_t expired = 0;     ///< with or without a dead-letter exchange, as are the next three
  std::uint64_t overflown = 0;
  std::uint64_t rejected = 0;
  std::uint64_t over_delivery_limit = 0;
};

class Queue {
 public:
  Queue(const Settings& settings, Sink& sink);
  ~Queue();
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  /// Takes over what the store holds of one of the queue's streams; before any other command.
  void restore(QueueId stream, const Recovered& recovered);
  /// Takes over a deduplication key, in order of `seen`; before any other command but restore.
  void restore_key(std::string_view key, Time seen);
  /// Gives the queue its rules, at first and whenever they change.
  void configure(const Rules& rules, Time now);
  /// The queue is used otherwise than by the commands below (declared again): renews its lease.
  void touch(Time now);
  /// Something may be due: see Sink::wake_at().
  void tick(Time now);

  /// `token.session` is always the publisher; its sequence is 0 when no confirm is wanted.
  void publish(MessageRef message, const PublisherToken& token, Time now);

  [[nodiscard]] ConsumeError consume(const ConsumerSpec& spec, Time now);
  /// Stops deliveries. What the consumer has unacked stays unacked. Unknown consumers are ignored.
  void cancel(const ConsumerId& consumer, Time now);
  /// Answered through Sink::got, at once or after a read.
  void get(const GetToken& token, bool auto_ack, Time now);

  /// Settles checked-out messages. Positions that are not checked out are ignored (their consumer's
  /// commands crossed a purge or a delete). `consumer` is who held them; number 0 for get.
  void settle(const ConsumerId& consumer, std::span<const Position> positions,
              Settlement settlement, Time now);

  /// The consumer's connection has written `bytes` of what was delivered to it.
  void drained(const ConsumerId& consumer, std::uint64_t bytes, Time now);
  /// Answer to Sink::permits_wanted; `count` may be 0 to say "none now, ask no more until permits".
  void permit(const ConsumerId& consumer, std::uint32_t count, Time now);
  /// Starts or ends the channel-wide gate on a running consumer (basic.qos global while consuming).
  void set_gated(const ConsumerId& consumer, bool gated, Time now);

  /// Answer to Sink::read: messages in order of position; [from, next) has been looked at in full.
  void loaded(QueueId stream, Position from, Position next, std::vector<Loaded>&& messages,
              Time now);
  /// Answer to Sink::read_due; `is_last`: there is nothing after these.
  void due_loaded(QueueId stream, std::vector<DuePoint>&& entries, bool is_last, Time now);
  /// Sink::committed_stage() has grown.
  void commit_advanced(Time now);

  /// Drops every ready message; unacked ones stay. Returns how many.
  std::uint64_t purge(Time now);
  /// The queue goes away: consumers are told, held publishers released. Nothing may follow but the
  /// destructor. The store forgets the queue as a whole.
  void close();

  /// Shows messages to an operator; changes nothing. Answered through Sink::browsed, at once or
  /// after reads.
  void browse(const BrowseRequest& request, Time now);
  /// What an operator does with ready or delayed messages; returns how many were still there.
  /// `operation` comes with the forwards of a redrive.
  std::uint64_t intervene(std::span<const Position> positions, Intervention intervention,
                          std::uint64_t operation, Time now);

  [[nodiscard]] const Counts& counts() const noexcept;
  [[nodiscard]] QueueId id() const noexcept;
  [[nodiscard]] const Rules& rules() const noexcept;
  /// Appends the marks of every stream that has some to note; they count as noted.
  void take_marks(std::vector<StreamMark>& to);

 private:
  class Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace tern::queue
