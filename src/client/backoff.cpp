#include "client/backoff.hpp"

#include <algorithm>

namespace tern::client {

std::optional<Backoff::Attempt> Backoff::next(std::mt19937_64& random) {
  Tick delay = 0;
  if (tried_ >= hosts_) {
    ++rounds_;
    if (options_.rounds_max > 0 && rounds_ >= options_.rounds_max) return std::nullopt;
    tried_ = 0;
    delay = wait(random);
  } else if (attempts_ == 0 && hosts_ == 1) {
    // One host alone gets a wait before the first attempt: it has just gone away.
    delay = wait(random);
  }
  host_ = (host_ + 1) % hosts_;
  ++tried_;
  ++attempts_;
  return Attempt{host_, delay};
}

void Backoff::succeeded() noexcept {
  tried_ = 0;
  rounds_ = 0;
  attempts_ = 0;
}

Tick Backoff::wait(std::mt19937_64& random) const {
  const Tick most = options_.delay_max.count();
  Tick full = std::max<Tick>(options_.delay_min.count(), 0);
  for (unsigned round = 1; round < rounds_ && full < most; ++round) full *= 2;
  full = std::min(full, most);
  const double jitter = std::clamp(options_.jitter, 0.0, 1.0);
  const double part = std::uniform_real_distribution<double>(0.0, 1.0)(random) * jitter;
  return full - static_cast<Tick>(static_cast<double>(full) * part);
}

}  // namespace tern::client
