// What a run of the load tool is told: one table of flags (options.cpp) fills one plain struct.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "message/field_table.hpp"

namespace tern::perf {

/// The broker, and how to log in.
struct Target {
  std::string host = "127.0.0.1";
  std::uint16_t port = 5672;
  std::string user = "guest";
  std::string password = "guest";
  std::string vhost = "/";
  std::uint32_t frame_max = 131072;
};

struct Options {
  Target target;

  // Who sends what to whom.
  unsigned producers = 1;
  unsigned consumers = 1;
  bool has_consumers = false;  ///< --consumers was given
  unsigned queues = 1;
  std::string name = "ternmq-perf";
  std::string exchange = "default";
  std::uint64_t bindings = 0;  ///< that match nothing, besides those that do
  FieldTable queue_arguments;
  FieldTable consumer_arguments;

  std::uint32_t size = 100;
  bool persistent = false;
  bool durable = false;
  bool mandatory = false;
  std::uint32_t groups = 0;  ///< values of the header "group"; 0: no such header

  std::uint32_t confirm = 0;  ///< messages unconfirmed at most; 0: no confirms
  bool auto_ack = false;
  std::uint16_t prefetch = 0;
  std::uint32_t ack_every = 1;

  double seconds = 10;
  double warmup = 1;
  std::uint64_t count = 0;  ///< messages, connections or queues; 0: until the time is over
  double rate = 0;
  double patience = 10;  ///< seconds without a delivery after which what is missing counts as lost
  double hold = 3;
  unsigned at_once = 4;
  std::uint32_t pipeline = 100;
  std::string directory = ".";

  std::vector<int> pids;
  std::string label;
  bool json = false;
  bool keep = false;
  bool no_setup = false;
};

/// A sub-command of `ternmq perf`.
struct Scenario {
  std::string_view name;
  std::string_view summary;
  /// Which groups of flags it takes, a bit of FlagGroup each.
  unsigned groups;
  /// Sets defaults that are its own before flags are read.
  void (*prepare)(Options&);
};

enum FlagGroup : unsigned {
  flags_target = 1,         ///< where the broker is
  flags_shape = 2,          ///< producers, consumers, queues
  flags_routing = 4,        ///< exchange and bindings
  flags_message = 8,        ///< size, durability
  flags_confirm = 16,       ///< --confirm
  flags_acknowledge = 32,   ///< --auto-ack and its like
  flags_length = 64,        ///< --seconds
  flags_load_length = 128,  ///< --warmup, --rate, --patience
  flags_count = 256,
  flags_hold = 512,
  flags_at_once = 1024,
  flags_pipeline = 2048,
  flags_directory = 4096,
  flags_queue = 8192,     ///< --name, --queue-argument, --durable
  flags_process = 16384,  ///< --pid
};

/// Reads a scenario's flags; says what is wrong with the first that is.
[[nodiscard]] Result<Options> parse_options(const Scenario& scenario,
                                            std::span<const std::string> arguments);

/// The flags of a scenario, a line each.
[[nodiscard]] std::string flags_help(const Scenario& scenario);

}  // namespace tern::perf
