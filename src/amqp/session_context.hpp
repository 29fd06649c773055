// SessionContext: what the channels of one connection share: the way out, the broker, and
// what it was asked. Owned by the connection.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "amqp/consumers.hpp"
#include "amqp/encoder.hpp"
#include "amqp/methods.hpp"
#include "amqp/operations.hpp"
#include "amqp/output.hpp"
#include "amqp/settle_batch.hpp"
#include "amqp/transport.hpp"
#include "broker/broker.hpp"

namespace tern::amqp {

/// What the client said it can do (client-properties, capabilities).
struct ClientCapabilities {
  bool authentication_failure_close = false;
  bool consumer_cancel_notify = false;
  bool connection_blocked = false;
};

class SessionContext {
 public:
  SessionContext(broker::Broker& to, Transport& through, const ConnectionOptions& with)
      : transport(through), options(with), settles(to), broker_(&to) {}

  [[nodiscard]] broker::Broker& broker() const noexcept { return *broker_; }
  /// The connection lives on another shard from now on.
  void move_to(broker::Broker& to) {
    settles.move_to(to);
    broker_ = &to;
  }

  // --- which shard the connection should live on (connection_move.cpp) --------------------------
  /// Notes where a publish went: after many in a row to one other shard it is worth moving there.
  void note_publish(std::span<const broker::QueueAddress> targets) noexcept {
    const ShardId shard = targets.front().shard;
    if (shard == caller.session.shard || targets.size() != 1) [[likely]] {
      publishes_away = 0;
      return;
    }
    if (shard != away || wish) {
      away = shard;
      publishes_away = 0;
    } else if (++publishes_away >= publishes_before_move) {
      wish = shard;
    }
  }
  /// Whether a consumer of a queue on this shard had better wait until the connection has moved
  /// there; then its method is to be taken again.
  [[nodiscard]] bool must_move_first(ShardId shard) noexcept {
    if (shard == caller.session.shard || !may_move || !consumers.is_empty()) return false;
    wish = shard;
    take_again = true;
    return true;
  }

  /// Appends one method frame to the output.
  template <class Method>
  void send(std::uint16_t channel, const Method& method) {
    scratch().clear();
    FrameWriter(scratch(), frame_max).method(channel, method);
    output.append(scratch());
    wake_writer();
  }
  /// Appends a method with its content: the message.
  template <class Method>
  void send(std::uint16_t channel, const Method& method, const MessageRef& message) {
    scratch().clear();
    FrameWriter writer(scratch(), frame_max);
    writer.method(channel, method);
    writer.content_header(channel, Method::info.id.class_id, message->body().size(),
                          message->properties());
    output.append(scratch());
    send_body(channel, message);
    wake_writer();
  }
  /// Appends a delivery: one computation of its size, one write, no allocation once warm.
  void send_delivery(const Delivery& delivery, const MessageRef& message);
  void send_heartbeat();
  /// Asks the carrier to write, once until written.
  void wake_writer() {
    if (std::exchange(writer_awake, true)) return;
    transport.output_pending();
  }

  /// Counts a delivery's bytes against its consumer's window.
  void note_delivered(Consumer& consumer, std::uint32_t bytes) {
    delivered_pending += bytes;
    const std::uint64_t due = options.consumer_window_bytes / 4;
    const bool was_due = consumer.undrained_bytes >= due;
    consumer.undrained_bytes += bytes;
    if (!was_due && consumer.undrained_bytes >= due) drain_due.push_back(consumer.number);
  }
  /// Opens consumers' windows again if enough has been written.
  void report_drained();
  /// The client reads its replies too slowly to be given more.
  [[nodiscard]] bool is_output_full() const noexcept {
    return output.pending_bytes() > options.output_high_bytes + delivered_pending;
  }

  /// Registers the operation to wait for; whatever was batched goes to the broker first, so that
  /// nothing overtakes.
  Operation& begin(OperationKind kind, MethodId method, bool no_wait) {
    settles.flush();
    return operations.begin(kind, method, no_wait);
  }
  /// Ends a consumer without waiting; it leaves the directory when the broker has answered.
  void cancel_in_background(Consumer& consumer);
  /// The consumer of a cancel_in_background() answer, 0 for any other operation.
  [[nodiscard]] static ConsumerNumber background_consumer(broker::OperationNumber number) noexcept {
    return (number & background_bit) != 0 ? static_cast<ConsumerNumber>(number) : 0;
  }

  // First what a delivery touches: it is fetched ahead (broker/session_table.hpp).
  Transport& transport;
  const ConnectionOptions& options;
  Output output;
  ConsumerDirectory consumers;
  std::uint32_t frame_max = frame_bytes_min;
  bool writer_awake = false;
  std::uint64_t delivered_pending = 0;  ///< of the pending output, at most so much is deliveries
  std::vector<ConsumerNumber> drain_due;

  SettleBatch settles;
  broker::Caller caller;
  std::string vhost;
  ClientCapabilities client;
  Operations operations;
  std::vector<Channel*> confirms_due;  ///< channels with confirms to write
  std::vector<Unacked> taken;          ///< scratch of whoever settles
  std::optional<ShardId> wish;         ///< where to move as soon as nothing is outstanding
  bool may_move = true;                ///< false: it was tried for this method and could not be
  bool take_again = false;             ///< the frame being taken was not, because of the wish
  ShardId away{};                      ///< where the last publishes went, if not to an own queue
  std::uint32_t publishes_away = 0;
  std::uint32_t publishes_before_move = 64;

 private:
  static constexpr broker::OperationNumber background_bit = 1ULL << 63;
  /// Bodies from here on are sent from where they lie instead of being copied.
  static constexpr std::size_t slice_bytes_min = 4096;

  static std::string& scratch() {
    thread_local std::string text;
    return text;
  }
  void send_body(std::uint16_t channel, const MessageRef& message);
  void send_body_slices(char* heads, std::uint16_t channel, const MessageRef& message);

  broker::Broker* broker_;
};

/// Throws what the broker refused as the error that its reply code stands for: of the channel or
/// of the whole connection.
[[noreturn]] void throw_broker_error(const broker::BrokerError& error, MethodId about);

}  // namespace tern::amqp
