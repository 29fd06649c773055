// The table of flags, and reading them.
#include "perf/options.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "perf/message_template.hpp"

namespace tern::perf {
namespace {

// Nothing, or what is wrong with the value.
using Problem = std::optional<std::string>;

template <class T>
Problem read_number(T& to, std::string_view text, T least, T most) {
  T value{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  // Said so that NaN is not in range either.
  const bool is_in_range = value >= least && value <= most;
  if (code != std::errc() || end != text.data() + text.size() || !is_in_range)
    return fmt::format("a number from {} to {} is wanted, not '{}'", least, most, text);
  to = value;
  return std::nullopt;
}

Problem read_text(std::string& to, std::string_view text) {
  if (text.empty() || text.size() > 200) return "a name of 1 to 200 octets is wanted";
  to = text;
  return std::nullopt;
}

Problem read_exchange(Options& options, std::string_view text) {
  for (const char* known : {"default", "direct", "topic", "fanout", "headers"}) {
    if (text != known) continue;
    options.exchange = text;
    return std::nullopt;
  }
  return fmt::format("default, direct, topic, fanout or headers is wanted, not '{}'", text);
}

// KEY=VALUE; whole numbers and true/false become what they look like, all else is text.
Problem read_argument(FieldTable& to, std::string_view text) {
  const auto equals = text.find('=');
  if (equals == 0 || equals == std::string_view::npos || equals > 255)
    return fmt::format("KEY=VALUE is wanted, not '{}'", text);
  const std::string_view value = text.substr(equals + 1);
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), number);
  FieldValue field{value};
  if (value == "true" || value == "false")
    field = FieldValue{value == "true"};
  else if (code == std::errc() && end == value.data() + value.size())
    field = FieldValue{number};
  to.set(std::string(text.substr(0, equals)), std::move(field));
  return std::nullopt;
}

Problem read_pids(std::vector<int>& to, std::string_view text) {
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    int pid = 0;
    if (auto problem = read_number(pid, text.substr(0, comma), 1, 1 << 30)) return problem;
    to.push_back(pid);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return to.empty() ? Problem("a process id is wanted") : std::nullopt;
}

struct Flag {
  unsigned group;
  std::string_view name;
  std::string_view value;  ///< what the value is called; empty: the flag has none
  std::string_view help;
  Problem (*read)(Options&, std::string_view);
};

#define TERN_NUMBER(field, least, most)                                            \
  [](Options& options, std::string_view text) {                                    \
    return read_number<decltype(options.field)>(options.field, text, least, most); \
  }
#define TERN_SWITCH(field)                 \
  [](Options& options, std::string_view) { \
    options.field = true;                  \
    return Problem();                      \
  }

constexpr double seconds_max = 1e6;

const Flag flags[] = {
    {flags_target, "--host", "NAME", "the broker's host (127.0.0.1)",
     [](Options& o, std::string_view text) { return read_text(o.target.host, text); }},
    {flags_target, "--port", "N", "its port (5672)", TERN_NUMBER(target.port, 1, 65535)},
    {flags_target, "--user", "NAME", "(guest)",
     [](Options& o, std::string_view text) { return read_text(o.target.user, text); }},
    {flags_target, "--password", "TEXT", "(guest)",
     [](Options& o, std::string_view text) {
       o.target.password = text;
       return Problem();
     }},
    {flags_target, "--vhost", "NAME", "virtual host (/)",
     [](Options& o, std::string_view text) { return read_text(o.target.vhost, text); }},
    {flags_target, "--frame-max", "BYTES", "largest frame asked for (131072)",
     TERN_NUMBER(target.frame_max, 4096, 1U << 19)},
    {flags_shape, "--producers", "N", "connections that publish; 0: only consume",
     TERN_NUMBER(producers, 0, 10000)},
    {flags_shape, "--consumers", "N", "connections that consume; 0: only publish",
     [](Options& o, std::string_view text) {
       o.has_consumers = true;
       return read_number(o.consumers, text, 0U, 10000U);
     }},
    {flags_shape, "--queues", "N", "producers and consumers are spread over them",
     TERN_NUMBER(queues, 1, 1000000)},
    {flags_queue, "--name", "TEXT", "what names of queues and exchanges begin with (ternmq-perf)",
     [](Options& o, std::string_view text) { return read_text(o.name, text); }},
    {flags_queue, "--durable", "", "durable queues and exchange", TERN_SWITCH(durable)},
    {flags_queue, "--queue-argument", "KEY=VALUE", "for queue.declare; may be repeated",
     [](Options& o, std::string_view text) { return read_argument(o.queue_arguments, text); }},
    {flags_routing, "--exchange", "TYPE", "default, direct, topic, fanout or headers",
     read_exchange},
    {flags_routing, "--bindings", "N", "further bindings, which match nothing",
     TERN_NUMBER(bindings, 0, 10000000)},
    {flags_message, "--size", "BYTES",
     "of a body (100); from 8 on bodies carry a number, from 16 a time",
     TERN_NUMBER(size, 0, 1U << 27)},
    {flags_message, "--groups", "N",
     "the header group has one of N values, for queues with x-message-group",
     TERN_NUMBER(groups, 0, MessageTemplate::groups_max)},
    {flags_message, "--persistent", "", "delivery mode 2", TERN_SWITCH(persistent)},
    {flags_message, "--mandatory", "", "have unroutable messages returned", TERN_SWITCH(mandatory)},
    {flags_confirm, "--confirm", "N", "publisher confirms, at most N messages unconfirmed",
     TERN_NUMBER(confirm, 0, 10000000)},
    {flags_acknowledge, "--auto-ack", "", "the broker need not wait for acknowledgements",
     TERN_SWITCH(auto_ack)},
    {flags_acknowledge, "--prefetch", "N", "deliveries unacknowledged at most; 0: no limit",
     TERN_NUMBER(prefetch, 0, 65535)},
    {flags_acknowledge, "--ack-every", "N", "acknowledge N deliveries at once (1)",
     TERN_NUMBER(ack_every, 1, 1000000)},
    {flags_acknowledge, "--consumer-argument", "KEY=VALUE", "for basic.consume; may be repeated",
     [](Options& o, std::string_view text) { return read_argument(o.consumer_arguments, text); }},
    {flags_length, "--seconds", "S", "how long", TERN_NUMBER(seconds, 0.01, seconds_max)},
    {flags_load_length, "--warmup", "S", "before them, not measured",
     TERN_NUMBER(warmup, 0, seconds_max)},
    {flags_load_length, "--rate", "N",
     "messages per second of all producers; 0: as fast as it goes", TERN_NUMBER(rate, 0, 1e9)},
    {flags_load_length, "--patience", "S",
     "seconds without a delivery after which what is missing is lost (10)",
     TERN_NUMBER(patience, 0.1, seconds_max)},
    {flags_count, "--count", "N", "how many", TERN_NUMBER(count, 0, std::uint64_t{1} << 36)},
    {flags_hold, "--hold", "S", "how long to be idle before memory is read",
     TERN_NUMBER(hold, 0, seconds_max)},
    {flags_at_once, "--at-once", "N", "how many of them at a time", TERN_NUMBER(at_once, 1, 1000)},
    {flags_pipeline, "--pipeline", "N", "declarations sent before the first is answered",
     TERN_NUMBER(pipeline, 1, 100000)},
    {flags_directory, "--directory", "DIR", "on the disk to be measured (.)",
     [](Options& o, std::string_view text) { return read_text(o.directory, text); }},
    {flags_process, "--pid", "N[,N]",
     "sample these processes, the broker's: CPU, memory, disk writes",
     [](Options& o, std::string_view text) { return read_pids(o.pids, text); }},
    {flags_queue, "--keep", "", "leave queues and exchange behind", TERN_SWITCH(keep)},
    {flags_shape, "--no-setup", "", "they are there already: neither declare nor delete",
     TERN_SWITCH(no_setup)},
    {~0U, "--json", "", "one line of JSON instead of text", TERN_SWITCH(json)},
    {~0U, "--label", "TEXT", "goes into the result",
     [](Options& o, std::string_view text) { return read_text(o.label, text); }},
};

#undef TERN_NUMBER
#undef TERN_SWITCH

const Flag* find_flag(const Scenario& scenario, std::string_view name) {
  for (const Flag& flag : flags) {
    if (flag.name == name && (flag.group & scenario.groups) != 0) return &flag;
  }
  return nullptr;
}

// What only several flags together can get wrong.
Problem check(const Options& options) {
  if (options.prefetch != 0 && options.ack_every > options.prefetch)
    return fmt::format(
        "--ack-every {} exceeds --prefetch {}: the broker would wait for acknowledgements "
        "that never come",
        options.ack_every, options.prefetch);
  if (options.bindings != 0 && options.exchange == "default")
    return "--bindings needs --exchange: nothing can be bound to the default exchange";
  if (options.producers == 0 && options.consumers == 0)
    return "without producers and consumers there is nothing to do";
  return std::nullopt;
}

}  // namespace

