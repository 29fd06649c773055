// From snapshots to figures: rates, CPU per message, loss. One function per group of figures, which
// the scenarios put together. Main thread.
#pragma once

#include "perf/load_run.hpp"
#include "perf/report.hpp"

namespace tern::perf {

/// What was run: settings, so that a result can be read alone.
void add_settings(Report& report, std::string_view scenario, const Options& options);

/// CPU of broker, tool and others between two snapshots; keys begin with `prefix`.
void add_cpu(Report& report, const std::string& prefix, const Snapshot& from, const Snapshot& to,
             const Options& options, std::uint64_t messages);

/// Publish, confirm and receive rates between two snapshots, the measured window.
void add_window(Report& report, LoadRun& run, const Snapshot& from, const Snapshot& to);
/// Rates from the start to the last delivery; keys begin with `prefix`.
void add_whole(Report& report, LoadRun& run, const std::string& prefix, const Snapshot& from,
               const Snapshot& to);
/// What was sent, confirmed, received, and what went wrong. After the end of all threads.
void add_counts(Report& report, LoadRun& run);
void add_latencies(Report& report, LoadRun& run);
/// Memory and disk of the broker.
struct Resources {
  double resident_before = 0;
  double written_before = 0;

  explicit Resources(const Options& options)
      : resident_before(resident_bytes(options.pids)),
        written_before(written_bytes(options.pids)) {}
};
void add_resources(Report& report, LoadRun& run, const Resources& before);
/// Errors of threads, and loss; sets what the exit code is.
void add_errors(Report& report, LoadRun& run);

/// When the first and the last message came; 0 if none did.
[[nodiscard]] Nanos first_delivery(const RunState& state);
[[nodiscard]] Nanos last_delivery(const RunState& state);

}  // namespace tern::perf
