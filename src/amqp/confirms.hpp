// ConfirmBook: which publishes of a channel in confirm mode are still waiting for their queues.
// Confirms leave in order; completed neighbours with the same outcome leave as one. Owned by the
// channel. No allocation per message once warm.
#pragma once

#include <cstdint>

#include "amqp/ring.hpp"

namespace tern::amqp {

class ConfirmBook {
 public:
  /// A run of publishes that are done: those up to and including `last` not told before.
  struct Run {
    std::uint64_t last = 0;
    bool multiple = false;  ///< more than one
    bool refused = false;
  };

  /// Notes the next publish, sent to `targets` queues; 0: it is done. Returns its sequence, from 1.
  std::uint64_t add(std::uint32_t targets) {
    waiting_.push_back({targets, false});
    return first_ + waiting_.size() - 1;
  }
  /// One more target of a publish noted before has answered. A sequence that is done is ignored.
  void settle(std::uint64_t sequence, bool refused) noexcept;

  /// The next run that can be told, taken from the book; `last` is 0 when there is none.
  [[nodiscard]] Run take() noexcept;
  [[nodiscard]] bool has_done() noexcept { return !waiting_.empty() && waiting_.front().left == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }

 private:
  struct Entry {
    std::uint32_t left = 0;
    bool refused = false;
  };

  std::uint64_t first_ = 1;  // sequence of the front
  Ring<Entry> waiting_;
};

}  // namespace tern::amqp
