// What users ask of a connection besides opening it: topology, and new publishers, consumers and
// RPC clients.
#include "client/convert.hpp"
#include "client/machine.hpp"

namespace tern::client {

void Machine::declare(OperationPtr<std::vector<ternmq::queue_status>> op, ternmq::topology&& what) {
  using Statuses = std::vector<ternmq::queue_status>;
  if (phase_ == Phase::closed || is_closing_)
    return hub_.operations.fail(*op.release(), error_of(errc::connection_closed));
  if (!is_encodable(what))
    return hub_.operations.fail(*op.release(), error_of(errc::invalid_argument));
  const std::uint64_t key = ask(std::move(op));
  const auto declared = std::make_shared<const ternmq::topology>(std::move(what));
  const auto queues = std::make_shared<Statuses>(declared->queues.size());
  const auto on_queue = [queues](std::size_t index, const Reply& reply) {
    if (reply.error == nullptr)
      (*queues)[index] = {std::string(reply.name), reply.messages, reply.consumers};
  };
  admin_.run({.steps = declare_steps(*declared, on_queue),
              .on_done = [this, key, declared, queues](const error_info* error) {
                if (error == nullptr) topology_.note(*declared, *queues);
                auto* waiting = claim<Statuses>(key);
                if (waiting == nullptr) return;
                if (error != nullptr) return hub_.operations.fail(*waiting, *error);
                hub_.operations.complete(waiting, std::move(*queues));
              }});
}

template <class... Result, class Send, class MakeResult>
void Machine::request(OperationPtr<Result...> op, Send send, MakeResult make_result) {
  if (phase_ == Phase::closed || is_closing_)
    return hub_.operations.fail(*op.release(), error_of(errc::connection_closed));
  const std::uint64_t key = ask(std::move(op));
  const auto answer = [this, key, make_result](const Reply& reply) {
    if (reply.error != nullptr) return;
    std::tuple<Result...> made = make_result(reply);
    if (auto* waiting = claim<Result...>(key))
      std::apply([&](auto&&... one) { hub_.operations.complete(waiting, std::move(one)...); },
                 made);
  };
  std::vector<AdminPart::Step> steps;
  steps.push_back({.send = std::move(send), .on_reply = answer});
  admin_.run({.steps = std::move(steps), .on_done = [this, key](const error_info* error) {
                if (error == nullptr) return;
                if (auto* waiting = claim<Result...>(key)) hub_.operations.fail(*waiting, *error);
              }});
}

void Machine::inspect(OperationPtr<ternmq::queue_status> op, std::string&& queue) {
  if (!is_short(queue))
    return hub_.operations.fail(*op.release(), error_of(errc::invalid_argument));
  request(
      std::move(op),
      [queue](Channel& channel, OnReply done) {
        channel.call(amqp::QueueDeclare{.queue = queue, .passive = true}, std::move(done));
      },
      [](const Reply& reply) {
        return std::tuple(
            ternmq::queue_status{std::string(reply.name), reply.messages, reply.consumers});
      });
}

void Machine::purge(OperationPtr<std::uint32_t> op, std::string&& queue) {
  if (!is_short(queue))
    return hub_.operations.fail(*op.release(), error_of(errc::invalid_argument));
  request(
      std::move(op),
      [queue](Channel& channel, OnReply done) {
        channel.call(amqp::QueuePurge{.queue = queue}, std::move(done));
      },
      [](const Reply& reply) { return std::tuple(reply.messages); });
}

void Machine::delete_queue(OperationPtr<std::uint32_t> op, std::string&& queue) {
  if (!is_short(queue))
    return hub_.operations.fail(*op.release(), error_of(errc::invalid_argument));
  request(
      std::move(op),
      [queue](Channel& channel, OnReply done) {
        channel.call(amqp::QueueDelete{.queue = queue}, std::move(done));
      },
      [this, queue](const Reply& reply) {
        topology_.forget_queue(queue);
        return std::tuple(reply.messages);
      });
}

void Machine::delete_exchange(OperationPtr<> op, std::string&& exchange) {
  if (!is_short(exchange))
    return hub_.operations.fail(*op.release(), error_of(errc::invalid_argument));
  request(
      std::move(op),
      [exchange](Channel& channel, OnReply done) {
        channel.call(amqp::ExchangeDelete{.exchange = exchange}, std::move(done));
      },
      [this, exchange](const Reply&) {
        topology_.forget_exchange(exchange);
        return std::tuple<>();
      });
}

void Machine::unbind(OperationPtr<> op, ternmq::binding&& what) {
  ternmq::topology as_topology;
  as_topology.bindings.push_back(what);
  if (!is_encodable(as_topology))
    return hub_.operations.fail(*op.release(), error_of(errc::invalid_argument));
  request(
      std::move(op),
      [what, arguments = encode_entries(to_field_table(what.arguments))](Channel& channel,
                                                                         OnReply done) {
        channel.call(amqp::QueueUnbind{.queue = what.queue,
                                       .exchange = what.exchange,
                                       .routing_key = what.routing_key,
                                       .arguments = arguments},
                     std::move(done));
      },
      [this, what](const Reply&) {
        topology_.forget_binding(what);
        return std::tuple<>();
      });
}

PublisherPart& Machine::add_publisher(ternmq::publisher_options options) {
  auto part = std::make_unique<PublisherPart>(hub_, std::move(options));
  PublisherPart& added = *part;
  parts_.push_back(std::move(part));
  return added;
}

ConsumerPart& Machine::add_consumer(std::string queue, ternmq::consumer_options options) {
  auto part = std::make_unique<ConsumerPart>(hub_, std::move(queue), std::move(options));
  ConsumerPart& added = *part;
  parts_.push_back(std::move(part));
  consumers_.push_back(&added);
  return added;
}

RpcPart& Machine::add_rpc() {
  auto part = std::make_unique<RpcPart>(hub_);
  RpcPart& added = *part;
  parts_.push_back(std::move(part));
  return added;
}

void Machine::begin(Part& part) {
  if (phase_ == Phase::closed || is_closing_)
    part.stop(error_of(errc::connection_closed));
  else if (are_parts_started_)
    part.connected();
}

}  // namespace tern::client
