// What a queue asks for: its effects, as calls on the shard that owns it.
//
// A sink never calls a queue back from inside one of these calls (an effect that must change a
// queue is noted and carried out later in the turn), so a queue may call it at any point of a
// change. Everything here runs on the queue's shard.
#pragma once

#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "message/ids.hpp"
#include "message/message.hpp"

namespace tern::queue {

/// One message on its way to a consumer or to the asker of a get.
struct Delivery {
  MessageRef message;
  QueueId queue{};
  Position position = 0;
  ConsumerNumber consumer = 0;       ///< 0: the answer to a get
  std::uint32_t delivery_count = 0;  ///< earlier deliveries of this message that came back
  bool redelivered = false;
  bool auto_ack = false;     ///< settled by being delivered; the receiver owes nothing
  bool shows_count = false;  ///< the consumer is told delivery_count, if it is not 0
};

enum class PublishOutcome : std::uint8_t { accepted, refused };

/// Why a message leaves its queue for another place.
enum class LeaveReason : std::uint8_t {
  rejected,
  expired,
  maxlen,
  delivery_limit,
  released,  ///< a delayed exchange's message is due, or passes: it is to be routed now
  redriven,  ///< an operator sends it on
};

/// Messages of a stream that are done with: `count` stored ones with positions in [first, last).
struct StoredRange {
  Position first = 0;
  Position last = 0;
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  std::uint64_t body_bytes = 0;
  bool spilled = false;  ///< of the spill stream (transient messages paged out)
};

/// A message that leaves its queue for another place. The queue has forgotten it; what is stored of
/// it is for the sink to settle, together with its new copies.
struct Forward {
  MessageRef message;
  LeaveReason reason{};
  QueueId stream{};      ///< in which it is stored, with stored.count 1
  StoredRange stored{};  ///< count 0: it is not
  /// Who waits for a confirm: to be told when the copies are safe. Nobody if it was stored here.
  PublisherToken token{};
  std::uint64_t operation = 0;  ///< redriven: whose
};

/// A moment in a stream's index of due times; ordered.
struct DuePoint {
  Time due{};
  Position position = 0;
  friend auto operator<=>(const DuePoint&, const DuePoint&) = default;
};

enum class MessageState : std::uint8_t { ready, unacked, delayed };

/// A message as an operator sees it: looking changes nothing.
struct Found {
  Position position = 0;
  MessageState state{};
  bool redelivered = false;
  std::uint32_t delivery_count = 0;
  Time due{};         ///< delayed: when it becomes ready
  ConsumerId holder;  ///< unacked: who has it
  MessageRef message;
};

/// Who asked for a message with get; the sink knows what `operation` means.
struct GetToken {
  SessionId session;
  std::uint64_t operation = 0;
};

class Sink {
 public:
  virtual ~Sink() = default;

  virtual void deliver(const ConsumerId& consumer, Delivery&& delivery) = 0;
  /// The answer to Queue::get. `delivery.message` is null if the queue was empty; `ready` is what
  /// is left.
  virtual void got(const GetToken& token, Delivery&& delivery, std::uint64_t ready) = 0;

  /// The publisher behind `token` may be told. Not called for messages that were staged: those are
  /// confirmed by the sink when they are on disk, or when unstage() took them back.
  virtual void publish_settled(const PublisherToken& token, PublishOutcome outcome) = 0;

  /// Hands a persistent message to the store. Returns its stage number: counted from 1 over the
  /// whole shard, and committed in that order. With `due` (not 0) the store also keeps the moment
  /// (due, position) in the stream's index of due times, in the same commit.
  virtual std::uint64_t stage(QueueId stream, Position position, const MessageRef& message,
                              const PublisherToken& token, Time due) = 0;
  /// Pages a transient message out to the store; it is forgotten at restart. Returns its stage.
  virtual std::uint64_t spill(QueueId stream, Position position, const MessageRef& message,
                              Time due) = 0;
  /// Takes a staged message back because it is settled before it was written. True: it will never
  /// be on disk, and its publisher is told. False: too late, settle_stored() is needed.
  virtual bool unstage(std::uint64_t stage) = 0;
  /// Stored messages that are done with.
  virtual void settle_stored(QueueId stream, const StoredRange& range) = 0;
  /// A stored message came back: the store keeps how often, and until when it waits (0: it does
  /// not), as long as it keeps the message.
  virtual void note_return(QueueId stream, Position position, std::uint32_t delivery_count,
                           Time due) = 0;

