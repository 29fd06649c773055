// Clients that connect, publish one message and leave: each cycle is a TCP connection, a log-in, a
// channel, a message (confirmed with --confirm), and an orderly end.
#include <mutex>
#include <thread>

#include "amqp/methods_basic.hpp"
#include "perf/figures.hpp"
#include "perf/interrupt.hpp"
#include "perf/message_template.hpp"
#include "perf/scenarios.hpp"

namespace tern::perf {
namespace {

struct Worker {
  Counter cycles;
  std::uint64_t failed = 0;
  Histogram latency;
  std::string error;
};

void run_cycle(const Options& options) {
  Connection connection(options.target, (8 << 10) + options.target.frame_max / 16);
  if (options.confirm != 0) connection.put(amqp::ConfirmSelect{});
  const MessageTemplate message(options, 0, connection.frame_max());
  connection.put_raw(message.encoded());
  connection.flush();
  if (options.confirm != 0) {
    connection.wait_for<amqp::ConfirmSelectOk>();
    connection.wait_for<amqp::BasicAck>();
  }
  connection.close();
}

void work(const Options& options, Nanos end, Worker& worker) {
  while (now_nanos() < end && !is_interrupted()) {
    const Nanos started = now_nanos();
    try {
      run_cycle(options);
      worker.latency.add(now_nanos() - started);
      worker.cycles.add(1);
    } catch (const Failure& failure) {
      ++worker.failed;
      worker.error = failure.what();
      if (worker.cycles.get() == 0) return;  // It never worked: one error is enough.
    }
  }
}

// Messages are published with the last words of a connection: they may need a moment.
std::uint64_t settled_depth(const Topology& topology, std::uint64_t wanted) {
  const Nanos end = now_nanos() + 5 * nanos_per_second;
  std::uint64_t depth = topology.depth();
  while (depth < wanted && now_nanos() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    depth = topology.depth();
  }
  return depth;
}

void add_result(Report& report, const std::deque<Worker>& workers, const Options& options,
                double seconds, CpuTime broker, CpuTime own) {
  std::uint64_t cycles = 0, failed = 0;
  Histogram latency;
  std::string error;
  for (const Worker& worker : workers) {
    cycles += worker.cycles.get();
    failed += worker.failed;
    latency.merge(worker.latency);
    if (!worker.error.empty()) error = worker.error;
  }
  report.add("cycles", cycles);
  report.add("failed", failed);
  report.add("cycles_per_second", static_cast<double>(cycles) / seconds);
  if (cycles != 0 && !options.pids.empty())
    report.add("broker_cpu_us_per_cycle", broker.all() * 1e6 / static_cast<double>(cycles));
  if (cycles != 0)
    report.add("tool_cpu_us_per_cycle", own.all() * 1e6 / static_cast<double>(cycles));
  report.add("cycle_us", latency);
  if (!error.empty()) report.add_error(error);
}

}  // namespace

void run_churn(const Options& options, Progress& progress, Report& report) {
  Topology topology(options);
  topology.set_up();
  std::deque<Worker> workers(options.at_once);
  std::vector<std::thread> threads;
  const CpuTime broker_before = cpu_of(options.pids), own_before = own_cpu();
  const Nanos started = now_nanos(), end = started + to_nanos(options.seconds);
  for (Worker& worker : workers)
    threads.emplace_back([&options, &worker, end] { work(options, end, worker); });
  const auto count = [&] {
    std::uint64_t cycles = 0;
    for (const Worker& worker : workers) cycles += worker.cycles.get();
    return cycles;
  };
  while (now_nanos() < end && !is_interrupted()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    progress.show("connecting", {count(), 0, 0});
  }
  for (std::thread& thread : threads) thread.join();
  progress.clear();
  const Nanos ended = now_nanos();
  const CpuTime broker = cpu_of(options.pids) - broker_before, own = own_cpu() - own_before;
  add_result(report, workers, options, seconds_between(started, ended), broker, own);
  const std::uint64_t cycles = count(), depth = settled_depth(topology, cycles);
  report.add("depth", depth);
  report.add("lost", cycles - std::min(cycles, depth));
  report.add("duplicated", depth > cycles ? depth - cycles : 0);
  if (!options.keep) topology.remove();
}

}  // namespace tern::perf
