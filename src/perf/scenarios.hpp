// The scenarios of `ternmq perf`, a function each; perf.cpp has the table. They throw Failure.
#pragma once

#include "perf/options.hpp"
#include "perf/progress.hpp"
#include "perf/report.hpp"

namespace tern::perf {

/// Producers and consumers at once: throughput, latency, fan-out and routing, which differ in their
/// defaults only.
void run_load(const Options& options, Progress& progress, Report& report);
/// Fill a queue that nobody reads, then drain it.
void run_backlog(const Options& options, Progress& progress, Report& report);
/// Connect, publish one message, disconnect, over and over.
void run_churn(const Options& options, Progress& progress, Report& report);
/// Memory of connections that do nothing.
void run_connections(const Options& options, Progress& progress, Report& report);
/// Declarations per second, and memory of queues that hold nothing.
void run_queues(const Options& options, Progress& progress, Report& report);
/// How long a broker that is being started takes until it delivers.
void run_restart(const Options& options, Progress& progress, Report& report);
/// What this machine can do without a broker: loopback and disk.
void run_limits(const Options& options, Progress& progress, Report& report);

}  // namespace tern::perf
