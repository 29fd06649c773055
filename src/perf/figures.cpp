#include "perf/figures.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/version.hpp"
#include "perf/message_template.hpp"

namespace tern::perf {
namespace {

double per(double amount, std::uint64_t messages) {
  return messages != 0 ? amount / static_cast<double>(messages) : 0;
}

double rate(std::uint64_t from, std::uint64_t to, double seconds) {
  return seconds > 0 ? static_cast<double>(to - from) / seconds : 0;
}

constexpr double mega = 1e6;

std::string describe(const Options& options) {
  std::string text = fmt::format(
      "{} producers, {} consumers, {} queues, exchange {}, {} bindings besides, {} bytes",
      options.producers, options.consumers, options.queues, options.exchange, options.bindings,
      options.size);
  if (options.persistent) text += ", persistent";
  if (options.durable) text += ", durable";
  if (options.confirm != 0) text += fmt::format(", confirm window {}", options.confirm);
  if (options.auto_ack) text += ", auto-ack";
  if (!options.auto_ack) {
    text += options.prefetch != 0 ? fmt::format(", prefetch {}", options.prefetch) : "";
    text += fmt::format(", ack every {}", options.ack_every);
  }
  if (options.rate > 0) text += fmt::format(", {} messages/s", options.rate);
  return text;
}

}  // namespace

void add_settings(Report& report, std::string_view scenario, const Options& options) {
  report.add("tool", fmt::format("{} perf {}", product_name, product_version));
  report.add("scenario", std::string(scenario));
  if (!options.label.empty()) report.add("label", options.label);
  report.add("target", fmt::format("{}:{}", options.target.host, options.target.port));
}

void add_cpu(Report& report, const std::string& prefix, const Snapshot& from, const Snapshot& to,
             const Options& options, std::uint64_t messages) {
  const double seconds = seconds_between(from.at, to.at);
  if (seconds <= 0) return;
  const CpuTime broker = to.broker - from.broker, own = to.own - from.own,
                machine = to.machine - from.machine;
  if (!options.pids.empty()) {
    report.add(prefix + "broker_cpu_us_per_message", per(broker.all() * mega, messages));
    report.add(prefix + "broker_kernel_us_per_message", per(broker.kernel * mega, messages));
    report.add(prefix + "broker_cores", broker.all() / seconds);
  }
  report.add(prefix + "tool_cpu_us_per_message", per(own.all() * mega, messages));
  report.add(prefix + "tool_cores", own.all() / seconds);
  // Kernel threads (write-back, journal) and strangers; then strangers only.
  report.add(prefix + "other_cores", (machine.all() - broker.all() - own.all()) / seconds);
  report.add(prefix + "other_user_cores", (machine.user - broker.user - own.user) / seconds);
}

void add_window(Report& report, LoadRun& run, const Snapshot& from, const Snapshot& to) {
  const Options& options = run.options();
  const double seconds = seconds_between(from.at, to.at);
  report.add("settings", describe(options));
  report.add("window_seconds", seconds);
  const double publish_rate = rate(from.sent, to.sent, seconds);
  report.add("publish_rate", publish_rate);
  if (options.confirm != 0) report.add("confirm_rate", rate(from.settled, to.settled, seconds));
  if (options.consumers != 0) report.add("receive_rate", rate(from.received, to.received, seconds));
  report.add("publish_mb_per_second", publish_rate * options.size / mega);
  std::uint64_t messages = to.sent - from.sent;
  if (options.consumers != 0)
    messages = (to.received - from.received) / run.state().streams.copies();
  else if (options.confirm != 0)
    messages = to.settled - from.settled;
  add_cpu(report, "", from, to, options, messages);
}

void add_whole(Report& report, LoadRun& run, const std::string& prefix, const Snapshot& from,
               const Snapshot& to) {
  const double seconds = seconds_between(from.at, last_delivery(run.state()));
  const std::uint64_t received = to.received - from.received;
  const double whole_rate = seconds > 0 ? static_cast<double>(received) / seconds : 0;
  report.add(prefix + "seconds", seconds);
  report.add(prefix + "rate", whole_rate);
  report.add(prefix + "mb_per_second", whole_rate * run.options().size / mega);
  add_cpu(report, prefix, from, to, run.options(), received / run.state().streams.copies());
}

void add_counts(Report& report, LoadRun& run) {
  const RunState& state = run.state();
  const Options& options = run.options();
  std::uint64_t sent = 0, confirmed = 0, rejected = 0, returned = 0, blocked = 0, frames = 0;
  std::uint64_t wrong = 0;
  for (const ProducerFigures& one : state.producers) {
    sent += one.sent.get();
    confirmed += one.confirmed.get();
    rejected += one.rejected.get();
    returned += one.returned.get();
    blocked += one.blocked.get();
    frames += one.confirm_frames.get();
    wrong += one.wrong_confirms.get();
  }
  report.add("sent", sent);
  if (options.confirm != 0) {
    report.add("confirmed", confirmed);
    report.add("rejected", rejected);
    report.add("wrong_confirms", wrong);
    report.add("messages_per_confirm", per(static_cast<double>(confirmed + rejected), frames));
  }
  report.add("returned", returned);
  report.add("blocked", blocked);
  if (options.consumers == 0) return;
  std::uint64_t received = 0, redelivered = 0, out_of_order = 0, corrupt = 0, cancelled = 0;
  for (const ConsumerFigures& one : state.consumers) {
    received += one.received.get();
    redelivered += one.redelivered;
    out_of_order += one.out_of_order;
    corrupt += one.corrupt;
    cancelled += one.cancelled;
  }
  Streams::Sums sums = run.state().streams.sum();
  // Bodies too small for a number are only counted. Messages rejected with a basic.nack are not
  // lost, though nobody can say which ones they were.
  if (options.size < Stamp::bytes) sums.lost = sums.expected - std::min(sums.expected, received);
  const std::uint64_t excused = rejected * state.streams.copies();
  report.add("received", received);
  report.add("lost", sums.lost - std::min(sums.lost, excused));
  report.add("duplicated", sums.duplicated);
  report.add("out_of_order", out_of_order);
  report.add("redelivered", redelivered);
  report.add("corrupt", corrupt);
  if (cancelled != 0) report.add("cancelled", cancelled);
}

void add_latencies(Report& report, LoadRun& run) {
  Histogram confirms, deliveries;
  for (const ProducerFigures& one : run.state().producers) confirms.merge(one.confirm_latency);
  for (const ConsumerFigures& one : run.state().consumers) deliveries.merge(one.latency);
  report.add("confirm_us", confirms);
  report.add("end_to_end_us", deliveries);
}

void add_resources(Report& report, LoadRun& run, const Resources& before) {
  const std::vector<int>& pids = run.options().pids;
  if (pids.empty()) return;
  const double now = resident_bytes(pids);
  report.add("resident_mb_before", before.resident_before / mega);
  report.add("resident_mb_peak", std::max(run.resident_peak(), now) / mega);
  report.add("disk_mb_written", (written_bytes(pids) - before.written_before) / mega);
}

void add_errors(Report& report, LoadRun& run) {
  if (const std::string error = run.error(); !error.empty()) report.add_error(error);
  if (run.has_run_out_of_patience())
    report.add_error(
        fmt::format("nothing came for {} s, though not all had arrived", run.options().patience));
}

Nanos first_delivery(const RunState& state) {
  Nanos first = 0;
  for (const ConsumerFigures& one : state.consumers) {
    const Nanos at = one.first_at;
    if (at != 0 && (first == 0 || at < first)) first = at;
  }
  return first;
}

Nanos last_delivery(const RunState& state) {
  Nanos last = 0;
  for (const ConsumerFigures& one : state.consumers) last = std::max(last, one.last_at.load());
  return last;
}

}  // namespace tern::perf
