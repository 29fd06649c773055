// The table of scenarios, help, and errors.
#include "perf/perf.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "perf/figures.hpp"
#include "perf/interrupt.hpp"
#include "perf/scenarios.hpp"

namespace tern::perf {
namespace {

constexpr int exit_failure = 1;
constexpr int exit_usage = 2;

struct Entry {
  Scenario scenario;
  void (*run)(const Options&, Progress&, Report&);
};

constexpr unsigned load_flags = flags_target | flags_queue | flags_shape | flags_routing |
                                flags_message | flags_confirm | flags_acknowledge | flags_length |
                                flags_load_length | flags_count | flags_process;

// A fanout exchange copies each message to all queues, each of which somebody reads.
void prepare_fanout(Options& options) {
  options.exchange = "fanout";
  options.queues = 10;
  options.consumers = 10;
}

const Entry entries[] = {
    {{"throughput", "Publish and consume as fast as it goes.", load_flags, [](Options&) {}},
     run_load},
    {{"latency", "Publish at a rate; how long until it arrives and is confirmed?", load_flags,
      [](Options& options) { options.rate = 5000; }},
     run_load},
    {{"fanout", "A fanout exchange with several queues, all of them read.", load_flags,
      prepare_fanout},
     run_load},
    {{"routing", "A topic or headers exchange with bindings that do not match.", load_flags,
      [](Options& options) {
        options.exchange = "topic";
        options.bindings = 1000;
      }},
     run_load},
    {{"backlog", "Fill a queue that nobody reads, then drain it.",
      load_flags & ~(flags_length | flags_routing),
      [](Options& options) { options.count = 1000000; }},
     run_backlog},
    {{"churn", "Connect, publish one message, disconnect, over and over.",
      flags_target | flags_queue | flags_message | flags_confirm | flags_length | flags_at_once |
          flags_process,
      [](Options&) {}},
     run_churn},
    {{"connections", "Memory of connections that do nothing.",
      flags_target | flags_count | flags_at_once | flags_hold | flags_process,
      [](Options& options) { options.count = 1000; }},
     run_connections},
    {{"queues", "Declarations per second; memory of queues that hold nothing.",
      flags_target | flags_queue | flags_count | flags_pipeline | flags_hold | flags_process,
      [](Options& options) {
        options.count = 1000;
        options.durable = true;
      }},
     run_queues},
    {{"restart", "How long a broker that is being started takes until it delivers.",
      flags_target | flags_queue | flags_count | flags_length | flags_process,
      [](Options& options) { options.seconds = 300; }},
     run_restart},
    {{"limits", "What this machine can do without a broker: loopback and disk.",
      flags_message | flags_length | flags_directory,
      [](Options& options) { options.seconds = 2; }},
     run_limits},
};

std::string general_help() {
  std::string help =
      "Usage: ternmq perf SCENARIO [FLAGS]\n\n"
      "Puts load on a broker that speaks AMQP 0-9-1 and measures it. Every message carries a\n"
      "number: what is lost, duplicated or out of order is counted exactly.\n\nScenarios:\n";
  for (const Entry& entry : entries)
    help += fmt::format("  {:<12}{}\n", entry.scenario.name, entry.scenario.summary);
  help += "\n`ternmq perf SCENARIO --help` lists its flags. See docs/performance.md.\n";
  return help;
}

bool asks_for_help(std::span<const std::string> arguments) {
  return std::any_of(arguments.begin(), arguments.end(), [](const std::string& argument) {
    return argument == "--help" || argument == "-h";
  });
}

// Runs it; what has been found before a failure is printed with the failure.
int run_scenario(const Invocation& invocation, const Entry& entry, const Options& options) {
  catch_interrupts();
  Report report;
  add_settings(report, entry.scenario.name, options);
  try {
    static_cast<void>(cpu_of(options.pids));  // A wrong --pid shows before the run, not after.
    Progress progress(invocation.err, invocation.is_terminal);
    entry.run(options, progress, report);
  } catch (const Failure& failure) {
    report.add_error(failure.what());
    if (!options.json) {
      invocation.err << "ternmq perf: " << failure.what() << '\n';
      return exit_failure;
    }
  }
  if (options.json)
    report.print_json(invocation.out);
  else
    report.print_text(invocation.out);
  return report.has_error() ? exit_failure : 0;
}

}  // namespace

int run(const Invocation& invocation) {
  auto arguments = invocation.arguments;
  if (arguments.empty()) {
    invocation.err << general_help();
    return exit_usage;
  }
  const std::string& name = arguments.front();
  if (name == "--help" || name == "-h") {
    invocation.out << general_help();
    return 0;
  }
  const auto* entry = std::find_if(std::begin(entries), std::end(entries),
                                   [&](const Entry& one) { return one.scenario.name == name; });
  if (entry == std::end(entries)) {
    invocation.err << fmt::format(
        "ternmq perf: there is no scenario '{}'; `ternmq perf --help` lists them\n", name);
    return exit_usage;
  }
  arguments = arguments.subspan(1);
  if (asks_for_help(arguments)) {
    invocation.out << fmt::format("Usage: ternmq perf {} [FLAGS]\n\n{}\n\n", name,
                                  entry->scenario.summary)
                   << flags_help(entry->scenario);
    return 0;
  }
  const auto options = parse_options(entry->scenario, arguments);
  if (!options) {
    invocation.err << "ternmq perf: " << options.error().text << '\n';
    return exit_usage;
  }
  return run_scenario(invocation, *entry, *options);
}

}  // namespace tern::perf
