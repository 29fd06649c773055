// The table itself. A new setting is a field in Config and an entry here; then run
// `ternmq check --print-docs > docs/configuration.md`.
#include "config/options.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/ensure.hpp"
#include "config/units.hpp"

namespace tern::config {

namespace {

// Names of users and virtual hosts travel as AMQP short strings.
constexpr std::size_t name_bytes_max = 255;

std::string_view check_name(std::string& text) {
  if (text.empty()) return "is empty";
  if (text.size() > name_bytes_max) return "is longer than 255 bytes";
  return {};
}

std::string_view check_not_empty(std::string& text) {
  return text.empty() ? "is empty" : "";
}

// Brackets, as in a URL, are taken off; a scope (fe80::1%eth0) is left for the system to judge.
std::string_view check_address(std::string& text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
  }
  const std::string address = text.substr(0, text.find('%'));
  in6_addr parsed{};
  if (inet_pton(AF_INET6, address.c_str(), &parsed) == 1) return {};
  if (inet_pton(AF_INET, text.c_str(), &parsed) == 1) return {};
  return "is not an IP address";
}

// The key is the path of the field, so that the two cannot differ.
#define TERN_FIELD(path) \
  .key = #path, .field = [](Config& c) -> decltype(c.path)& { return c.path; }

constexpr std::uint64_t second = 1000;
constexpr std::uint64_t hour = 3600 * second;

const Option table[] = {
    {TERN_FIELD(data_dir),
     .help = "Directory in which everything durable lives. It is made when missing, and one broker "
             "at a time may use it.",
     .check = check_not_empty, .text_is = "a directory"},
    {TERN_FIELD(in_memory),
     .help = "Keep nothing on disk: everything is gone when the broker stops. For tests and CI."},
    {TERN_FIELD(shards),
     .help = "Threads that serve connections and queues. 0 means one for each processor core.",
     .min = 0, .max = 1024},
    {TERN_FIELD(default_user),
     .help = "User made in an empty data directory, who may do everything. Also read from "
             "RABBITMQ_DEFAULT_USER.",
     .check = check_name, .text_is = "a name of 1 to 255 bytes"},
    {TERN_FIELD(default_pass),
     .help = "Password of that user. Also read from RABBITMQ_DEFAULT_PASS. A flag is visible to "
             "every user of the machine; prefer the file or the environment.",
     .check = check_not_empty, .text_is = "text that is not empty", .secret = true},
    {TERN_FIELD(default_vhost),
     .help = "Virtual host made in an empty data directory. Also read from RABBITMQ_DEFAULT_VHOST.",
     .check = check_name, .text_is = "a name of 1 to 255 bytes"},
    {TERN_FIELD(loopback_users),
     .help = "Users who may log in only from the broker's own machine. An empty list lets "
             "everybody in from everywhere, guest included.",
     .check = check_name, .text_is = "user names"},
    {TERN_FIELD(definitions),
     .help = "Definitions (RabbitMQ's JSON: virtual hosts, users, policies, exchanges, queues, "
             "bindings) that are taken over at each start, before the broker listens. A "
             "directory stands for all *.json in it. What is there already stays as it is; if "
             "anything is wrong, nothing is taken over and the broker does not start.",
     .text_is = "a file or a directory, or empty"},

    {TERN_FIELD(log.level), .help = "The least important lines that are written to the log."},
    {TERN_FIELD(log.file), .help = "File that the log is appended to. Empty means standard error.",
     .text_is = "a file, or empty"},

    {TERN_FIELD(control.socket),
     .help = "Unix domain socket on which `ternmq ctl` talks to the broker; only the broker's own "
             "user may open it. Empty means `control.sock` in the data directory, and none with "
             "in_memory.",
     .text_is = "a path, or empty"},

    {TERN_FIELD(amqp.bind),
     .help = "Addresses to listen on for AMQP. `::` takes IPv6 and IPv4 connections on every "
             "interface; `127.0.0.1` only local ones.",
     .check = check_address, .text_is = "IP addresses"},
    {TERN_FIELD(amqp.port),
     .help =
         "Port to listen on for AMQP. 0 means any free port; the log says which one was chosen.",
     .min = 0, .max = 65535},
    {TERN_FIELD(amqp.heartbeat),
     .help = "Heartbeat proposed to clients; a client may ask for another. A connection that is "
             "silent for two to three times as long is closed. 0 means none.",
     .min = 0, .max = 65535 * second},
    {TERN_FIELD(amqp.frame_max),
     .help = "Largest frame proposed to clients; larger bodies are split.", .min = 4096,
     .max = 16 * MiB, .unit = Unit::bytes},
    {TERN_FIELD(amqp.channel_max), .help = "Channels that one connection may have open at a time.",
     .min = 1, .max = 65535},
    {TERN_FIELD(amqp.handshake_timeout),
     .help =
         "Time from a client's connecting to its first virtual host; a slower one is disconnected.",
     .min = 100, .max = hour},
    {TERN_FIELD(amqp.max_message_size),
     .help =
         "Largest message body taken. A larger one closes its channel with PRECONDITION_FAILED.",
     .min = 1 * KiB, .max = 512 * MiB, .unit = Unit::bytes},
    {TERN_FIELD(amqp.max_connections),
     .help = "AMQP connections open at a time; further ones are closed.", .min = 1,
     .max = 1'000'000},

    {TERN_FIELD(queue.window_head_bytes),
     .help = "Messages that each queue keeps in memory at its head, ready to be delivered.",
     .min = 4 * KiB, .max = 16 * GiB, .unit = Unit::bytes},
    {TERN_FIELD(queue.window_tail_bytes),
     .help = "Messages that each queue keeps in memory at its tail, where they arrive. What lies "
             "between head and tail is on disk only.",
     .min = 4 * KiB, .max = 16 * GiB, .unit = Unit::bytes},
    {TERN_FIELD(queue.consumer_output_bytes),
     .help = "Deliveries to one consumer that may wait for its connection to be written. A "
             "consumer that does not read gets no more, whatever its prefetch.",
     .min = 4 * KiB, .max = 1 * GiB, .unit = Unit::bytes},

    {TERN_FIELD(store.commit_bytes_max),
     .help = "Messages written to disk and synced as one commit, at most.", .min = 64 * KiB,
     .max = 256 * MiB, .unit = Unit::bytes},
    {TERN_FIELD(store.epoch_bytes),
     .help = "Messages in one file of the store. Larger ones write less to the disk and use more "
             "memory.",
     .min = 1 * MiB, .max = 4 * GiB, .unit = Unit::bytes},
    {TERN_FIELD(store.ack_delay),
     .help = "How long acknowledgements may wait for a commit when there are no messages to write. "
             "Messages never wait.",
     .min = 0, .max = 10 * second},
    {TERN_FIELD(store.pending_bytes_max),
     .help = "Messages that may wait to be written before their publishers are held back.",
     .min = 1 * MiB, .max = 16 * GiB, .unit = Unit::bytes},
    {TERN_FIELD(store.rewrite_live_percent),
     .help = "A file of the store is rewritten, to give disk space back, when less than this part "
             "of it is still needed. 0 means never: a file goes when all of it is settled.",
     .min = 0, .max = 90, .unit = Unit::percent},
    {TERN_FIELD(store.accept_damaged_log),
     .help =
         "Start although the store's log is damaged by more than a crash or a power cut can do. "
         "Messages and changes written after the damage are lost for good: copy the data "
         "directory first, and turn this off again afterwards."},

    {TERN_FIELD(policies.merge),
     .help =
         "Of several policies that match a queue or exchange, all count: each key is set by the "
         "one of the highest priority that has it. `false` lets only the one of the highest "
         "priority count, as in RabbitMQ."},

    {TERN_FIELD(compat.present_as_rabbitmq),
     .help =
         "Tell clients that this is RabbitMQ 3.13, which some of them look for before they use a "
         "feature. TernMQ's own name and version are always there too, under keys of their own."},
};

#undef TERN_FIELD

}  // namespace

std::span<const Option> options() {
  return table;
}

std::vector<std::string> check_together(const Config& config) {
  std::vector<std::string> errors;
  if (config.amqp.bind.empty()) {
    errors.push_back("amqp.bind is empty, so nobody could connect; name at least one address");
  }
  const auto at_least = [&](std::string_view large, std::uint64_t large_bytes,
                            std::string_view small, std::uint64_t small_bytes) {
    if (large_bytes >= small_bytes) return;
    errors.push_back(
        fmt::format("{} = {} is smaller than {} = {}; raise the first or lower the second", large,
                    format_size(large_bytes), small, format_size(small_bytes)));
  };
  at_least("store.epoch_bytes", config.store.epoch_bytes, "store.commit_bytes_max",
           config.store.commit_bytes_max);
  at_least("store.pending_bytes_max", config.store.pending_bytes_max, "store.commit_bytes_max",
           config.store.commit_bytes_max);
  return errors;
}

}  // namespace tern::config
