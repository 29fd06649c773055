// Channel: one AMQP channel as a machine. Methods come in as `on(...)`, what the broker says as
// deliver(), settled(), completed() and so on; answers go to the context's output. Faults are
// thrown (errors.hpp) and caught by the connection, which owns the channel.
//
// The code is split by subject: channel.cpp (life, acknowledging), channel_publish.cpp,
// channel_consume.cpp, channel_topology.cpp, channel_tx.cpp.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "amqp/confirms.hpp"
#include "amqp/content.hpp"
#include "amqp/prefetch_limit.hpp"
#include "amqp/session_context.hpp"
#include "amqp/unacked.hpp"

namespace tern::amqp {

class Channel {
 public:
  Channel(SessionContext& context, std::uint16_t number, ChannelInstance instance)
      : context_(context), number_(number), instance_(instance) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // --- from the client; channel.open and close are the connection's -----------------------------
  void on(const ChannelFlow& method);
  void on(const AccessRequest& method);
  void on(const ExchangeDeclare& method);
  void on(const ExchangeDelete& method);
  void on(const ExchangeBind& method);
  void on(const ExchangeUnbind& method);
  void on(const QueueDeclare& method);
  void on(const QueueBind& method);
  void on(const QueueUnbind& method);
  void on(const QueuePurge& method);
  void on(const QueueDelete& method);
  void on(const BasicQos& method);
  void on(const BasicConsume& method);
  void on(const BasicCancel& method);
  void on(const BasicGet& method);
  void on(const BasicPublish& method);
  void on(const BasicAck& method);
  void on(const BasicNack& method);
  void on(const BasicReject& method);
  void on(const BasicRecover& method);
  void on(const BasicRecoverAsync& method);
  void on(const ConfirmSelect& method);
  void on(const TxSelect& method);
  void on(const TxCommit& method);
  void on(const TxRollback& method);
  void on_header(Bytes payload, SlabLease& lease);
  void on_body(Bytes payload, SlabLease& lease);
  /// Throws if a content frame is due and not a method.
  void expect_method() const;
  /// The input buffer goes away.
  void keep_content() { content_.keep(); }

  // --- from the broker --------------------------------------------------------------------------
  void deliver(Consumer& consumer, queue::Delivery&& delivery);
  void settled(std::uint64_t sequence, queue::PublishOutcome outcome);
  void completed(const Operation& operation, broker::OperationResult&& result);
  void consumer_cancelled(Consumer& consumer);
  void permits_wanted(ConsumerNumber consumer, std::uint32_t count);
  void permits_returned(ConsumerNumber consumer, std::uint32_t count);

  /// Writes the confirms that are due.
  void write_confirms();
  /// Whether another shard's queues hold something of this channel: consumers, deliveries or a
  /// transaction. Then its connection stays.
  [[nodiscard]] bool is_tied() const noexcept {
    return mode_ == Mode::transactional || !consumers_.empty() || unacked_.size() != 0;
  }
  /// Whether publishes wait for their confirms.
  [[nodiscard]] bool has_unconfirmed() const noexcept { return confirms_.size() != 0; }
  /// The connection lives on another shard now: routes are another replica's.
  void moved() { route_cache_ = {}; }
  /// Ends consumers, gives unacknowledged messages back. Only destruction may follow.
  void release();

  [[nodiscard]] std::uint16_t number() const noexcept { return number_; }
  [[nodiscard]] ChannelInstance instance() const noexcept { return instance_; }

 private:
  enum class Mode : std::uint8_t { plain, confirm, transactional };
  struct TransactionSettle {
    Unacked entry;
    queue::Settlement settlement{};
  };
  /// What a transaction holds beside the broker's part.
  struct TransactionBook {
    std::vector<broker::Transaction::Publish> publishes;
    std::vector<TransactionSettle> settles;
    std::vector<std::pair<MessageRef, bool>> unrouted;  ///< and whether it is mandatory
  };

  template <class Method>
  void send(const Method& method) {
    context_.send(number_, method);
  }
  /// The connection waits for this operation from now on.
  broker::OperationNumber begin(OperationKind kind, MethodId method, bool no_wait);
  [[nodiscard]] std::string expand_queue(std::string_view name, MethodId method) const;
  /// Answers the operations that change or ask the topology.
  void complete_topology(const Operation& operation, broker::OperationResult&& result);
  struct Declared {
    std::string name;
    std::uint64_t ready = 0;
    std::uint64_t consumers = 0;
  };
  void complete_declare(Declared declared, bool no_wait);
  void complete_reply(const Operation& operation, bool found);
  void complete_consume(const Operation& operation, broker::OperationResult&& result);
  void complete_cancel(const Operation& operation);
  void complete_get(const Operation& operation, broker::OperationResult&& result);
  void complete_commit();

  void check_properties(const PropertiesView& properties) const;
  void publish(SlabLease& lease);
  void publish_unrouted(const MessageRef& message, bool mandatory);
  void publish_reply(const broker::ReplyAddress& address, const MessageRef& message,
                     bool mandatory);
  void return_message(const MessageRef& message);
  void confirm_now();
  void note_confirms();

  void consume_replies(std::string_view tag, const BasicConsume& method);
  void forget_consumer(Consumer& consumer);
  void set_channel_limit(std::uint32_t limit);
  void grant_permits();

  void settle(std::uint64_t tag, bool multiple, queue::Settlement settlement, MethodId method);
  void hand_back(const std::vector<Unacked>& entries, queue::Settlement settlement);
  void recover(bool requeue, MethodId method);

  SessionContext& context_;
  const std::uint16_t number_;
  const ChannelInstance instance_;
  Mode mode_ = Mode::plain;
  bool confirms_noted_ = false;  // in context_.confirms_due
  std::uint16_t prefetch_ = 0;   // of consumers begun from now on
  std::uint64_t last_delivery_tag_ = 0;
  Consumer* reply_consumer_ = nullptr;
  std::string last_queue_;
  ContentAssembler content_;
  broker::RouteCache route_cache_;
  ConfirmBook confirms_;
  UnackedBook unacked_;
  PrefetchLimit limit_;
  std::map<std::string, Consumer*, std::less<>> consumers_;  // by tag
  std::unique_ptr<TransactionBook> transaction_;             // in transactional mode
};

}  // namespace tern::amqp
