// Connections that do nothing: how fast they come, and what each costs the broker.
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "perf/figures.hpp"
#include "perf/interrupt.hpp"
#include "perf/scenarios.hpp"

namespace tern::perf {
namespace {

void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

struct Crowd {
  explicit Crowd(std::size_t size) : connections(size) {}

  std::vector<std::unique_ptr<Connection>> connections;
  std::atomic<std::size_t> next{0};
  std::atomic<std::uint64_t> open{0};
  std::mutex mutex;
  std::string error;  ///< behind the mutex
};

void connect_all(const Options& options, Crowd& crowd) {
  for (;;) {
    const std::size_t index = crowd.next++;
    if (index >= crowd.connections.size() || is_interrupted()) return;
    try {
      auto connection = std::make_unique<Connection>(options.target, 8 << 10);
      connection->drop_buffer();
      crowd.connections[index] = std::move(connection);
      ++crowd.open;
    } catch (const Failure& failure) {
      const std::lock_guard lock(crowd.mutex);
      crowd.error = failure.what();
      if (crowd.open == 0) return;
    }
  }
}

void hold(double seconds) {
  const Nanos end = now_nanos() + to_nanos(seconds);
  while (now_nanos() < end && !is_interrupted())
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

}  // namespace

void run_connections(const Options& options, Progress& progress, Report& report) {
  raise_file_limit();
  Crowd crowd(options.count);
  const double resident_before = resident_bytes(options.pids);
  const CpuTime cpu_before = cpu_of(options.pids);
  const Nanos started = now_nanos();
  std::atomic<unsigned> working{options.at_once};
  std::vector<std::thread> threads;
  for (unsigned index = 0; index < options.at_once; ++index)
    threads.emplace_back([&] {
      connect_all(options, crowd);
      --working;
    });
  while (working != 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    progress.show("connecting", {crowd.open, 0, 0});
  }
  for (std::thread& thread : threads) thread.join();
  progress.clear();
  const double seconds = seconds_between(started, now_nanos());
  const CpuTime connected = cpu_of(options.pids);
  const double resident_connected = resident_bytes(options.pids);
  hold(options.hold);
  const double resident = resident_bytes(options.pids);
  const CpuTime idle = cpu_of(options.pids) - connected;

  const std::uint64_t open = crowd.open;
  const auto per_connection = [&](double amount) {
    return open != 0 ? amount / static_cast<double>(open) : 0;
  };
  report.add("connections", open);
  report.add("failed", options.count - open);
  report.add("connections_per_second", static_cast<double>(open) / seconds);
  if (!options.pids.empty()) {
    report.add("broker_cpu_us_per_connection",
               per_connection((connected - cpu_before).all() * 1e6));
    report.add("resident_mb_before", resident_before / 1e6);
    report.add("resident_mb_connected", resident_connected / 1e6);
    report.add("resident_mb_after_hold", resident / 1e6);
    report.add("resident_kib_per_connection", per_connection((resident - resident_before) / 1024));
    if (options.hold > 0) report.add("idle_broker_cores", idle.all() / options.hold);
  }
  if (!crowd.error.empty()) report.add_error(crowd.error);
}

}  // namespace tern::perf
