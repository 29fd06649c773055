// HoldTimes: since when one consumer holds its unacked messages, for timeouts: a list in order of
// delivery. Settling costs nothing here; what was settled is found out at the front and, when the
// list has grown to twice what is held, throughout. Owned by a record of Consumers.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/time.hpp"
#include "message/ids.hpp"

namespace tern::queue {

class HoldTimes {
 public:
  /// Whether the consumer holds the message at a place (place.hpp) now.
  using IsHeld = std::function<bool(Position place)>;

  /// The consumer was given the message at `place`; `unacked` is how many it holds now.
  void delivered(Position place, Time now, std::uint32_t unacked, const IsHeld& is_held);
  /// The message at `place` came back, so that it may be delivered again.
  void returned(Position place);
  /// Since when the oldest is held; nothing if none is.
  [[nodiscard]] std::optional<Time> oldest(const IsHeld& is_held);
  /// Everything held, in order of delivery.
  [[nodiscard]] std::vector<Position> held(const IsHeld& is_held);
  /// Entries in memory.
  [[nodiscard]] std::size_t resident() const noexcept { return deliveries_.size(); }

 private:
  struct Delivered {
    Time at;
    Position place;
  };

  [[nodiscard]] bool is_over(const Delivered& delivery, const IsHeld& is_held);
  void tidy(const IsHeld& is_held);

  std::deque<Delivered> deliveries_;
  std::unordered_map<Position, std::uint32_t> returned_;  ///< how often, with entries in the list
};

}  // namespace tern::queue
