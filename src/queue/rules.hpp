// Rules: what a queue's arguments and policies add up to, as the queue wants it. They may change
// while the queue is in use (Queue::configure); everything in them takes effect at once on what is
// queued already. Plain values.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace tern::queue {

enum class Overflow : std::uint8_t {
  drop_head,           ///< the oldest ready message goes (reason maxlen)
  reject_publish,      ///< the new one is refused
  reject_publish_dlx,  ///< the new one is refused, and dead-lettered too
};

/// Backoff of returned messages: RabbitMQ 4.3's delayed retry and what TernMQ adds.
struct Retry {
  enum class Type : std::uint8_t {
    disabled,
    all,
    failed,    ///< whose consumer went away, timed out or broke
    returned,  ///< that the consumer gave back (nack, reject, recover)
  };
  Type type = Type::disabled;
  Millis min{0};
  Millis max{0};                     ///< 0: no upper bound
  std::uint32_t multiplier = 0;      ///< 0: linear, min * count; else min * multiplier^(count - 1)
  std::uint32_t jitter_percent = 0;  ///< the delay varies by up to this share, both ways; 0 to 100

  friend bool operator==(const Retry&, const Retry&) = default;
};

/// Deduplication of what is published to the queue.
struct Deduplication {
  bool enabled = false;
  std::string header;  ///< whose value is the key; empty, or missing in a message: message-id
  std::optional<Millis> window;      ///< x-cache-ttl; nothing: no bound in time
  std::uint64_t keys_max = 100'000;  ///< x-cache-size

  friend bool operator==(const Deduplication&, const Deduplication&) = default;
};

struct Rules {
  std::optional<Millis> message_ttl;              ///< 0: deliver at once or expire
  std::optional<Millis> expires;                  ///< unused for this long: the queue goes
  std::optional<std::uint64_t> length_max;        ///< ready messages
  std::optional<std::uint64_t> length_bytes_max;  ///< bytes of their bodies
  Overflow overflow = Overflow::drop_head;
  /// Messages that leave unconsumed are handed to Sink::forward; else they are dropped.
  bool has_dead_letter_exchange = false;
  std::optional<std::uint32_t> delivery_limit;  ///< returns a message survives
  bool shows_delivery_count = false;            ///< Delivery::shows_count
  bool single_active_consumer = false;
  std::optional<Millis> consumer_timeout;  ///< unacked for this long: the consumer is cut off
  Millis delivery_delay{0};                ///< every message waits this long before it is ready
  Retry retry;
  std::string group;  ///< header or property that names a message's group; empty: no groups
  Deduplication deduplication;
  /// Share of deliveries of each priority level, lowest first; empty: strictly highest first.
  std::vector<std::uint32_t> priority_weights;

  friend bool operator==(const Rules&, const Rules&) = default;
};

inline const Rules default_rules{};

/// The rules that a queue works by. Rules are large and most queues have the default ones, so these
/// are kept once for all queues.
class RulesInForce {
 public:
  void set(const Rules& rules) {
    rules_.reset(rules == default_rules ? &default_rules : new Rules(rules));
  }
  [[nodiscard]] const Rules& operator*() const noexcept { return *rules_; }
  [[nodiscard]] const Rules* operator->() const noexcept { return rules_.get(); }

 private:
  struct Release {
    void operator()(const Rules* rules) const noexcept {
      if (rules != &default_rules) delete rules;
    }
  };
  std::unique_ptr<const Rules, Release> rules_{&default_rules};
};

}  // namespace tern::queue
