// Queues that hold nothing: declared with several declarations on their way at once, then idle,
// then deleted the same way.
#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "perf/figures.hpp"
#include "perf/interrupt.hpp"
#include "perf/pipeline.hpp"
#include "perf/scenarios.hpp"

namespace tern::perf {
namespace {

std::string name_of(const Options& options, std::uint64_t number) {
  return fmt::format("{}-idle-{}", options.name, number);
}

// How many per second.
template <class Reply, class Put>
double measure(Connection& connection, const Options& options, Progress& progress,
               const char* phase, Put&& put) {
  const Nanos started = now_nanos();
  ask_all<Reply>(connection, options.count, options.pipeline, put, [&](std::uint64_t number) {
    progress.show(phase, {0, number, 0});
  });
  return static_cast<double>(options.count) / seconds_between(started, now_nanos());
}

}  // namespace

void run_queues(const Options& options, Progress& progress, Report& report) {
  Connection connection(options.target);
  const std::string arguments = encode_entries(options.queue_arguments);
  const double resident_before = resident_bytes(options.pids);
  const double written_before = written_bytes(options.pids);
  const CpuTime cpu_before = cpu_of(options.pids);
  report.add("queues", options.count);
  report.add("declarations_per_second",
             measure<amqp::QueueDeclareOk>(connection, options, progress, "declaring",
                                           [&](std::uint64_t number) {
                                             const std::string name = name_of(options, number);
                                             connection.put(make_declare(options, name, arguments));
                                           }));
  const CpuTime cpu = cpu_of(options.pids) - cpu_before;
  const Nanos end = now_nanos() + to_nanos(options.hold);
  while (now_nanos() < end && !is_interrupted())
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  if (!options.pids.empty() && options.count != 0) {
    const auto queues = static_cast<double>(options.count);
    const double resident = resident_bytes(options.pids);
    report.add("broker_cpu_us_per_declaration", cpu.all() * 1e6 / queues);
    report.add("resident_mb_before", resident_before / 1e6);
    report.add("resident_mb_after_hold", resident / 1e6);
    report.add("resident_kib_per_queue", (resident - resident_before) / 1024 / queues);
    report.add("disk_kib_per_queue",
               (written_bytes(options.pids) - written_before) / 1024 / queues);
  }
  if (!options.keep)
    report.add("deletions_per_second",
               measure<amqp::QueueDeleteOk>(connection, options, progress, "deleting",
                                            [&](std::uint64_t number) {
                                              const std::string name = name_of(options, number);
                                              connection.put(amqp::QueueDelete{0, name});
                                            }));
  connection.close();
}

}  // namespace tern::perf
