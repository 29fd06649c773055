// Topology: the one writer of virtual hosts, exchanges, queues and bindings, and of what operators
// set: users, permissions, policies and parameters (topology_settings.cpp). A change is validated
// against the master copy, written to the store, and sent to every shard's replica, in one order;
// `done` runs when all of that has happened, so a client that saw an -ok is never told otherwise on
// any connection.
//
// Any thread may call; one mutex guards the master and orders the deltas. It is held for O(log n)
// work per change and never while something is awaited.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "broker/access.hpp"
#include "broker/broker.hpp"
#include "broker/change.hpp"
#include "broker/management.hpp"
#include "broker/policies.hpp"
#include "storage/store.hpp"

namespace tern::broker {

struct NextIds;
struct SetupDone;

class Topology {
 public:
  struct Ports {
    std::uint32_t shards = 1;
    storage::Store* store = nullptr;
    /// Hands a delta to a shard; it calls Delta::arrived when it has applied it.
    std::function<void(ShardId, std::shared_ptr<Delta>)> post;
    std::vector<std::string> loopback_users{};  ///< who may log in from this machine only
    bool policies_merge = true;                 ///< see PolicyBook
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

  // --- limits of users and virtual hosts, counted over all shards (topology_limits.cpp) ----------
  /// Counts a connection, unless there are as many as the virtual host or the user may have.
  [[nodiscard]] Refusal admit_connection(const std::string& user, std::uint32_t vhost);
  [[nodiscard]] Refusal admit_channel(const std::string& user);
  void channel_left(const std::string& user);
  /// With the channels it had.
  void connection_left(const std::string& user, std::uint32_t vhost, std::uint32_t channels);

  // --- what operators set (topology_settings.cpp); replaces what has that name -------------------
  /// Makes the first virtual host and its administrator, unless that was done once before.
  void set_up(const std::string& vhost, const UserDefinition& administrator, Done done);
  [[nodiscard]] Refusal set_vhost(const VhostDefinition& vhost, Done done);
  /// With everything in it. Sessions in it are told to close by their shards.
  [[nodiscard]] Refusal delete_vhost(const std::string& name, Done done);
  [[nodiscard]] Refusal set_user(const UserDefinition& user, Done done);
  [[nodiscard]] Refusal delete_user(const std::string& name, Done done);
  [[nodiscard]] Refusal set_permission(const PermissionDefinition& permission, Done done);
  [[nodiscard]] Refusal clear_permission(const std::string& vhost, const std::string& user,
                                         Done done);
  [[nodiscard]] Refusal set_topic_permission(const TopicPermissionDefinition& permission,
                                             Done done);
  /// Without `exchange`: of all exchanges.
  [[nodiscard]] Refusal clear_topic_permission(const std::string& vhost, const std::string& user,
                                               const std::optional<std::string>& exchange,
                                               Done done);
  [[nodiscard]] Refusal set_parameter(const ParameterDefinition& parameter, Done done);
  [[nodiscard]] Refusal clear_parameter(const std::string& vhost, const std::string& component,
                                        const std::string& name, Done done);
  [[nodiscard]] Refusal set_policy(const PolicyDefinition& policy, Done done);
  [[nodiscard]] Refusal clear_policy(const std::string& vhost, const std::string& name,
                                     bool is_operator, Done done);

  /// The users of now.
  [[nodiscard]] AccessPointer access() const;

  // --- as a whole (topology_import.cpp, topology_export.cpp); see management.hpp -----------------
  [[nodiscard]] Refusal import(const Definitions& definitions, Done done);
  [[nodiscard]] Definitions export_definitions(const std::optional<std::string>& vhost) const;
  [[nodiscard]] Outcome<std::vector<EffectiveArgument>> effective_arguments(
      const std::string& vhost, const std::string& name, bool is_exchange) const;

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
    std::map<std::pair<bool, std::string>, PolicyPointer> policies;  ///< by is_operator and name
    PolicyBookPointer book = std::make_shared<const PolicyBook>();   ///< the same, for shards
    bool is_removed = false;  ///< its number may still be in use by sessions that are closing
    std::uint64_t connections = 0;
  };
  /// What a user has open.
  struct Usage {
    std::uint64_t connections = 0;
    std::uint64_t channels = 0;
  };
  /// One change in the making: what replicas apply and what the store writes.
  struct Plan {
    std::vector<Change> changes;
    std::vector<storage::Record> records;
    std::vector<QueueId> dropped;
    // Settings that changed: their snapshots are made by emit_settings.
    bool access_changed = false;
    std::vector<std::uint32_t> policies_changed;  ///< virtual hosts
  };
  /// What an import brings, by name: what is checked may refer to it.
  struct Incoming;

