// What a queue asks for: its effects, as calls on the shard that owns it.
//
// A sink never calls a queue back from inside one of these calls (an effect that must change a
// queue is noted and carried out later in the turn), so a queue may call it at any point of a
// change. Everything here runs on the queue's shard.
#pragma once

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
  bool auto_ack = false;  ///< settled by being delivered; the receiver owes nothing
};

enum class PublishOutcome : std::uint8_t { accepted, refused };

/// Messages of a queue that are done with: `count` stored ones with positions in [first, last).
struct StoredRange {
  Position first = 0;
  Position last = 0;
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  bool spilled = false;  ///< of the spill stream (transient messages paged out)
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
  /// whole shard, and committed in that order.
  virtual std::uint64_t stage(QueueId queue, Position position, const MessageRef& message,
                              const PublisherToken& token) = 0;
  /// Pages a transient message out to the store; it is forgotten at restart. Returns its stage.
  virtual std::uint64_t spill(QueueId queue, Position position, const MessageRef& message) = 0;
  /// Takes a staged message back because it is settled before it was written. True: it will never
  /// be on disk, and its publisher is told. False: too late, settle_stored() is needed.
  virtual bool unstage(std::uint64_t stage) = 0;
  /// Stored messages that are done with.
  virtual void settle_stored(QueueId queue, const StoredRange& range) = 0;

  /// Asks for stored messages with positions in [from, to), in order, about `bytes_max` of them (at
  /// least one if there is any). The answer is Queue::loaded().
  virtual void read(QueueId queue, Position from, Position to, std::uint64_t bytes_max) = 0;

  /// The consumer was cut off because the queue goes away.
  virtual void consumer_cancelled(const ConsumerId& consumer) = 0;
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
  /// Something changed that the store should know lazily: see Queue::low_water_mark() and
  /// Queue::delivered_mark(). Called at most once until Queue::marks_taken().
  virtual void marks_changed(QueueId queue) = 0;

  /// Stages up to and including this one are durable.
  [[nodiscard]] std::uint64_t committed_stage() const noexcept { return committed_stage_; }

 protected:
  std::uint64_t committed_stage_ = 0;
};

}  // namespace tern::queue
