// What the broker knows of each thing in its topology: immutable once made, shared by the replicas
// of all shards.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "message/field_table.hpp"
#include "message/ids.hpp"

namespace tern::broker {

struct VhostRecord {
  std::uint32_t number = 0;  ///< stable, never reused; what Caller::vhost holds
  std::string name;
  std::string description{};
  std::string default_queue_type{};  ///< empty: classic
  std::string limits = "[]";         ///< JSON, kept as it came
  std::vector<std::string> tags{};

  friend bool operator==(const VhostRecord&, const VhostRecord&) = default;
};

struct ExchangeRecord {
  std::uint32_t number = 0;  ///< of this run, never reused in it: the routing target's id
  std::uint32_t vhost = 0;
  std::string name;
  std::string type;
  bool durable = false;
  bool auto_delete = false;
  bool internal = false;
  FieldTable arguments;
  /// The hidden queue through which all that is published passes before it is routed, if the
  /// exchange delays, deduplicates or remembers messages.
  QueueId gate{};

  [[nodiscard]] bool has_gate() const noexcept { return gate != QueueId::none; }
};

struct QueueRecord {
  QueueId id{};
  QueueId levels_begin{};           ///< stream of priority level 1; none without x-max-priority
  std::uint32_t levels_stride = 1;  ///< from one level's stream to the next one's
  std::uint8_t priority_max = 0;    ///< x-max-priority
  ShardId shard{};
  std::uint32_t vhost = 0;
  std::string name;
  bool durable = false;
  bool exclusive = false;
  bool auto_delete = false;
  bool is_gate =
      false;        ///< an exchange's: `name` and `arguments` are the exchange's, no client sees it
  SessionId owner;  ///< exclusive queues: whose
  FieldTable arguments;
};

/// Whether an exchange of that type with these arguments needs a gate.
[[nodiscard]] bool needs_gate(std::string_view type, const FieldTable& arguments);

/// The streams of the store in which a queue's messages lie (queue.hpp).
[[nodiscard]] std::vector<QueueId> streams_of(const QueueRecord& queue);

struct BindingRecord {
  std::uint32_t vhost = 0;
  std::string source;
  std::string destination;
  bool to_exchange = false;
  bool durable = false;  ///< both ends are
  std::string routing_key;
  FieldTable arguments;
  std::string canonical_arguments;  ///< exchange::canonical_arguments of them: the identity
};

using VhostPointer = std::shared_ptr<const VhostRecord>;
using ExchangePointer = std::shared_ptr<const ExchangeRecord>;
using QueuePointer = std::shared_ptr<const QueueRecord>;
using BindingPointer = std::shared_ptr<const BindingRecord>;

/// The hidden queue of an exchange that has a gate.
[[nodiscard]] QueuePointer gate_of(const ExchangeRecord& exchange, std::uint32_t shards);

}  // namespace tern::broker