  /// Asks for stored messages with positions in [from, to), in order, about `bytes_max` of them (at
  /// least one if there is any). The answer is Queue::loaded().
  virtual void read(QueueId stream, Position from, Position to, std::uint64_t bytes_max) = 0;
  /// Asks for what the index of due times holds after `after`, in order, at most `count_max`.
  /// Answer: Queue::due_loaded(). Entries of messages settled meanwhile may be among them.
  virtual void read_due(QueueId stream, const DuePoint& after, std::uint32_t count_max) = 0;
  /// The index needs no entry up to and including `last` any more.
  virtual void trim_due(QueueId stream, const DuePoint& last) = 0;

  /// A message leaves for another place; see Forward. Carried out later in the turn, in order.
  virtual void forward(QueueId queue, Forward&& forward) = 0;
  /// Call Queue::tick() at `at`. A later call with an earlier time replaces it; ticks that come too
  /// early do no harm.
  virtual void wake_at(QueueId queue, Time at) = 0;
  /// The queue's lease (x-expires) has ended: it is to be deleted.
  virtual void lease_ended(QueueId queue) = 0;
  /// A key that was published, to be kept in the commit of the message staged next (or at once).
  /// `seen` orders the keys and says when the window in time began. `is_forwarded`: its message is
  /// the one forwarded last, and the key is to be kept with that.
  virtual void remember_key(QueueId queue, std::string_view key, Time seen, bool is_forwarded) = 0;
  /// The key fell out of the window.
  virtual void forget_key(QueueId queue, std::string_view key) = 0;
  /// Answer to Queue::browse. `next` is where to go on, 0 at the end.
  virtual void browsed(QueueId queue, std::uint64_t operation, std::vector<Found>&& found,
                       Position next) = 0;

  /// The consumer was cut off because the queue goes away.
  virtual void consumer_cancelled(const ConsumerId& consumer) = 0;
  /// The consumer was cut off because it kept a message longer than `timeout`; what it had unacked
  /// is back in the queue.
  virtual void consumer_timed_out(const ConsumerId& consumer, Millis timeout) = 0;
  /// A consumer under a channel-wide prefetch limit could take `count` more; answered by
  /// Queue::permit(). Asked once until answered.
  virtual void permits_wanted(const ConsumerId& consumer, std::uint32_t count) = 0;
  /// Permits that the consumer cannot use now.
  virtual void permits_returned(const ConsumerId& consumer, std::uint32_t count) = 0;

  /// The queue holds more in memory than it may and cannot page out as fast as this publisher
  /// sends: stop reading it until release_publisher().
  virtual void hold_publisher(QueueId queue, const SessionId& publisher) = 0;
  virtual void release_publisher(QueueId queue, const SessionId& publisher) = 0;
  /// Call Queue::commit_advanced() when committed_stage() has grown. Asked for once at a time.
  virtual void wake_on_commit(QueueId queue) = 0;
  /// The last consumer of an auto-delete queue has gone.
  virtual void abandoned(QueueId queue) = 0;
  /// Something changed that the store should know lazily: see Queue::take_marks(). Called at most
  /// once until then.
  virtual void marks_changed(QueueId queue) = 0;

  /// The publisher behind `token` may be told once all that was staged and remembered until now is
  /// durable: its message is a duplicate of one that may not be. Called without a publisher too: a
  /// transaction that publishes a duplicate is told of its end.
  virtual void publish_settled_later(const PublisherToken& token) {
    if (token.sequence != 0) publish_settled(token, PublishOutcome::accepted);
  }

  /// Stages up to and including this one are durable.
  [[nodiscard]] std::uint64_t committed_stage() const noexcept { return committed_stage_; }

 protected:
  std::uint64_t committed_stage_ = 0;
};

}  // namespace tern::queue
