// Strong names for the things that commands between shards refer to. Ids, never pointers, cross
// from one shard to another.
#pragma once

#include <cstdint>
#include <functional>

namespace tern {

/// A queue, for ever: an id is never used again, not even after the queue was deleted (the store
/// keys messages by it). 0 means none. The top bit is reserved for the store's spill streams.
enum class QueueId : std::uint32_t { none = 0 };

/// A shard, 0-based.
enum class ShardId : std::uint16_t {};

/// A message's place in its queue: counted from 1 by the queue, persistent and transient alike.
using Position = std::uint64_t;

/// A session (one client connection) wherever it lives. Never reused within a run; 0 means none.
struct SessionId {
  ShardId shard{};
  std::uint64_t number = 0;

  friend bool operator==(const SessionId&, const SessionId&) = default;
  explicit operator bool() const noexcept { return number != 0; }
};

/// A consumer of a session: counted by the session, never reused by it. 0 stands for basic.get.
using ConsumerNumber = std::uint32_t;

/// A channel of a session: counted by the session, never reused by it (channel numbers are).
using ChannelInstance = std::uint32_t;

struct ConsumerId {
  SessionId session;
  ConsumerNumber number = 0;

  friend bool operator==(const ConsumerId&, const ConsumerId&) = default;
};

/// Who wants to hear that a published message is safe. A token without a session is nobody.
struct PublisherToken {
  SessionId session;
  ChannelInstance channel = 0;
  std::uint64_t sequence = 0;  ///< the publish's number on its channel, from 1; 0: no confirm
};

[[nodiscard]] constexpr std::uint32_t raw(QueueId id) noexcept {
  return static_cast<std::uint32_t>(id);
}
[[nodiscard]] constexpr std::uint16_t raw(ShardId id) noexcept {
  return static_cast<std::uint16_t>(id);
}

}  // namespace tern

template <>
struct std::hash<tern::SessionId> {
  std::size_t operator()(const tern::SessionId& id) const noexcept {
    return id.number * 0x9E3779B97F4A7C15ULL + tern::raw(id.shard);
  }
};
template <>
struct std::hash<tern::ConsumerId> {
  std::size_t operator()(const tern::ConsumerId& id) const noexcept {
    return std::hash<tern::SessionId>{}(id.session) * 31 + id.number;
  }
};
