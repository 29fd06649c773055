// Router: from a message to its queues, on one shard's replica. Follows exchange-to-exchange
// bindings (each exchange once, so loops end), CC and BCC keys and alternate exchanges.
#pragma once

#include <span>
#include <vector>

#include "broker/broker.hpp"
#include "broker/replica.hpp"
#include "exchange/target_set.hpp"

namespace tern::broker {

/// The shard that owns a queue follows from its id, on every shard and after every restart.
[[nodiscard]] constexpr QueueAddress address_of(QueueId id, std::uint32_t shards) noexcept {
  return {id, ShardId{static_cast<std::uint16_t>(raw(id) % shards)}};
}

class Router {
 public:
  Router(const Replica& replica, std::uint32_t shards) : replica_(replica), shards_(shards) {}

  /// Whether `cache` answers for this message: the same vhost, exchange, key and topology, and no
  /// header that changes the way.
  [[nodiscard]] bool is_cached(const RouteCache& cache, std::uint32_t vhost, const Message& message,
                               Bytes headers) const;

  /// The keys by which it is routed: its own, those of CC and BCC, and its hidden ones. Valid until
  /// the next call.
  [[nodiscard]] std::span<const Bytes> keys_of(const Message& message, Bytes headers) {
    collect_keys(message, headers);
    return keys_;
  }

  /// Fills `cache.targets`. The exchange of the message exists (`from`), or is the default exchange
  /// (null). `headers` are the message's encoded header entries. An exchange with a gate routes to
  /// that alone, unless the message `is_past_gate` of `from` already.
  void route(std::uint32_t vhost, const RoutedExchange* from, const Message& message, Bytes headers,
             RouteCache& cache, bool is_past_gate = false);

 private:
  void collect_keys(const Message& message, Bytes headers);
  void visit(const RoutedExchange& exchange, const Message& message, Bytes headers);
  void visit_or_wait(const RoutedExchange& exchange);

  const Replica& replica_;
  std::uint32_t shards_;
  // Scratch of one route, kept for its memory.
  std::vector<Bytes> keys_;
  exchange::TargetSet found_;
  exchange::TargetSet queues_;
  std::vector<const RoutedExchange*> to_visit_;
};

/// The message without its BCC header, if it has one: its keys become hidden keys. Else nothing
/// changes.
void hide_bcc(MessageRef& message, Bytes headers);

}  // namespace tern::broker
