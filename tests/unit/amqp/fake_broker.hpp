// A broker that is just enough for sessions to be tested against: named queues without messages of
// their own. It notes what it is asked as lines of text and answers operations when run() is
// called, never from inside a call, as the real one does.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "broker/broker.hpp"

namespace tern::amqp::testing {

inline const char* to_text(queue::Settlement settlement) {
  switch (settlement) {
    case queue::Settlement::acked:
      return "acked";
    case queue::Settlement::requeued:
      return "requeued";
    case queue::Settlement::abandoned:
      return "abandoned";
    case queue::Settlement::undelivered:
      return "undelivered";
    case queue::Settlement::dropped:
      break;
  }
  return "dropped";
}

class FakeBroker final : public broker::Broker {
 public:
  using Result = broker::OperationResult;

  std::vector<std::string> calls;  ///< since the last take_calls()
  int channels = 0;                ///< open ones
  int channels_max = 1000;
  std::map<std::string, broker::QueueAddress> queues;
  std::vector<MessageRef> published;
  std::vector<PublisherToken> tokens;  ///< of published
  std::map<std::string, std::vector<MessageRef>> gettable;
  std::optional<broker::BrokerError> fail_next;  ///< the next operation
  std::vector<broker::ReplyAddress> replies;
  bool settle_at_once = false;                      ///< publishes are confirmed inside enqueue()
  broker::Outlook outlook = broker::Outlook::open;  ///< of what is declared and bound
  bool can_move = true;
  bool has_vhost = true;
  ShardId shard{};  ///< whose broker it is
  broker::Session* session = nullptr;
  ConsumerId last_consumer;
  queue::ConsumerSpec last_spec;
  FieldTable last_arguments;  ///< of consume

  std::vector<std::string> take_calls() { return std::exchange(calls, {}); }
  broker::QueueAddress& add_queue(const std::string& name) {
    const auto id = QueueId{static_cast<std::uint32_t>(queues.size() + 1)};
    return queues[name] = {id, ShardId{0}};
  }
  /// Answers what was asked so far.
  void run() {
    auto due = std::exchange(answers_, {});
    for (auto& answer : due)
      if (session != nullptr) session->completed(std::move(answer));
  }
  /// Answers what was asked last.
  void run_last() {
    Result answer = std::move(answers_.back());
    answers_.pop_back();
    session->completed(std::move(answer));
  }
  [[nodiscard]] std::size_t waiting() const { return answers_.size(); }

  [[nodiscard]] ShardId home_of(const broker::Caller&, std::string_view queue) const override {
    const auto found = queues.find(std::string(queue));
    return found == queues.end() ? ShardId{0} : found->second.shard;
  }
  [[nodiscard]] bool may_move(const SessionId&) const override { return can_move; }
  broker::Standing move_out(const SessionId& id) override {
    detach(id);
    return {user_.name, 1, static_cast<std::uint32_t>(std::exchange(channels, 0))};
  }
  broker::Caller move_in(broker::Session& moved, const broker::Standing& standing) override {
    channels = static_cast<int>(standing.channels);
    return {attach(moved), &user_, standing.vhost};
  }
  std::optional<broker::BrokerError> check_home(const SessionId&, std::string_view) const override {
    if (has_vhost) return std::nullopt;
    return broker::BrokerError{broker::ErrorKind::not_allowed, "gone"};
  }
  SessionId attach(broker::Session& attached) override {
    session = &attached;
    return {shard, 7};
  }
  void detach(const SessionId&) override {
    calls.push_back("detach");
    session = nullptr;
  }
  broker::Outcome<const broker::User*> authenticate(std::string_view name,
                                                    std::string_view password, bool) override {
    if (name == "guest" && password == "guest") return &user_;
    return broker::BrokerError{broker::ErrorKind::access_refused, "wrong"};
  }
  broker::Outcome<std::uint32_t> open_vhost(const SessionId&, const broker::User&,
                                            std::string_view name) override {
    if (name == "/") return 1U;
    return broker::BrokerError{broker::ErrorKind::not_allowed,
                               "vhost " + std::string(name) + " not found"};
  }

