// Changes of topology: made by the writer (topology.hpp) in one order, applied by every shard to
// its replica (replica.hpp) in that order. A change carries everything a replica needs; cascades
// (a queue's bindings, an auto-delete exchange) are changes of their own.
#pragma once

#include <atomic>
#include <functional>
#include <variant>
#include <vector>

#include "broker/access.hpp"
#include "broker/policies.hpp"
#include "broker/records.hpp"
#include "exchange/binding.hpp"

namespace tern::broker {

/// Or its description changed.
struct VhostAdded {
  VhostPointer vhost;
};
/// All that was in it has been removed by changes of their own. Its number stays known, because
/// sessions that are closing use it.
struct VhostRemoved {
  VhostPointer vhost;
};
/// Policies of the virtual host are others now.
struct PoliciesChanged {
  std::uint32_t vhost = 0;
  PolicyBookPointer policies;
};
/// Users and what they may do are others now.
struct AccessChanged {
  AccessPointer access;
};
struct ExchangeAdded {
  ExchangePointer exchange;
};
struct ExchangeRemoved {
  ExchangePointer exchange;
};
struct QueueAdded {
  QueuePointer queue;
};
struct QueueRemoved {
  QueuePointer queue;
};
/// A binding with its ends resolved to numbers, as matchers want it.
struct BindingChanged {
  bool added = false;
  std::uint32_t source = 0;  ///< the exchange's number
  exchange::Binding binding;
};

using Change = std::variant<VhostAdded, VhostRemoved, PoliciesChanged, AccessChanged, ExchangeAdded,
                            ExchangeRemoved, QueueAdded, QueueRemoved, BindingChanged>;

/// Changes that become visible together, and who waits for that.
struct Delta {
  std::vector<Change> changes;
  /// Runs once, on whatever thread comes last, when every shard has applied the delta and its
  /// records are durable.
  std::function<void()> done;
  /// Shards that have not applied it yet, and one for the store if it writes records.
  std::atomic<std::uint32_t> waiting{0};

  void arrived() {
    if (waiting.fetch_sub(1, std::memory_order_acq_rel) == 1 && done) done();
  }
};

}  // namespace tern::broker
