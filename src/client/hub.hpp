// What the parts of the client's machine share, and what a part is: a publisher, a consumer, an RPC
// client, the one that declares. Pure; owned by the machine.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "client/operations.hpp"
#include "client/session.hpp"

namespace tern::client {

class ConsumerPart;

struct Hub {
  Operations operations;
  std::string output;                    ///< what is to be written to the socket
  Session* session = nullptr;            ///< while it is open
  Tick now = 0;                          ///< of the call that is being handled
  bool is_blocked = false;               ///< connection.blocked
  std::size_t unwritten_bytes = 0;       ///< what the driver has taken and not written yet
  bool is_room_wanted = false;           ///< somebody has found the output full
  std::vector<ConsumerPart*> with_acks;  ///< have acknowledgements to send at the end of the turn
  std::mt19937_64 random{std::random_device{}()};

  /// Above this, publishers wait until the socket has taken some.
  static constexpr std::size_t output_high_bytes = 4 * 1024 * 1024;

  [[nodiscard]] bool is_output_full() noexcept {
    if (output.size() + unwritten_bytes < output_high_bytes) return false;
    is_room_wanted = true;
    return true;
  }
};

class Part {
 public:
  virtual ~Part() = default;

  /// The connection is open and the topology declared: open the channel.
  virtual void connected() = 0;
  /// The connection is gone, and everything on it. connected() will follow, or stop().
  virtual void lost() = 0;
  /// It is over: everything that waits completes with this error.
  virtual void stop(const error_info& why) = 0;
  /// There may be room again: the broker has unblocked, or output was written.
  virtual void room() {}
  virtual void tick() {}
  [[nodiscard]] virtual Tick next_wake() const { return never; }
  /// connected() has been called and its requests are not all answered.
  [[nodiscard]] virtual bool is_opening() const noexcept = 0;
  /// Nobody needs it any more and its channel is closed: the machine may destroy it.
  [[nodiscard]] virtual bool is_finished() const noexcept = 0;
};

}  // namespace tern::client