  std::optional<broker::BrokerError> open_channel(const SessionId&) override {
    if (channels == channels_max)
      return broker::BrokerError{broker::ErrorKind::not_allowed, "too many channels"};
    ++channels;
    return std::nullopt;
  }
  void close_channel(const SessionId&) override { --channels; }

  void declare_exchange(const broker::Caller&, broker::ExchangeSpec spec,
                        broker::OperationNumber n) override {
    note("declare_exchange " + spec.name + " " + spec.type);
    answer(n, {});
  }
  void find_exchange(const broker::Caller&, std::string_view name,
                     broker::OperationNumber n) override {
    note("find_exchange " + std::string(name));
    answer(n, {});
  }
  void delete_exchange(const broker::Caller&, std::string_view name, bool,
                       broker::OperationNumber n) override {
    note("delete_exchange " + std::string(name));
    answer(n, {});
  }
  broker::Outlook declare_queue(const broker::Caller&, broker::QueueSpec spec,
                                broker::OperationNumber n) override {
    const std::string name = spec.name.empty() ? "amq.gen-made" : spec.name;
    note("declare_queue " + name);
    add_queue(name);
    Result result;
    result.name = name;
    answer(n, std::move(result));
    return outlook;
  }
  void find_queue(const broker::Caller&, std::string_view name,
                  broker::OperationNumber n) override {
    note("find_queue " + std::string(name));
    with_queue(name, n, [](Result& result) { result.count = 3; });
  }
  void delete_queue(const broker::Caller&, std::string_view name, bool, bool,
                    broker::OperationNumber n) override {
    note("delete_queue " + std::string(name));
    answer(n, {});
  }
  broker::Outlook bind(const broker::Caller&, broker::BindingSpec spec,
                       broker::OperationNumber n) override {
    note("bind " + spec.source + " " + spec.destination + " " + spec.routing_key);
    answer(n, {});
    return outlook;
  }
  void unbind(const broker::Caller&, broker::BindingSpec spec, broker::OperationNumber n) override {
    note("unbind " + spec.source + " " + spec.destination + " " + spec.routing_key);
    answer(n, {});
  }

  broker::Outcome<std::span<const broker::QueueAddress>> route(const broker::Caller&,
                                                               MessageRef& message, Bytes,
                                                               broker::RouteCache& cache) override {
    cache.targets.clear();
    if (message->exchange() == "missing")
      return broker::BrokerError{broker::ErrorKind::not_found,
                                 "no exchange 'missing' in vhost '/'"};
    if (message->exchange() == "all")
      for (const auto& [name, address] : queues) cache.targets.push_back(address);
    const auto found = queues.find(std::string(message->routing_key()));
    if (message->exchange().empty() && found != queues.end())
      cache.targets.push_back(found->second);
    return std::span<const broker::QueueAddress>(cache.targets);
  }
  void enqueue(std::span<const broker::QueueAddress> targets, MessageRef message,
               const PublisherToken& token) override {
    note("enqueue " + std::to_string(targets.size()) + " " + std::string(message->body()));
    published.push_back(std::move(message));
    tokens.push_back(token);
    if (!settle_at_once || token.sequence == 0) return;
    for (std::size_t i = 0; i < targets.size(); ++i)
      session->publish_settled(token.channel, token.sequence, queue::PublishOutcome::accepted);
  }
  void commit(const broker::Caller&, broker::Transaction&& transaction,
              broker::OperationNumber n) override {
    std::string line = "commit";
    for (const auto& publish : transaction.publishes)
      line += " +" + std::string(publish.message->body());
    for (const auto& one : transaction.settles)
      line += " " + settle_text(one.consumer, one.positions, one.settlement);
    note(line);
    answer(n, {});
  }

