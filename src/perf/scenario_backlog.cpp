// Fill, then drain. The drain is measured from the moment when consumers subscribe.
#include <fmt/format.h>

#include <thread>

#include "perf/figures.hpp"
#include "perf/scenarios.hpp"

namespace tern::perf {
namespace {

// Confirmed or not, a message may be on its way to the queue still: waits until all are there, or
// no more come.
std::uint64_t wait_for_depth(const Topology& topology, std::uint64_t wanted, double patience) {
  std::uint64_t depth = topology.depth();
  Nanos end = now_nanos() + to_nanos(patience);
  while (depth < wanted && now_nanos() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const std::uint64_t before = depth;
    depth = topology.depth();
    if (depth != before) end = now_nanos() + to_nanos(patience);
  }
  return depth;
}

}  // namespace

void run_backlog(const Options& options, Progress& progress, Report& report) {
  Topology topology(options);
  topology.set_up();
  const Resources resources(options);
  LoadRun run(options, progress);
  const Snapshot started = run.start_producers();
  run.wait_for_sending();
  const Snapshot confirmed = run.wait_for_confirms();
  if (const std::string error = run.error(); !error.empty()) throw Failure(error);
  const std::uint64_t wanted = confirmed.sent * run.state().streams.copies();
  const std::uint64_t depth = wait_for_depth(topology, wanted, options.patience);
  const Snapshot filled = run.snapshot();
  report.add("messages", filled.sent);
  report.add("depth", depth);
  report.add("fill_rate",
             static_cast<double>(filled.sent) / seconds_between(started.at, filled.at));
  add_cpu(report, "fill_", started, filled, options, filled.sent);
  report.add("resident_mb_with_backlog", resident_bytes(options.pids) / 1e6);
  if (options.consumers != 0) {
    const Snapshot draining = run.start_consumers();
    const Snapshot end = run.wait_for_deliveries();
    run.stop();
    add_whole(report, run, "drain_", draining, end);
    const Nanos first = first_delivery(run.state());
    report.add("first_delivery_ms", seconds_between(draining.at, first) * 1e3);
  }
  run.stop();
  add_resources(report, run, resources);
  add_counts(report, run);
  if (options.confirm != 0) add_latencies(report, run);
  add_errors(report, run);
  if (!options.keep) topology.remove();
}

}  // namespace tern::perf
