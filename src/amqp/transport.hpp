// What a connection machine needs of whoever carries its bytes, and the settings that all
// connections of a listener share. src/net implements Transport with a socket, tests fake it.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.hpp"
#include "message/ids.hpp"

namespace tern::amqp {

/// Called on the connection's shard, from inside any call into the connection or from a call back
/// of the broker. An implementation only takes note and acts later in the turn.
class Transport {
 public:
  virtual ~Transport() = default;

  /// There is something to write. Called once until Connection::before_flush(), also while a write
  /// is under way.
  virtual void output_pending() = 0;
  /// The machine takes input again after Connection::feed() had left some: feed it what is left.
  virtual void input_resumed() = 0;
  /// Nothing more will be written: flush, then close the socket. The rest of the input is void.
  /// `peer_first`: the peer has said goodbye and closes its side itself; it is given a moment.
  virtual void close_when_flushed(bool peer_first) = 0;
  /// The connection would rather live on another shard and has nothing outstanding here. Once its
  /// output is written: Connection::leave(), and arrive() over there; or stay() if that cannot be.
  virtual void move_wanted(ShardId to) = 0;
  /// Close the socket now.
  virtual void abort() = 0;
};

/// Where the peer is.
struct Peer {
  bool is_loopback = false;
  std::string address;  ///< for the log
};

/// 64 unpredictable bits from the system.
[[nodiscard]] std::uint64_t random_bits();

/// Shared by all connections of a listener; outlives them.
struct ConnectionOptions {
  std::uint16_t channel_max = 2047;
  std::uint32_t frame_max = 131072;
  std::uint16_t heartbeat_seconds = 60;
  Millis handshake_timeout{10'000};
  Millis close_timeout{30'000};  ///< how long a peer may take to answer connection.close
  std::uint64_t message_bytes_max = 128ULL << 20;
  std::uint64_t consumer_window_bytes = 256ULL << 10;
  /// Replies waiting to be written before no more input is taken; deliveries have their own bound,
  /// consumer_window_bytes.
  std::size_t output_high_bytes = 1ULL << 20;
  /// Consumers' windows open again when less than this waits to be written.
  std::size_t output_low_bytes = 64ULL << 10;
  /// server-properties as RabbitMQ 3.13 sends them, so that clients choose that dialect.
  bool present_as_rabbitmq = true;
  std::string cluster_name = "rabbit@localhost";
  std::string version = "0.1.0";
  std::uint64_t (*random)() = random_bits;
};

}  // namespace tern::amqp
