// Delivery time: when a message asks to be delivered, by headers. Pure; any thread.
//
//   x-delay                        int, ms from now; only on x-delayed-message exchanges
//   x-deliver-at, x-opt-delivery-time      int or timestamp: absolute, ms since the Unix epoch
//   x-delivery-delay, x-opt-delivery-delay int, ms from now
#pragma once

#include <optional>

#include "base/time.hpp"
#include "message/message.hpp"

namespace tern {

/// Whether header entries hold one of the names above with a number: MessageParts::is_timed. Cheap;
/// asked once for each message that has headers.
[[nodiscard]] bool asks_for_delivery_time(Bytes headers) noexcept;

/// When a timed message is to be delivered, at any queue: by x-deliver-at, x-delivery-delay and
/// their AMQP 1.0 names; nothing if it asks for no time, or one that is not after `now`. 64-bit
/// milliseconds: no bound but the calendar's.
[[nodiscard]] std::optional<Time> delivery_time(const Message& message, Time now);

/// The same for x-delayed-message exchanges, by x-delay: missing, negative or no number means now.
[[nodiscard]] std::optional<Time> exchange_delay(const Message& message, Time now);

}  // namespace tern
