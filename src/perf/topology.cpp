#include "perf/topology.hpp"

#include <fmt/format.h>

#include <optional>

#include "perf/clock.hpp"
#include "perf/pipeline.hpp"

namespace tern::perf {
namespace {

FieldTable queue_binding(unsigned queue) {
  FieldTable table;
  table.add("x-match", FieldValue{"all"});
  table.add("q", FieldValue{static_cast<std::int64_t>(queue)});
  table.add("region", FieldValue{"eu"});
  return table;
}

// A pattern that no message's key matches; four shapes, so that an index over one of them alone
// does not help.
std::string other_pattern(std::uint64_t number) {
  switch (number % 4) {
    case 0:
      return fmt::format("bench.x{}.#", number);
    case 1:
      return fmt::format("bench.*.eu.n{}", number);
    case 2:
      return fmt::format("*.q0.y{}.*", number);
    default:
      return fmt::format("#.z{}", number);
  }
}

// Deletes things, most of which are usually not there. Some brokers close the channel for that:
// then they are deleted one after the other, on a new connection whenever the last one was closed.
class Cleaner {
 public:
  explicit Cleaner(const Target& target) : target_(target) {}
  ~Cleaner() {
    if (connection_) connection_->close();
  }

  /// `make(number)` is the deletion of one of `count` things.
  template <class Reply, class Make>
  void remove(unsigned count, Make&& make) {
    const auto put = [&](std::uint64_t number) {
      make(*connection_, static_cast<unsigned>(number));
    };
    const auto attempt = [&](unsigned how_many, auto&& put_one) {
      if (!connection_) connection_.emplace(target_);
      try {
        ask_all<Reply>(*connection_, how_many, put_one);
        return true;
      } catch (const Failure&) {
        connection_.reset();
        return false;
      }
    };
    if (attempt(count, put)) return;
    for (unsigned number = 0; number < count; ++number)
      attempt(1, [&](std::uint64_t) { put(number); });
  }

 private:
  const Target& target_;
  std::optional<Connection> connection_;
};

}  // namespace

FieldTable matching_headers(unsigned queue) {
  FieldTable table;
  table.add("region", FieldValue{"eu"});
  table.add("q", FieldValue{static_cast<std::int64_t>(queue)});
  table.add("kind", FieldValue{"order"});
  return table;
}

amqp::QueueDeclare make_declare(const Options& options, const std::string& name,
                                const std::string& arguments) {
  amqp::QueueDeclare declare;
  declare.queue = name;
  declare.durable = options.durable;
  declare.arguments = arguments;
  return declare;
}

std::string Topology::queue(unsigned number) const {
  return fmt::format("{}-{}", options_.name, number);
}

std::string Topology::side_queue() const {
  return options_.name + "-side";
}

std::string Topology::exchange() const {
  if (options_.exchange == "default") return "";
  return fmt::format("{}.{}", options_.name, options_.exchange);
}

std::string Topology::routing_key(unsigned number) const {
  if (options_.exchange == "topic") return fmt::format("bench.q{}.eu.order", number);
  return queue(number);
}

void Topology::set_up() {
  remove();
  Connection connection(options_.target);
  const std::string arguments = encode_entries(options_.queue_arguments);
  ask_all<amqp::QueueDeclareOk>(connection, options_.queues, [&](std::uint64_t number) {
    const std::string name = queue(static_cast<unsigned>(number));
    connection.put(make_declare(options_, name, arguments));
  });
  if (options_.exchange != "default") {
    amqp::ExchangeDeclare declare;
    const std::string name = exchange();
    declare.exchange = name;
    declare.type = options_.exchange;
    declare.durable = options_.durable;
    connection.ask<amqp::ExchangeDeclareOk>(declare);
    bind_queues(connection);
    bind_others(connection);
  }
  connection.close();
}

void Topology::bind_queues(Connection& connection) {
  const std::string from = exchange();
  ask_all<amqp::QueueBindOk>(connection, options_.queues, [&](std::uint64_t number) {
    const auto index = static_cast<unsigned>(number);
    const std::string to = queue(index);
    const std::string key =
        options_.exchange == "topic" ? fmt::format("bench.q{}.#", index) : routing_key(index);
    const std::string arguments =
        options_.exchange == "headers" ? encode_entries(queue_binding(index)) : "";
    connection.put(amqp::QueueBind{0, to, from, key, false, arguments});
  });
}

void Topology::bind_others(Connection& connection) {
  if (options_.bindings == 0) return;
  const std::string side = side_queue(), from = exchange();
  connection.ask<amqp::QueueDeclareOk>(make_declare(options_, side, ""));
  const Nanos started = now_nanos();
  ask_all<amqp::QueueBindOk>(connection, options_.bindings, [&](std::uint64_t number) {
    std::string key = fmt::format("nomatch.{}", number), arguments;
    if (options_.exchange == "topic") key = other_pattern(number);
    // The same shape as a binding that matches, with a number that no queue has.
    if (options_.exchange == "headers")
      arguments =
          encode_entries(queue_binding(options_.queues + 100000 + static_cast<unsigned>(number)));
    connection.put(amqp::QueueBind{0, side, from, key, false, arguments});
  });
  binding_rate_ = static_cast<double>(options_.bindings) / seconds_between(started, now_nanos());
}

void Topology::remove() {
  Cleaner cleaner(options_.target);
  cleaner.remove<amqp::QueueDeleteOk>(options_.queues,
                                      [&](Connection& connection, unsigned number) {
                                        const std::string name = queue(number);
                                        connection.put(amqp::QueueDelete{0, name});
                                      });
  if (options_.exchange == "default") return;
  const std::string side = side_queue(), name = exchange();
  cleaner.remove<amqp::QueueDeleteOk>(1, [&](Connection& connection, unsigned) {
    connection.put(amqp::QueueDelete{0, side});
  });
  cleaner.remove<amqp::ExchangeDeleteOk>(1, [&](Connection& connection, unsigned) {
    connection.put(amqp::ExchangeDelete{0, name});
  });
}

std::uint64_t Topology::depth() const {
  Connection connection(options_.target);
  std::uint64_t depth = 0;
  for (unsigned number = 0; number < options_.queues; ++number) {
    const std::string name = queue(number);
    amqp::QueueDeclare declare;
    declare.queue = name;
    declare.passive = true;
    depth += connection.ask<amqp::QueueDeclareOk>(declare).message_count;
  }
  connection.close();
  return depth;
}

}  // namespace tern::perf
