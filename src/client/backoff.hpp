// Backoff: which host to try next, and when. Hosts are tried in order without a wait; after a round
// in which none has taken the connection comes a wait, twice as long each time, a part of it drawn
// at random. Pure: randomness is handed in.
#pragma once

#include <cstddef>
#include <optional>
#include <random>

#include "client/operations.hpp"
#include "ternmq/options.hpp"

namespace tern::client {

class Backoff {
 public:
  struct Attempt {
    std::size_t host = 0;
    Tick delay = 0;
  };

  Backoff(const ternmq::recovery_options& options, std::size_t hosts)
      : options_(options), hosts_(hosts) {}

  /// The connection to the current host broke, or could not be made: what to try next. Nothing:
  /// all rounds have been tried.
  [[nodiscard]] std::optional<Attempt> next(std::mt19937_64& random);
  /// The connection is made: the next loss begins anew, with the host after this one.
  void succeeded() noexcept;
  [[nodiscard]] std::size_t host() const noexcept { return host_; }
  /// All hosts have been tried since the last success.
  [[nodiscard]] bool is_round_over() const noexcept { return tried_ >= hosts_; }
  [[nodiscard]] unsigned attempts() const noexcept { return attempts_; }
  void first_attempt() noexcept { attempts_ = tried_ = 1; }

 private:
  [[nodiscard]] Tick wait(std::mt19937_64& random) const;

  ternmq::recovery_options options_;
  std::size_t hosts_;
  std::size_t host_ = 0;
  std::size_t tried_ = 0;  // in this round
  unsigned rounds_ = 0;
  unsigned attempts_ = 0;
};

}  // namespace tern::client
