// Topology: the one writer of virtual hosts, exchanges, queues and bindings. A change is validated
// against the master copy, written to the store, and sent to every shard's replica, in one order;
// `done` runs when all of that has happened, so a client that saw an -ok is never told otherwise on
// any connection.
//
// Any thread may call; one mutex guards the master and orders the deltas. It is held for O(log n)
// work per change and never while something is awaited.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "broker/broker.hpp"
#include "broker/change.hpp"
#include "storage/store.hpp"

namespace tern::broker {

struct NextIds;

class Topology {
 public:
  struct Ports {
    std::uint32_t shards = 1;
    storage::Store* store = nullptr;
    /// Hands a delta to a shard; it calls Delta::arrived when it has applied it.
    std::function<void(ShardId, std::shared_ptr<Delta>)> post;
  };
  /// Runs on any thread, once, when the change is durable and visible.
  using Done = std::function<void()>;
  using QueueDone = std::function<void(const QueuePointer&, bool created)>;
  /// Why the change was refused; then `done` does not run.
  using Refusal = std::optional<BrokerError>;

  explicit Topology(Ports ports);

  /// Takes over what was on disk, before any shard runs. Returns the changes to apply to every
  /// replica. Damaged records are an error.
  [[nodiscard]] Result<std::vector<Change>> load(const std::vector<storage::Record>& records);
  /// The queues that load() found, gates of exchanges too.
  [[nodiscard]] std::vector<QueuePointer> durable_queues() const;

  /// Adds a virtual host with its predeclared exchanges, if it is not there.
  void add_vhost(const std::string& name, Done done);

  [[nodiscard]] Refusal declare_exchange(std::uint32_t vhost, const ExchangeSpec& spec, Done done);
  /// Deleting what is not there is no error.
  [[nodiscard]] Refusal delete_exchange(std::uint32_t vhost, std::string_view name, bool if_unused,
                                        Done done);
  /// `owner`: the session of an exclusive queue. `home`: the shard that should own a new queue of
  /// one session; other queues are spread over all shards.
  [[nodiscard]] Refusal declare_queue(std::uint32_t vhost, const QueueSpec& spec,
                                      const SessionId& owner, ShardId home, QueueDone done);
  /// Deleting what is not there (QueueId::none too) is no error, `done` still waits for what was
  /// changed before. The queue's shard has decided before that it may go (in use, empty).
  void delete_queue(QueueId id, std::uint32_t vhost, const std::string& name, Done done);
  [[nodiscard]] Refusal bind(std::uint32_t vhost, const BindingSpec& spec, const SessionId& session,
                             Done done);
  /// Removing what is not there is no error.
  [[nodiscard]] Refusal unbind(std::uint32_t vhost, const BindingSpec& spec,
                               const SessionId& session, Done done);

 private:
  struct HashBinding {
    std::size_t operator()(const BindingPointer& binding) const noexcept;
  };
  struct SameBinding {
    bool operator()(const BindingPointer& left, const BindingPointer& right) const noexcept;
  };
  using Bindings = std::unordered_set<BindingPointer, HashBinding, SameBinding>;

  struct Exchange {
    ExchangePointer record;
    Bindings outgoing;
    Bindings incoming;
    bool was_bound = false;  ///< auto-delete counts from the first binding on
  };
  struct Queue {
    QueuePointer record;
    Bindings incoming;
  };
  struct Vhost {
    VhostPointer record;
    std::unordered_map<std::string, Exchange> exchanges;
    std::unordered_map<std::string_view, Queue> queues;  ///< keys are the records' names
  };
  /// One change in the making: what replicas apply and what the store writes.
  struct Plan {
    std::vector<Change> changes;
    std::vector<storage::Record> records;
    std::vector<QueueId> dropped;
  };

  [[nodiscard]] Result<void> load_one(const NextIds& ids, Plan& plan);
  [[nodiscard]] Result<void> load_one(const VhostRecord& record, Plan& plan);
  [[nodiscard]] Result<void> load_one(ExchangeRecord& record, Plan& plan);
  [[nodiscard]] Result<void> load_one(QueueRecord& record, Plan& plan);
  [[nodiscard]] Result<void> load_one(BindingRecord& record, Plan& plan);
  [[nodiscard]] Vhost& vhost(std::uint32_t number);
  [[nodiscard]] QueueId next_queue_id(bool durable, std::uint32_t shard, Plan& plan);
  void add_levels(QueueRecord& record, bool durable, Plan& plan);
  void add_exchange(Vhost& vhost, const ExchangePointer& record, Plan& plan);
  void add_predeclared(Vhost& vhost, Plan& plan);
  void remove_exchange(Vhost& vhost, const std::string& name, Plan& plan);
  void add_binding(Vhost& vhost, const BindingPointer& binding, Plan& plan);
  void remove_binding(Vhost& vhost, const BindingPointer& binding, Plan& plan);
  [[nodiscard]] Change change_of(Vhost& vhost, const BindingRecord& binding, bool added);
  [[nodiscard]] Bindings& incoming_of(Vhost& vhost, const BindingRecord& binding);
  /// Checks both ends; the binding's record, or why not.
  [[nodiscard]] Outcome<BindingPointer> resolve(Vhost& vhost, const BindingSpec& spec,
                                                const SessionId& session);
  /// Sends the plan on its way; `done` runs when it has arrived everywhere. The mutex is held.
  void publish(Plan&& plan, Done done);

  Ports ports_;
  mutable std::mutex mutex_;
  std::unordered_map<std::uint32_t, Vhost> vhosts_;
  std::uint32_t next_vhost_ = 1;
  std::uint32_t next_exchange_ = 1;
  std::uint32_t next_home_ = 0;                ///< round robin of durable queues over shards
  std::vector<std::uint32_t> next_durable_;    ///< per shard: id / shards of its next queue
  std::vector<std::uint32_t> next_transient_;  ///< likewise
  std::uint32_t reserved_ids_ = 0;             ///< ids below may have been used, says the store
  std::shared_ptr<Delta> last_;                ///< may still be on its way
  std::shared_ptr<Delta> last_stored_;         ///< the last one with records; likewise
};

}  // namespace tern::broker
