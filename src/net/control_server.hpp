// ControlServer: the Unix domain socket on which `ternmq ctl` talks to a running broker: a line of
// JSON in, a line out (broker/control.hpp). It has a thread of its own, so that a long export or
// import holds up no shard. Whoever may open the socket may do everything: mode 0600.
//
// Made, started and stopped by the main thread.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "broker/control.hpp"

namespace tern::net {

class ControlServer {
 public:
  /// Bytes of one request or reply; a definitions file and its escapes fit.
  static constexpr std::size_t line_bytes_max = 192U << 20;
  static constexpr std::size_t connections_max = 16;

  /// Listens at `path`. A socket that a dead broker left there is replaced: the data directory's
  /// lock says that nobody else uses it. The error says what, where and what to do.
  [[nodiscard]] static Result<std::unique_ptr<ControlServer>> start(const std::string& path,
                                                                    broker::Control control);
  /// Stops and removes the socket. Before the shards stop.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  struct Room;
  explicit ControlServer(std::unique_ptr<Room> room);

  std::unique_ptr<Room> room_;
};

}  // namespace tern::net
