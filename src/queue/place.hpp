// Place: a message's position within its queue, as deliveries and settlements carry it: the
// position in its stream, and which stream that is.
//
//   bits 0-47 position in the stream · 48-55 priority level · 56 the delayed set
#pragma once

#include "message/ids.hpp"

namespace tern::queue {

inline constexpr unsigned level_shift = 48;
inline constexpr Position position_mask = (Position{1} << level_shift) - 1;
inline constexpr Position delayed_bit = Position{1} << 56;

[[nodiscard]] constexpr Position place_in_level(std::uint8_t level, Position position) noexcept {
  return Position{level} << level_shift | position;
}
[[nodiscard]] constexpr Position place_in_delayed(Position position) noexcept {
  return delayed_bit | position;
}
[[nodiscard]] constexpr bool is_delayed_place(Position place) noexcept {
  return (place & delayed_bit) != 0;
}
[[nodiscard]] constexpr std::uint8_t level_of_place(Position place) noexcept {
  return static_cast<std::uint8_t>(place >> level_shift);
}
[[nodiscard]] constexpr Position position_of_place(Position place) noexcept {
  return place & position_mask;
}

/// The stream of a queue's delayed set. Ids of queues leave this bit free (topology).
inline constexpr std::uint32_t delayed_stream_bit = 0x2000'0000;
[[nodiscard]] constexpr QueueId delayed_stream(QueueId queue) noexcept {
  return QueueId{raw(queue) | delayed_stream_bit};
}

/// The queue of a delayed stream; any other id as it is.
[[nodiscard]] constexpr QueueId queue_of_delayed(QueueId stream) noexcept {
  return QueueId{raw(stream) & ~delayed_stream_bit};
}

}  // namespace tern::queue
