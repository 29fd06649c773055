// Producers and consumers of one run, started and stopped in phases: what throughput, latency,
// fan-out, routing and backlog have in common. Takes a snapshot of all counters at the end of each
// phase; figures.hpp makes rates of them. Main thread.
#pragma once

#include <thread>
#include <vector>

#include "perf/process_sampler.hpp"
#include "perf/progress.hpp"
#include "perf/run_state.hpp"
#include "perf/topology.hpp"

namespace tern::perf {

/// All counters at one moment.
struct Snapshot {
  Nanos at = 0;
  std::uint64_t sent = 0;
  std::uint64_t settled = 0;  ///< confirmed or rejected
  std::uint64_t received = 0;
  CpuTime broker;
  CpuTime own;
  CpuTime machine;
};

class LoadRun {
 public:
  LoadRun(const Options& options, Progress& progress);
  ~LoadRun();
  LoadRun(const LoadRun&) = delete;
  LoadRun& operator=(const LoadRun&) = delete;

  /// Starts threads, waits until they are connected, lets them go; the snapshot of that moment.
  Snapshot start_producers();
  Snapshot start_consumers();
  Snapshot start_both();
  /// Until the warm-up is over; the snapshot of that moment.
  Snapshot wait_for_warmup(const Snapshot& started);
  /// Until no producer sends any more.
  Snapshot wait_for_sending();
  /// Until everything sent is confirmed and the producers' connections are closed.
  Snapshot wait_for_confirms();
  /// Until everything sent has come, or nothing has come for Options::patience.
  Snapshot wait_for_deliveries();
  /// Ends all threads.
  void stop();

  [[nodiscard]] Snapshot snapshot() const;
  [[nodiscard]] RunState& state() noexcept { return state_; }
  [[nodiscard]] const Options& options() const noexcept { return state_.options; }
  [[nodiscard]] bool has_run_out_of_patience() const noexcept { return is_impatient_; }
  [[nodiscard]] double resident_peak() const noexcept { return resident_peak_; }
  /// What the first thread that failed has said; empty if none has.
  [[nodiscard]] std::string error() const;

 private:
  Snapshot start(bool producers, bool consumers);
  [[nodiscard]] std::uint64_t expected() const;
  [[nodiscard]] std::uint64_t arrived() const;
  /// Lets a little time pass.
  void tick();

  RunState state_;
  Progress& progress_;
  const char* phase_ = "";
  std::vector<std::thread> threads_;
  double resident_peak_ = 0;
  Nanos resident_read_at_ = 0;
  bool is_impatient_ = false;
};

}  // namespace tern::perf
