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
#include "queue/sink.hpp"

namespace tern::queue {

struct Settings {
  QueueId id{};
  bool durable = false;
  bool auto_delete = false;
  std::uint64_t window_head_bytes = 16ULL << 20;  ///< ready messages kept in memory at the head
  std::uint64_t window_tail_bytes = 16ULL << 20;  ///< and at the tail, before paging out
};

struct ConsumerSpec {
  ConsumerId id;
  bool auto_ack = false;
  bool exclusive = false;
  std::int32_t priority = 0;   ///< higher ones are served first (x-priority)
  std::uint32_t prefetch = 0;  ///< most unacked messages, 0 for no limit
  bool gated = false;          ///< a channel-wide limit holds too: deliver on permits only
  std::uint64_t window_bytes = 256 * 1024;  ///< most bytes delivered and not yet drained
};

/// What the store knew of a durable queue when it was opened.
struct Recovered {
  Position low_water_mark = 1;  ///< everything below is settled
  Position next = 1;            ///< one above the last stored message
  Position delivered = 1;       ///< positions below were delivered before
  std::uint64_t count = 0;      ///< stored, not settled messages
  std::uint64_t bytes = 0;
};

/// One message read back from the store.
struct Loaded {
  Position position = 0;
  MessageRef message;
  std::uint32_t delivery_count = 0;
};

enum class Settlement : std::uint8_t {
  acked,     ///< done
  requeued,  ///< back to its old place, redelivered
  dropped,   ///< rejected without requeue
};

enum class ConsumeError : std::uint8_t { none, in_exclusive_use };

struct Counts {
  std::uint64_t ready = 0;
  std::uint64_t unacked = 0;
  std::uint64_t ready_bytes = 0;
  std::uint64_t unacked_bytes = 0;
  std::uint64_t resident_bytes = 0;  ///< message bytes held in memory
  std::uint32_t consumers = 0;
};

class Queue {
 public:
  Queue(const Settings& settings, Sink& sink);
  ~Queue();
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  /// Takes over what the store holds; before any other command.
  void restore(const Recovered& recovered);

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
  void loaded(Position from, Position next, std::vector<Loaded>&& messages, Time now);
  /// Sink::committed_stage() has grown.
  void commit_advanced(Time now);

  /// Drops every ready message; unacked ones stay. Returns how many.
  std::uint64_t purge(Time now);
  /// The queue goes away: consumers are told, held publishers released. Nothing may follow but the
  /// destructor. The store forgets the queue as a whole.
  void close();

  [[nodiscard]] const Counts& counts() const noexcept;
  [[nodiscard]] QueueId id() const noexcept;
  /// Every message below is settled.
  [[nodiscard]] Position low_water_mark() const noexcept;
  /// Every message below has been delivered once.
  [[nodiscard]] Position delivered_mark() const noexcept;
  /// The sink has noted both marks.
  void marks_taken() noexcept;

 private:
  class Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace tern::queue
