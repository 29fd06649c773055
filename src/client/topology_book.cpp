#include "client/topology_book.hpp"

#include <algorithm>

#include "client/convert.hpp"

namespace tern::client {
namespace {

using ternmq::binding;
using ternmq::exchange;
using ternmq::exchange_binding;
using ternmq::queue;

std::string encoded(const ternmq::table& table) {
  return encode_entries(to_field_table(table));
}

AdminPart::Step declare_exchange(const exchange& what) {
  return {.send =
              [what, arguments = encoded(what.arguments)](Channel& channel, OnReply done) {
                channel.call(amqp::ExchangeDeclare{.exchange = what.name,
                                                   .type = what.type,
                                                   .passive = what.passive,
                                                   .durable = what.durable,
                                                   .auto_delete = what.auto_delete,
                                                   .internal = what.internal,
                                                   .arguments = arguments},
                             std::move(done));
              },
          .on_reply = {}};
}

AdminPart::Step declare_queue(const queue& what, OnReply on_reply) {
  return {.send =
              [what, arguments = encoded(what.arguments)](Channel& channel, OnReply done) {
                channel.call(amqp::QueueDeclare{.queue = what.name,
                                                .passive = what.passive,
                                                .durable = what.durable,
                                                .exclusive = what.exclusive,
                                                .auto_delete = what.auto_delete,
                                                .arguments = arguments},
                             std::move(done));
              },
          .on_reply = std::move(on_reply)};
}

AdminPart::Step bind(const binding& what) {
  return {.send =
              [what, arguments = encoded(what.arguments)](Channel& channel, OnReply done) {
                channel.call(amqp::QueueBind{.queue = what.queue,
                                             .exchange = what.exchange,
                                             .routing_key = what.routing_key,
                                             .arguments = arguments},
                             std::move(done));
              },
          .on_reply = {}};
}

AdminPart::Step bind(const exchange_binding& what) {
  return {.send =
              [what, arguments = encoded(what.arguments)](Channel& channel, OnReply done) {
                channel.call(amqp::ExchangeBind{.destination = what.destination,
                                                .source = what.source,
                                                .routing_key = what.routing_key,
                                                .arguments = arguments},
                             std::move(done));
              },
          .on_reply = {}};
}

bool is_same(const binding& left, const binding& right) {
  return left.exchange == right.exchange && left.queue == right.queue &&
         left.routing_key == right.routing_key && left.arguments == right.arguments;
}

bool is_same(const exchange_binding& left, const exchange_binding& right) {
  return left.source == right.source && left.destination == right.destination &&
         left.routing_key == right.routing_key && left.arguments == right.arguments;
}

// Replaces the one that `matches`, or appends.
template <class T, class Matches>
void put(std::vector<T>& list, const T& what, Matches&& matches) {
  const auto found = std::find_if(list.begin(), list.end(), matches);
  if (found == list.end())
    list.push_back(what);
  else
    *found = what;
}

}  // namespace

std::vector<AdminPart::Step> declare_steps(
    const ternmq::topology& topology, std::function<void(std::size_t, const Reply&)> on_queue) {
  std::vector<AdminPart::Step> steps;
  for (const exchange& one : topology.exchanges) steps.push_back(declare_exchange(one));
  bool has_temporary = false;
  for (const bool named : {true, false})
    for (std::size_t index = 0; index < topology.queues.size(); ++index) {
      const queue& one = topology.queues[index];
      if (one.name.empty() == named) continue;
      steps.push_back(declare_queue(one, [on_queue, index](const Reply& reply) {
        if (on_queue) on_queue(index, reply);
      }));
      if (named || has_temporary) continue;
      has_temporary = true;
      for (const binding& its : topology.bindings)
        if (its.queue.empty()) steps.push_back(bind(its));
    }
  for (const binding& one : topology.bindings)
    if (!one.queue.empty() || !has_temporary) steps.push_back(bind(one));
  for (const exchange_binding& one : topology.exchange_bindings) steps.push_back(bind(one));
  return steps;
}

bool is_encodable(const ternmq::topology& topology) {
  const auto exchange_ok = [](const exchange& one) {
    return is_short(one.name) && is_short(one.type) && is_encodable(one.arguments);
  };
  const auto queue_ok = [](const queue& one) {
    return is_short(one.name) && is_encodable(one.arguments);
  };
  const auto binding_ok = [](const binding& one) {
    return is_short(one.exchange) && is_short(one.queue) && is_short(one.routing_key) &&
           is_encodable(one.arguments);
  };
  const auto exchange_binding_ok = [](const exchange_binding& one) {
    return is_short(one.source) && is_short(one.destination) && is_short(one.routing_key) &&
           is_encodable(one.arguments);
  };
  return std::ranges::all_of(topology.exchanges, exchange_ok) &&
         std::ranges::all_of(topology.queues, queue_ok) &&
         std::ranges::all_of(topology.bindings, binding_ok) &&
         std::ranges::all_of(topology.exchange_bindings, exchange_binding_ok);
}

void TopologyBook::note(const ternmq::topology& declared,
                        const std::vector<ternmq::queue_status>& queues) {
  for (const exchange& one : declared.exchanges)
    if (!one.passive)
      put(named_.exchanges, one, [&](const exchange& had) { return had.name == one.name; });
  bool has_temporary = false;
  for (std::size_t index = 0; index < declared.queues.size(); ++index) {
    const queue& one = declared.queues[index];
    if (one.passive) continue;
    if (!one.name.empty()) {
      put(named_.queues, one, [&](const queue& had) { return had.name == one.name; });
      continue;
    }
    Temporary temporary;
    temporary.of.add(one);
    if (index < queues.size()) temporary.name = queues[index].name;
    for (const binding& its : declared.bindings)
      if (its.queue.empty() && !has_temporary) temporary.of.bindings.push_back(its);
    has_temporary = true;
    temporary_.push_back(std::move(temporary));
  }
  for (const binding& one : declared.bindings)
    if (!one.queue.empty())
      put(named_.bindings, one, [&](const binding& had) { return is_same(had, one); });
  for (const exchange_binding& one : declared.exchange_bindings)
    put(named_.exchange_bindings, one,
        [&](const exchange_binding& had) { return is_same(had, one); });
}

void TopologyBook::forget_queue(std::string_view name) {
  std::erase_if(named_.queues, [name](const queue& one) { return one.name == name; });
  std::erase_if(named_.bindings, [name](const binding& one) { return one.queue == name; });
  std::erase_if(temporary_, [name](const Temporary& one) { return one.name == name; });
}

void TopologyBook::forget_exchange(std::string_view name) {
  std::erase_if(named_.exchanges, [name](const exchange& one) { return one.name == name; });
  const auto is_from = [name](const binding& one) { return one.exchange == name; };
  std::erase_if(named_.bindings, is_from);
  std::erase_if(named_.exchange_bindings, [name](const exchange_binding& one) {
    return one.source == name || one.destination == name;
  });
  for (Temporary& one : temporary_) std::erase_if(one.of.bindings, is_from);
}

void TopologyBook::forget_binding(const binding& what) {
  std::erase_if(named_.bindings, [&](const binding& one) { return is_same(one, what); });
  for (Temporary& one : temporary_) {
    if (one.name != what.queue) continue;
    binding own = what;
    own.queue.clear();
    std::erase_if(one.of.bindings, [&](const binding& had) { return is_same(had, own); });
  }
}

bool TopologyBook::empty() const noexcept {
  return temporary_.empty() && named_.exchanges.empty() && named_.queues.empty() &&
         named_.bindings.empty() && named_.exchange_bindings.empty();
}

void TopologyBook::rename(std::string_view from, std::string_view to) {
  for (binding& one : named_.bindings)
    if (one.queue == from) one.queue = to;
}

std::vector<AdminPart::Step> TopologyBook::recover_steps(const Rename& on_rename) {
  ternmq::topology first = named_;
  first.bindings.clear();
  auto steps = declare_steps(first);
  for (std::size_t index = 0; index < temporary_.size(); ++index) {
    const auto on_queue = [this, index, on_rename](std::size_t, const Reply& reply) {
      if (reply.error != nullptr || index >= temporary_.size()) return;
      const std::string from = std::exchange(temporary_[index].name, std::string(reply.name));
      rename(from, reply.name);
      on_rename(from, reply.name);
    };
    for (auto& step : declare_steps(temporary_[index].of, on_queue))
      steps.push_back(std::move(step));
  }
  return steps;
}

std::vector<AdminPart::Step> TopologyBook::recover_binding_steps() const {
  ternmq::topology last;
  last.bindings = named_.bindings;
  return declare_steps(last);
}

}  // namespace tern::client
