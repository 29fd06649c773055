// Producers and consumers at once.
#include "perf/figures.hpp"
#include "perf/scenarios.hpp"

namespace tern::perf {

void run_load(const Options& options, Progress& progress, Report& report) {
  Topology topology(options);
  if (!options.no_setup) topology.set_up();
  const Resources resources(options);
  LoadRun run(options, progress);
  const Snapshot started = run.start_both();
  const Snapshot warm = run.wait_for_warmup(started);
  const Snapshot sent = run.wait_for_sending();
  Snapshot end = run.wait_for_confirms();
  if (options.consumers != 0) end = run.wait_for_deliveries();
  run.stop();

  if (options.producers != 0) add_window(report, run, warm, sent);
  if (options.consumers != 0)
    add_whole(report, run, "whole_", started, end);
  else
    add_cpu(report, "whole_", started, end, options, end.sent);
  if (topology.binding_rate() > 0) report.add("bindings_per_second", topology.binding_rate());
  add_resources(report, run, resources);
  add_counts(report, run);
  if (options.consumers == 0) report.add("depth_at_end", topology.depth());
  add_latencies(report, run);
  add_errors(report, run);
  if (!options.keep && !options.no_setup) topology.remove();
}

}  // namespace tern::perf
