// Context: what the parts of one queue share while they carry out a command: settings, rules, the
// time, the counts, and the way out for messages that leave unconsumed. Owned by the queue's
// machine, used on its shard's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "queue/groups.hpp"
#include "queue/message_key.hpp"
#include "queue/queue.hpp"

namespace tern::queue {

/// What a queue has beside its messages while these have groups.
struct Grouping {
  Groups groups{};
  MessageKey key;                             ///< what names a message's group
  std::function<void(Position place)> offer;  ///< puts a parked message back in order
  std::string memory{};                       ///< for keys that are no text in the message

  /// The number by which a message's group is known here; nothing if it has none.
  [[nodiscard]] std::optional<std::uint64_t> hash_of(const Message& message) {
    const auto name = key.of(message, memory);
    if (!name) return std::nullopt;
    return Groups::hash_of(*name);
  }
  /// The group of a message, which holds it from now on; none if it has none, or that is taken.
  [[nodiscard]] Groups::Index hold(const Message& message) {
    const auto hash = hash_of(message);
    return hash ? groups.hold(*hash) : Groups::none;
  }
};

struct Context {
  Settings settings;
  Sink& sink;
  RulesInForce rules{};
  Counts counts{};
  Time now{};                            ///< of the command being carried out
  std::unique_ptr<Grouping> grouping{};  ///< if messages have groups
  bool wake_asked = false;
  /// Lanes that do not know all groups that are held: no message of a group may go out.
  std::uint32_t lanes_claiming = 0;

  /// Whether a message that leaves for this reason goes on to another place (and so must be in
  /// memory); otherwise it is dropped.
  [[nodiscard]] bool forwards(LeaveReason reason) const noexcept {
    return reason == LeaveReason::released || reason == LeaveReason::redriven ||
           rules->has_dead_letter_exchange;
  }

  /// Counts messages that leave.
  void count(LeaveReason reason, std::uint64_t messages = 1) noexcept {
    switch (reason) {
      case LeaveReason::rejected:
        counts.rejected += messages;
        break;
      case LeaveReason::expired:
        counts.expired += messages;
        break;
      case LeaveReason::maxlen:
        counts.overflown += messages;
        break;
      case LeaveReason::delivery_limit:
        counts.over_delivery_limit += messages;
        break;
      case LeaveReason::released:
      case LeaveReason::redriven:
        break;
    }
  }

  /// Sends on a message that the queue has let go of.
  void forward(Forward&& forward) { sink.forward(settings.id, std::move(forward)); }

  /// Asks for Queue::commit_advanced(), once at a time.
  void wake_on_commit() {
    if (wake_asked) return;
    wake_asked = true;
    sink.wake_on_commit(settings.id);
  }

  /// When a message expires here, by the queue's rules or its own; `never` if it does not.
  static constexpr Time never = Time::max();
  [[nodiscard]] static Time own_expiry(const Message& message) noexcept {
    return message.has_ttl() ? message.received() + message.ttl() : never;
  }
  [[nodiscard]] Time expiry(const Message& message) const noexcept {
    const Time own = own_expiry(message);
    if (!rules->message_ttl) return own;
    const Time ruled = later(message.received(), *rules->message_ttl);
    return own < ruled ? own : ruled;
  }
  [[nodiscard]] bool is_expired(const Message& message) const noexcept {
    return expiry(message) <= now;
  }
  /// `from + delay`, or never if that is beyond the calendar.
  [[nodiscard]] static Time later(Time from, Millis delay) noexcept {
    return delay.count() > never.time_since_epoch().count() - from.time_since_epoch().count()
               ? never
               : from + delay;
  }
};

}  // namespace tern::queue