  void consume(const broker::Caller&, std::string_view name, const queue::ConsumerSpec& spec,
               const FieldTable& arguments, broker::OperationNumber n) override {
    last_arguments = arguments;
    note("consume " + std::string(name) + " " + std::to_string(spec.id.number));
    last_consumer = spec.id;
    last_spec = spec;
    with_queue(name, n, [](Result&) {});
  }
  void cancel(const broker::QueueAddress&, const ConsumerId& id,
              broker::OperationNumber n) override {
    note("cancel " + std::to_string(id.number));
    answer(n, {});
  }
  void get(const broker::Caller&, std::string_view name, bool auto_ack,
           broker::OperationNumber n) override {
    note("get " + std::string(name));
    with_queue(name, n, [&](Result& result) {
      auto& messages = gettable[std::string(name)];
      if (messages.empty()) return;
      result.delivery.message = messages.front();
      result.delivery.position = 1;
      result.delivery.auto_ack = auto_ack;
      messages.erase(messages.begin());
      result.count = messages.size();
    });
  }
  void purge(const broker::Caller&, std::string_view name, broker::OperationNumber n) override {
    note("purge " + std::string(name));
    with_queue(name, n, [](Result& result) { result.count = 5; });
  }
  void settle(const broker::QueueAddress&, const ConsumerId& id,
              std::span<const Position> positions, queue::Settlement settlement) override {
    note("settle " + settle_text(id, positions, settlement));
  }
  void drained(const broker::QueueAddress&, const ConsumerId& id, std::uint64_t bytes) override {
    note("drained " + std::to_string(id.number) + " " + std::to_string(bytes));
  }
  void permit(const broker::QueueAddress&, const ConsumerId& id, std::uint32_t count) override {
    note("permit " + std::to_string(id.number) + " " + std::to_string(count));
  }
  void set_gated(const broker::QueueAddress&, const ConsumerId& id, bool gated) override {
    note("gated " + std::to_string(id.number) + (gated ? " yes" : " no"));
  }
  void reply(const broker::ReplyAddress& address, const MessageRef& message,
             broker::OperationNumber n, const SessionId&) override {
    replies.push_back(address);
    const bool found = session->expects_reply(address);
    note("reply " + std::string(message->body()));
    if (found) {
      queue::Delivery delivery;
      delivery.message = message;
      delivery.consumer = address.consumer;
      delivery.auto_ack = true;
      session->deliver({address.session, address.consumer}, std::move(delivery));
    }
    Result result;
    result.found = found;
    answer(n, std::move(result));
  }
  void find_reply(const broker::ReplyAddress& address, broker::OperationNumber n,
                  const SessionId&) override {
    Result result;
    result.found = session->expects_reply(address);
    answer(n, std::move(result));
  }

 private:
  void note(std::string line) { calls.push_back(std::move(line)); }
  void answer(broker::OperationNumber number, Result result) {
    if (number == 0) return;
    result.operation = number;
    if (fail_next) {
      result.failed = true;
      result.error = *std::exchange(fail_next, std::nullopt);
    }
    answers_.push_back(std::move(result));
  }
  template <class Fill>
  void with_queue(std::string_view name, broker::OperationNumber number, Fill fill) {
    Result result;
    const auto found = queues.find(std::string(name));
    if (found == queues.end()) {
      result.failed = true;
      result.error = {broker::ErrorKind::not_found,
                      "no queue '" + std::string(name) + "' in vhost '/'"};
    } else {
      result.queue = found->second;
      fill(result);
    }
    answer(number, std::move(result));
  }
  static std::string settle_text(const ConsumerId& id, std::span<const Position> positions,
                                 queue::Settlement settlement) {
    std::string text = std::to_string(id.number) + ":";
    for (const Position position : positions) text += std::to_string(position) + ",";
    return text + to_text(settlement);
  }

  broker::User user_{"guest", {"administrator"}};
  std::vector<Result> answers_;
};

}  // namespace tern::amqp::testing