  [[nodiscard]] Result<void> load_one(const NextIds& ids, Plan& plan);
  [[nodiscard]] Result<void> load_one(const VhostRecord& record, Plan& plan);
  [[nodiscard]] Result<void> load_one(ExchangeRecord& record, Plan& plan);
  [[nodiscard]] Result<void> load_one(QueueRecord& record, Plan& plan);
  [[nodiscard]] Result<void> load_one(BindingRecord& record, Plan& plan);
  [[nodiscard]] Result<void> load_one(const UserDefinition& record, Plan& plan);
  [[nodiscard]] Result<void> load_one(const PermissionDefinition& record, Plan& plan);
  [[nodiscard]] Result<void> load_one(const TopicPermissionDefinition& record, Plan& plan);
  [[nodiscard]] Result<void> load_one(const ParameterDefinition& record, Plan& plan);
  [[nodiscard]] Result<void> load_one(const PolicyDefinition& record, Plan& plan);
  [[nodiscard]] Result<void> load_one(const SetupDone& record, Plan& plan);
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

  // Checks of settings: by themselves, and that what they name is there or comes with `incoming`.
  [[nodiscard]] Refusal check(const VhostDefinition& vhost, const Incoming& incoming) const;
  [[nodiscard]] Refusal check(const UserDefinition& user, const Incoming& incoming) const;
  [[nodiscard]] Refusal check(const PermissionDefinition& permission,
                              const Incoming& incoming) const;
  [[nodiscard]] Refusal check(const TopicPermissionDefinition& permission,
                              const Incoming& incoming) const;
  [[nodiscard]] Refusal check(const ParameterDefinition& parameter, const Incoming& incoming) const;
  [[nodiscard]] Refusal check(const PolicyDefinition& policy, const Incoming& incoming) const;
  [[nodiscard]] Refusal check(const ExchangeDefinition& exchange, Incoming& incoming) const;
  [[nodiscard]] Refusal check(const QueueDefinition& queue, Incoming& incoming) const;
  [[nodiscard]] Refusal check(const BindingDefinition& binding, const Incoming& incoming) const;
  // Take a checked thing over; what is there and equal stays, and is no change.
  void put(const VhostDefinition& vhost, Plan& plan);
  void put(const UserDefinition& user, Plan& plan);
  void put(const PermissionDefinition& permission, Plan& plan);
  void put(const TopicPermissionDefinition& permission, Plan& plan);
  void put(const ParameterDefinition& parameter, Plan& plan);
  void put(const PolicyDefinition& policy, Plan& plan);
  void put(const ExchangeDefinition& exchange, Plan& plan);
  void put(const QueueDefinition& queue, Plan& plan);
  void put(const BindingDefinition& binding, Plan& plan);
  /// Checks, puts and publishes one thing.
  template <class Definition>
  [[nodiscard]] Refusal set(const Definition& definition, Done done);
  /// A limit that is set; nothing: there is none.
  [[nodiscard]] std::optional<std::uint64_t> limit_of(const std::string& user,
                                                      std::string_view what) const;
  [[nodiscard]] std::optional<std::uint64_t> limit_of(const Vhost& vhost,
                                                      std::string_view what) const;
  [[nodiscard]] Refusal check_queue_limit(const Vhost& vhost, std::string_view queue) const;
  [[nodiscard]] Refusal check_queue_limits(const Incoming& incoming) const;
  [[nodiscard]] Vhost* find_vhost(std::string_view name);
  [[nodiscard]] const Vhost* find_vhost(std::string_view name) const;
  /// Adds the snapshots of changed settings to the plan.
  void emit_settings(Plan& plan);
  void remove_settings_of(const std::string& vhost, Plan& plan);
  void add_default_queue_types(Definitions& definitions) const;
  void export_vhost(const Vhost& vhost, Definitions& out) const;
  QueuePointer make_queue(Vhost& vhost, const QueueSpec& spec, const SessionId& owner, ShardId home,
                          Plan& plan);
  void make_exchange(Vhost& vhost, const ExchangeSpec& spec, Plan& plan);
  void remove_queue(Vhost& vhost, const std::string& name, Plan& plan);

  /// Sends the plan on its way; `done` runs when it has arrived everywhere. The mutex is held.
  void publish(Plan&& plan, Done done);

  Ports ports_;
  mutable std::mutex mutex_;
  std::unordered_map<std::uint32_t, Vhost> vhosts_;
  std::unordered_map<std::string, std::uint32_t> vhost_numbers_;
  AccessData access_;
  std::unordered_map<std::string, Usage> usage_;  ///< by user, of those who have connections
  AccessPointer access_snapshot_ = std::make_shared<const Access>();
  /// By virtual host, component and name.
  std::map<std::tuple<std::string, std::string, std::string>, ParameterDefinition> parameters_;
  bool is_set_up_ = false;
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
