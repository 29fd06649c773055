// TestClient: a session that writes down everything it is told, and says the broker's commands in
// short words. It keeps a session's side of the contract: what reaches a consumer that it no longer
// has, it gives back. Made by TestNode; one thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "broker/broker.hpp"

namespace tern::test {

/// Shapes of queues.
[[nodiscard]] broker::QueueSpec durable_queue(FieldTable arguments = {});
[[nodiscard]] broker::QueueSpec automatic_queue();  ///< auto-delete
[[nodiscard]] broker::QueueSpec exclusive_queue();
[[nodiscard]] broker::ExchangeSpec durable_exchange();
[[nodiscard]] broker::ExchangeSpec automatic_exchange();

/// A message of exchange, key and body.
struct Post {
  std::string exchange;
  std::string key;
  std::string body;
  bool persistent = true;
  FieldTable headers = {};
  std::uint8_t priority = 0;
  std::optional<std::uint32_t> expiration_ms = {};
  std::string message_id = {};
};
[[nodiscard]] MessageRef make_message(const Post& post);
/// The encoded entries of a message's headers, as a session hands them to Broker::route.
[[nodiscard]] Bytes headers_of(const Message& message);

class TestClient final : public broker::Session {
 public:
  struct Received {
    ConsumerNumber consumer = 0;
    queue::Delivery delivery;
    std::string body;
  };
  struct Settled {
    std::uint64_t sequence = 0;
    queue::PublishOutcome outcome{};
  };

  /// `touched` is called after each command: the shard wants a turn.
  TestClient(broker::Broker& broker, std::uint32_t shards, std::function<void()> touched);

  // --- commands; the numbers of operations are their results -------------------------------------
  broker::OperationNumber declare(const std::string& name, broker::QueueSpec spec = {});
  broker::OperationNumber declare_exchange(const std::string& name, const std::string& type,
                                           broker::ExchangeSpec spec = {});
  broker::OperationNumber bind(const std::string& source, const std::string& queue,
                               const std::string& key, FieldTable arguments = {});
  broker::OperationNumber remove(const std::string& name, bool if_unused = false,
                                 bool if_empty = false);
  broker::OperationNumber find(const std::string& name);
  broker::OperationNumber get(const std::string& name, bool auto_ack = false);
  broker::OperationNumber purge(const std::string& name);
  broker::OperationNumber commit(broker::Transaction&& transaction);
  /// Consumes as consumer `spec.id.number` (the next one if 0).
  broker::OperationNumber consume(const std::string& name, queue::ConsumerSpec spec = {},
                                  const FieldTable& arguments = {});
  broker::OperationNumber cancel(ConsumerNumber consumer);

  /// Routes and enqueues with the next sequence; the number of queues, or nothing if refused.
  std::optional<std::size_t> publish(const Post& post);
  /// Routes for a transaction.
  [[nodiscard]] broker::Transaction::Publish routed(const Post& post);
  /// Settles a message that was received.
  void settle(const Received& one, queue::Settlement settlement = queue::Settlement::acked);
  /// A message was settled by other means (a transaction).
  void forget(const Received& one);
  void permit(ConsumerNumber consumer, std::uint32_t count);
  void drained(ConsumerNumber consumer, std::uint64_t bytes);
  /// Leaves as a connection does whose peer has vanished: gives back, cancels, detaches.
  void leave();

  // --- what it was told
  // ---------------------------------------------------------------------------
  /// The end of an operation that must have ended; taken out.
  [[nodiscard]] broker::OperationResult result(broker::OperationNumber operation);
  [[nodiscard]] bool has_result(broker::OperationNumber operation) const {
    return results.contains(operation);
  }
  /// "1:a 2:b*": consumer, body, * for redelivered; of everything received since the last call.
  [[nodiscard]] std::string taken();
  [[nodiscard]] broker::QueueAddress address_of(QueueId queue) const;

  std::vector<Received> received;   ///< deliveries in order
  std::vector<Settled> settled;     ///< confirms in order of arrival
  std::vector<std::string> events;  ///< "done 3", "deliver 1 body", "cancelled 1", in order
  std::map<broker::OperationNumber, broker::OperationResult> results;
  std::map<ConsumerNumber, broker::QueueAddress> consumers;  ///< the running ones
  std::uint32_t wanted = 0;                                  ///< permits asked for
  std::uint32_t returned = 0;                                ///< permits that came back
  bool is_held = false;
  bool is_gone = false;
  std::string shut_down_reason;
  std::uint64_t reply_key = 0;  ///< answers expects_reply; 0: nothing is expected
  std::uint64_t sequence = 0;   ///< of the last publish
  broker::Caller caller;

  // --- Session
  // ------------------------------------------------------------------------------------
  void deliver(const ConsumerId& consumer, queue::Delivery&& delivery) override;
  void publish_settled(ChannelInstance channel, std::uint64_t of,
                       queue::PublishOutcome outcome) override;
  void completed(broker::OperationResult&& result) override;
  void consumer_cancelled(ConsumerNumber consumer) override;
  void consumer_timed_out(ConsumerNumber consumer, Millis timeout) override;
  void permits_wanted(ConsumerNumber consumer, std::uint32_t count) override;
  void permits_returned(ConsumerNumber consumer, std::uint32_t count) override;
  [[nodiscard]] bool expects_reply(const broker::ReplyAddress& address) const override;
  void hold_publishing(bool held) override;
  void shut_down(const std::string& reason) override { shut_down_reason = reason; }

 private:
  broker::OperationNumber begun();
  [[nodiscard]] bool is_new(ConsumerNumber consumer) const;

  broker::Broker& broker_;
  std::uint32_t shards_;
  std::function<void()> touched_;
  broker::RouteCache cache_;
  broker::OperationNumber last_operation_ = 0;
  ConsumerNumber last_consumer_ = 0;
  std::map<broker::OperationNumber, ConsumerNumber> consuming_;  ///< not answered yet
  std::map<broker::OperationNumber, ConsumerNumber> cancelling_;
  std::map<std::pair<std::uint32_t, Position>, ConsumerNumber> unacked_;
  std::size_t taken_ = 0;
};

}  // namespace tern::test
