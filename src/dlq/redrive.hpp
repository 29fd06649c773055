// Redriving: sending a message on from the queue where it waits as a dead letter, to where it came
// from or to a queue of the operator's choice. Pure; any thread.
//
// A redriven message begins a new life, and its marks say so:
//   x-redriven        table: count l (how often, this time included), queue S, time T (seconds)
//   x-redriven-death  what was in x-death, newest first, at most redriven_deaths_max entries
//   x-death           taken out: with it there, the first expiry after a redrive could close a
//                     "cycle" that an operator opened, and consumers that count their retries
//                     by x-death would give up at once
//   x-first-death-*, x-last-death-*  stay until the next death writes them anew
// An expiration that an earlier death took off is not given back: it would only expire again. The
// history says what it was.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "dlq/dead_letter.hpp"

namespace tern::dlq {

inline constexpr std::size_t redriven_deaths_max = 64;

/// Where a message is published to. The first key becomes the message's own, the others its CC.
struct Destination {
  std::string exchange;  ///< empty: the default exchange
  std::vector<std::string> routing_keys;
};

/// Where the message was published to before it died for the first time, by the entry of x-death
/// that x-first-death-queue and -reason name, or else the last one. Error: why that is not known,
/// as the end of a sentence about the message.
/// Headers are what clients make of them, so whoever publishes there on an operator's behalf checks
/// the operator's permission, not the message's claim.
[[nodiscard]] Result<Destination> origin_of(const Message& message);

/// The default exchange with the queue's name as the key.
[[nodiscard]] Destination to_queue(std::string_view queue);

/// Makes the message to publish to `to` in place of `message`, which waits in the queue `from`.
/// The destination has at least one key, and names of at most 255 octets.
[[nodiscard]] Republish redrive(const Message& message, std::string_view from,
                                const Destination& to, Time now);

}  // namespace tern::dlq
