// Session: what the broker tells a front-end's connection. Implemented by front-ends; every call
// comes on the shard to which the session was attached, never from inside a call that the session
// itself makes into the broker (expect_delivery, deliver, publish_settled and hold_publishing
// excepted, see there).
#pragma once

#include <string>

#include "broker/error.hpp"
#include "queue/queue.hpp"

namespace tern::broker {

/// A queue and where it lives: enough to send it commands without a look-up.
struct QueueAddress {
  QueueId id = QueueId::none;
  ShardId shard{};

  friend bool operator==(const QueueAddress&, const QueueAddress&) = default;
};

/// Chosen by the session; counted from 1. 0: no answer wanted (nowait).
using OperationNumber = std::uint64_t;

/// The end of an operation that a session started. Which fields are set depends on the operation.
struct OperationResult {
  OperationNumber operation = 0;
  bool failed = false;
  BrokerError error;        ///< if failed
  std::string name;         ///< declare_queue: the queue's name
  std::uint64_t count = 0;  ///< declare, get: ready; purge, delete: messages removed
  std::uint64_t consumers = 0;
  QueueAddress queue;        ///< consume, get: whom to send cancel and settle to
  queue::Delivery delivery;  ///< get: message is null if there was none
  bool found = false;        ///< direct reply-to: the requester is there
};

struct ReplyAddress;

class Session {
 public:
  virtual ~Session() = default;

  /// A message for a consumer of this session. May come from inside enqueue() or settle(): it must
  /// only append to the session's output and books. A session that no longer has the consumer gives
  /// the message back with settle(requeued), unless it was auto-ack.
  virtual void deliver(const ConsumerId& consumer, queue::Delivery&& delivery) = 0;

  /// A delivery to this session is likely to be next: a hint to fetch what it will touch. May come
  /// from inside enqueue() or settle().
  virtual void expect_delivery() const noexcept {}

  /// One of the queues that the publish was enqueued to has it safely, or refuses it: once per
  /// target of enqueue() whose token had a sequence. May come from inside enqueue() or settle().
  virtual void publish_settled(ChannelInstance channel, std::uint64_t sequence,
                               queue::PublishOutcome outcome) = 0;

  virtual void completed(OperationResult&& result) = 0;

  /// The queue of this consumer has gone (basic.cancel from the server).
  virtual void consumer_cancelled(ConsumerNumber consumer) = 0;

  /// The consumer kept a message unacknowledged for longer than it may. It has been cut off, and
  /// what it had unacked is back in its queue: later settlements of that are ignored.
  virtual void consumer_timed_out(ConsumerNumber consumer, Millis timeout) = 0;

  /// See queue::Sink::permits_wanted and permits_returned; answered with Broker::permit.
  virtual void permits_wanted(ConsumerNumber consumer, std::uint32_t count) = 0;
  virtual void permits_returned(ConsumerNumber consumer, std::uint32_t count) = 0;

  /// Whether a consumer of this session waits for direct replies at exactly this address.
  [[nodiscard]] virtual bool expects_reply(const ReplyAddress& address) const = 0;

  /// true: the broker cannot take what this session publishes as fast as it comes; it is not to be
  /// read until false. Not nested: the broker counts the reasons. `true` may come from inside
  /// enqueue().
  virtual void hold_publishing(bool held) = 0;

  /// The broker stops or an operator closes the connection (AMQP: connection.close 320).
  virtual void shut_down(const std::string& reason) = 0;
};

}  // namespace tern::broker
