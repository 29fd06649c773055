// Handshake: connection.start to connection.open, and what both sides agree on. Owned by the
// connection while it lasts.
//
//   start --> start-ok --> tune --> tune-ok --> open --> open-ok
#pragma once

#include "amqp/session_context.hpp"

namespace tern::amqp {

class Handshake {
 public:
  enum class Verdict : std::uint8_t {
    go_on,
    opened,
    hang_up,        ///< close the socket without a word
    hang_up_later,  ///< the same, after a pause that slows down guessing of passwords
  };

  Handshake(SessionContext& context, bool peer_is_loopback)
      : context_(context), peer_is_loopback_(peer_is_loopback) {}

  /// Sends connection.start.
  void start();
  /// Throw ConnectionError for what the client is told in a connection.close.
  [[nodiscard]] Verdict on(const ConnectionStartOk& method);
  [[nodiscard]] Verdict on(const ConnectionTuneOk& method);
  [[nodiscard]] Verdict on(const ConnectionOpen& method);

  /// Whether a fault is answered with connection.close at this step; else the socket just closes.
  [[nodiscard]] bool answers_faults() const noexcept { return answers_faults_; }
  /// Agreed in tune-ok; 0 for none.
  [[nodiscard]] std::uint16_t heartbeat_seconds() const noexcept { return heartbeat_seconds_; }
  [[nodiscard]] std::uint16_t channel_max() const noexcept { return channel_max_; }

 private:
  enum class Step : std::uint8_t { start_ok, tune_ok, open };

  void note_capabilities(TableEntries client_properties);

  SessionContext& context_;
  const bool peer_is_loopback_;
  Step step_ = Step::start_ok;
  bool answers_faults_ = false;
  std::uint16_t heartbeat_seconds_ = 0;
  std::uint16_t channel_max_ = 0;
};

}  // namespace tern::amqp