Result<Options> parse_options(const Scenario& scenario, std::span<const std::string> arguments) {
  Options options;
  scenario.prepare(options);
  for (std::size_t index = 0; index < arguments.size(); ++index) {
    const std::string& argument = arguments[index];
    const auto equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const Flag* flag = find_flag(scenario, name);
    if (flag == nullptr)
      return Error{fmt::format("{} has no flag '{}'; `ternmq perf {} --help` lists them",
                               scenario.name, name, scenario.name)};
    std::string value;
    if (flag->value.empty()) {
      if (equals != std::string::npos) return Error{fmt::format("{} takes no value", name)};
    } else if (equals != std::string::npos) {
      value = argument.substr(equals + 1);
    } else if (++index < arguments.size()) {
      value = arguments[index];
    } else {
      return Error{fmt::format("{} needs a value: {} {}", name, name, flag->value)};
    }
    if (const Problem problem = flag->read(options, value))
      return Error{fmt::format("{}: {}", name, *problem)};
  }
  if (const Problem problem = check(options)) return Error{*problem};
  return Result<Options>(boost::system::in_place_value, std::move(options));
}

std::string flags_help(const Scenario& scenario) {
  std::string help;
  for (const Flag& flag : flags) {
    if ((flag.group & scenario.groups) == 0) continue;
    help += fmt::format("  {:<28} {}\n", fmt::format("{} {}", flag.name, flag.value), flag.help);
  }
  return help;
}

}  // namespace tern::perf
