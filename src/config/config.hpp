// Config: every setting of a broker, as plain typed fields. It is filled once, before anything
// starts (load.hpp), and only read afterwards; parts that need a few settings copy them.
//
// A field's path here is its key in the file: `config.amqp.port` is `port` under `[amqp]`. The
// initial values below are the defaults; names, ranges and help texts are in options.cpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/log.hpp"

namespace tern::config {

inline constexpr std::uint64_t KiB = 1024;
inline constexpr std::uint64_t MiB = 1024 * KiB;
inline constexpr std::uint64_t GiB = 1024 * MiB;

/// Of the control socket in the data directory.
inline constexpr const char* control_socket_name = "control.sock";

struct Config {
  /// Where everything durable lives; made when missing. Unused with `in_memory`.
  std::string data_dir = "ternmq-data";
  /// Keep nothing on disk: for tests and CI.
  bool in_memory = false;
  /// Shard threads; 0 = one per core.
  std::uint32_t shards = 0;

  /// Made in an empty data directory: the first virtual host and a user who may do everything.
  std::string default_user = "guest";
  std::string default_pass = "guest";
  std::string default_vhost = "/";
  /// Users who may log in only over the loopback interface.
  std::vector<std::string> loopback_users = {"guest"};
  /// Definitions taken over at each start, before the listeners open: a file, or a directory of
  /// *.json. Empty = none.
  std::string definitions;

  struct Log {
    LogLevel level = LogLevel::info;
    /// Empty = standard error.
    std::string file;
  } log;

  struct Control {
    /// Where `ternmq ctl` finds the broker. Empty = control.sock in the data directory.
    std::string socket;
  } control;

  struct Amqp {
    /// IP addresses without brackets. `::` takes IPv4 connections too.
    std::vector<std::string> bind = {"::"};
    /// 0 = any free port; the one that was chosen is logged.
    std::uint16_t port = 5672;
    /// What connection.tune proposes; 0 = no heartbeats.
    std::chrono::seconds heartbeat{60};
    /// Bytes of a whole frame that connection.tune proposes, at least 4096.
    std::uint32_t frame_max = 131072;
    std::uint16_t channel_max = 2047;
    /// From accept to connection.open-ok.
    std::chrono::milliseconds handshake_timeout{10'000};
    /// Bytes of one message's body.
    std::uint64_t max_message_size = 128 * MiB;
    std::uint32_t max_connections = 65536;
  } amqp;

  struct Queue {
    /// Bytes of messages that each queue keeps in memory at its head and at its tail; what lies
    /// between is on disk only.
    std::uint64_t window_head_bytes = 16 * MiB;
    std::uint64_t window_tail_bytes = 16 * MiB;
    /// Bytes handed to one consumer and not yet written to its socket.
    std::uint64_t consumer_output_bytes = 256 * KiB;
  } queue;

  struct Store {
    std::uint64_t commit_bytes_max = 4 * MiB;
    std::uint64_t epoch_bytes = 128 * MiB;
    /// How long settlements alone may wait for a commit; messages never wait.
    std::chrono::milliseconds ack_delay{5};
    /// Bytes that wait for a commit before publishers are held back.
    std::uint64_t pending_bytes_max = 64 * MiB;
    /// An epoch is rewritten when less than this share of it is live.
    std::uint32_t rewrite_live_percent = 40;
    /// Start although part of the log cannot be read; what was written after it is lost.
    bool accept_damaged_log = false;
  } store;

  struct Policies {
    /// Every policy that matches a queue counts, key by key; else the highest priority wins alone.
    bool merge = true;
  } policies;

  struct Compat {
    /// server-properties are those of RabbitMQ 3.13, with our own name and version under
    /// keys of our own.
    bool present_as_rabbitmq = true;
  } compat;
};

}  // namespace tern::config
