// Dead-lettering as a decision: a message, why it leaves its queue and that queue's settings give
// the message to publish instead, or say that it must be dropped. Headers and cycles follow
// RabbitMQ. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "message/message.hpp"
#include "queue/sink.hpp"

namespace tern::dlq {

/// Where a queue sends its dead letters, and what is to be said of them.
struct Source {
  std::string_view queue;        ///< name of the queue that the message leaves
  std::string_view exchange;     ///< dead-letter exchange; empty: the default exchange
  std::string_view routing_key;  ///< x-dead-letter-routing-key; unused without has_routing_key
  bool has_routing_key = false;
};

struct Republish {
  /// The message with its new exchange, key and headers; `received` is `now` and it has no
  /// expiration of its own any more.
  MessageRef message;
  /// The keys by which it is routed: its own first; with the original ones kept, CC keys too, and
  /// besides these the message's hidden keys.
  std::vector<std::string> routing_keys;
};

/// As `x-death` names it; empty for a message that leaves without dying (released, redriven).
[[nodiscard]] std::string_view reason_name(queue::LeaveReason reason) noexcept;

/// Makes the dead letter; the reason must be one of a death. Headers come out sorted by name:
///   x-death               array of tables, newest first (deaths.hpp)
///   x-first-death-*       exchange, queue, reason of the first death: set if there was no x-death
///   x-last-death-*        the same of this one
///   x-delivery-count, CC  taken out; CC only if there is a routing key in the source
/// A client may have sent an x-death of its own. A list is continued, whatever is in it: entries
/// that are not of this queue and reason stay as they are. Anything else is replaced.
[[nodiscard]] Republish dead_letter(const Message& message, queue::LeaveReason reason,
                                    const Source& source, Time now);

/// Whether sending a dead letter of that reason to the queue named `target` closes a cycle without
/// any rejection in it: then RabbitMQ drops it for that queue. `letter` is Republish::message.
[[nodiscard]] bool closes_cycle(const Message& letter, queue::LeaveReason reason,
                                std::string_view target);

}  // namespace tern::dlq
