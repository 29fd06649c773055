// Where to connect and how: hosts, login, TLS, heartbeat, limits, recovery. Also the options that
// every single operation takes.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ternmq/error.hpp"
#include "ternmq/table.hpp"

namespace ternmq {

/// For one operation; all may stay as they are.
struct operation_options {
  /// After this the operation completes with errc::timed_out; 0: it waits as long as it takes.
  std::chrono::milliseconds timeout{0};
  /// If set, gets the error with the broker's words. It must live until the operation completes.
  error_info* info = nullptr;
};

/// Where a broker listens.
struct endpoint {
  /// A name or an address.
  std::string host = "localhost";
  /// 5671 is usual with TLS.
  std::uint16_t port = 5672;
  /// Whether it is for amqps:// connections.
  bool tls = false;
  /// Whether all is equal.
  friend bool operator==(const endpoint&, const endpoint&) = default;
};

/// How amqps:// connections are made and whom they trust.
struct tls_options {
  bool verify_peer = true;       ///< its certificate, and that it is for this host
  std::string ca_file;           ///< PEM; empty: what the system trusts
  std::string certificate_file;  ///< PEM chain of this client; empty: none
  std::string key_file;          ///< PEM
  std::string server_name;       ///< for SNI and the host check; empty: the endpoint's host
};

/// What happens when a connection breaks.
struct recovery_options {
  /// Try again, until rounds_max.
  bool enabled = true;
  /// The first wait; each further one is twice as long, up to delay_max.
  std::chrono::milliseconds delay_min{100};
  /// No wait is longer.
  std::chrono::milliseconds delay_max{30'000};
  /// The part of a wait that is drawn at random, so that many clients do not come back at once.
  double jitter = 0.5;
  /// Rounds through all hosts before it gives up; 0: never.
  unsigned rounds_max = 0;
};

/// How to log in.
enum class auth_mechanism : std::uint8_t {
  plain,     ///< user and password
  external,  ///< the certificate of this client
};

/// Where to connect and how.
struct connection_options {
  /// Tried in this order; after a loss, the one that broke comes last.
  std::vector<endpoint> endpoints{endpoint{}};
  /// To log in with.
  std::string user = "guest";
  /// To log in with; never logged.
  std::string password = "guest";
  /// The virtual host.
  std::string vhost = "/";
  /// How to log in.
  auth_mechanism mechanism = auth_mechanism::plain;
  /// Shown in the broker's list of connections.
  std::string connection_name{};
  /// Added to what the client says of itself; same names replace.
  table client_properties{};
  /// 0: none. The broker may ask for less.
  std::chrono::seconds heartbeat{60};
  /// Bytes of a frame at most; the broker may ask for less.
  std::uint32_t frame_max = 131'072;
  /// Channels at most; the broker may ask for fewer.
  std::uint16_t channel_max = 2047;
  /// For one host: from the first packet to an open connection.
  std::chrono::milliseconds connect_timeout{10'000};
  tls_options tls{};            ///< for those endpoints that have TLS
  recovery_options recovery{};  ///< what happens when the connection breaks

  /// From `amqp[s]://user:password@host:port/vhost?heartbeat=10`, as RabbitMQ's URI specification
  /// has it; percent signs are decoded. Parameters: heartbeat, connection_timeout (ms),
  /// channel_max, frame_max, auth_mechanism, cacertfile, certfile, keyfile, verify,
  /// server_name_indication, connection_name. Throws failure if it is none.
  [[nodiscard]] static connection_options from_url(std::string_view url);
  /// The same of several hosts; all but host, port and TLS is taken from the first URL.
  [[nodiscard]] static connection_options from_urls(const std::vector<std::string>& urls);
};

/// Does not throw: reads `url` into `options`, which keeps what the URL does not mention.
[[nodiscard]] error_info parse_url(std::string_view url, connection_options& options);

}  // namespace ternmq
