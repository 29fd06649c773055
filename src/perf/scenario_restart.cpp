// For a broker that is just being started: when does it accept, speak, have its queue with --count
// messages, and deliver one? Times count from the start of this program, so it is started with or
// before the broker.
#include <unistd.h>

#include <thread>

#include "amqp/methods_basic.hpp"
#include "perf/figures.hpp"
#include "perf/interrupt.hpp"
#include "perf/scenarios.hpp"

namespace tern::perf {
namespace {

struct Milestones {
  Nanos accepted = 0;
  Nanos logged_in = 0;
  Nanos queue_ready = 0;
  Nanos delivered = 0;
  std::uint64_t depth = 0;
};

bool get_one(Connection& connection, const std::string& queue) {
  amqp::BasicConsume consume;
  consume.queue = queue;
  connection.ask<amqp::BasicQosOk>(amqp::BasicQos{0, 1, false});
  connection.ask<amqp::BasicConsumeOk>(consume);
  connection.wait_for<amqp::BasicDeliver>();
  return true;
}

// Goes on where the last attempt has stopped; throws Failure while the broker is not there.
void attempt(const Options& options, Milestones& reached) {
  if (reached.accepted == 0) {
    ::close(dial(options.target));
    reached.accepted = now_nanos();
  }
  Connection connection(options.target);
  if (reached.logged_in == 0) reached.logged_in = now_nanos();
  const std::string name = Topology(options).queue(0);
  amqp::QueueDeclare declare;
  declare.queue = name;
  declare.passive = true;
  reached.depth = connection.ask<amqp::QueueDeclareOk>(declare).message_count;
  if (reached.depth < options.count) return;
  if (reached.queue_ready == 0) reached.queue_ready = now_nanos();
  // What is delivered goes back with the connection.
  if (reached.depth == 0 || get_one(connection, name)) reached.delivered = now_nanos();
}

}  // namespace

void run_restart(const Options& options, Progress&, Report& report) {
  const Nanos started = now_nanos(), end = started + to_nanos(options.seconds);
  Milestones reached;
  std::string error = "the time was over before the broker was ready";
  while (reached.delivered == 0 && now_nanos() < end && !is_interrupted()) {
    try {
      attempt(options, reached);
    } catch (const Failure& failure) {
      error = failure.what();
    }
    if (reached.delivered == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const auto add = [&](const char* key, Nanos at) {
    if (at != 0) report.add(key, seconds_between(started, at) * 1e3);
  };
  add("accept_ms", reached.accepted);
  add("log_in_ms", reached.logged_in);
  add("queue_ready_ms", reached.queue_ready);
  add("first_delivery_ms", reached.delivered);
  report.add("depth", reached.depth);
  if (!options.pids.empty()) report.add("resident_mb", resident_bytes(options.pids) / 1e6);
  if (reached.delivered == 0) report.add_error(error);
}

}  // namespace tern::perf
