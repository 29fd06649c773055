// Broker: the only door that a front-end uses. There is one per shard; a session talks to the one
// of its own shard and is called back there (session.hpp). Behind it stand all shards: which of
// them owns a queue is the broker's business.
//
// Operations that change topology or ask a queue are asynchronous: they end with
// Session::completed, after the change is durable (if it is to be) and visible on every shard.
// Commands of one session reach a queue in the order in which they were given.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "broker/error.hpp"
#include "broker/session.hpp"
#include "message/field_table.hpp"

namespace tern::broker {

/// An authenticated user; owned by the broker, alive as long as the session.
struct User {
  std::string name;
  std::vector<std::string> tags;
};

/// On whose behalf, and where.
struct Caller {
  SessionId session;
  const User* user = nullptr;
  std::uint32_t vhost = 0;  ///< from open_vhost
};

/// What a session has opened, on its way from one shard to another.
struct Standing {
  std::string user;
  std::uint32_t vhost = 0;
  std::uint32_t channels = 0;
};

struct ExchangeSpec {
  std::string name;
  std::string type;  ///< "direct", "fanout", "topic", "headers"
  bool durable = false;
  bool auto_delete = false;
  bool internal = false;
  FieldTable arguments;
};

struct QueueSpec {
  std::string name;  ///< empty: the broker makes one (amq.gen-…)
  bool durable = false;
  bool exclusive = false;
  bool auto_delete = false;
  FieldTable arguments;
};

struct BindingSpec {
  std::string source;
  std::string destination;
  bool to_exchange = false;
  std::string routing_key;
  FieldTable arguments;
};

/// The last route that a channel used; give the same one each time. Valid until topology changes.
struct RouteCache {
  std::string exchange;
  std::string routing_key;
  std::uint64_t version = 0;  ///< of the topology; 0: nothing cached
  std::uint32_t vhost = 0;
  std::vector<QueueAddress> targets;
};

/// What is known of an operation when it has begun.
enum class Outlook : std::uint8_t {
  open,
  certain,  ///< nothing can refuse it any more, and what comes later finds it done; not synced yet
};

/// Work of a transaction, carried out by commit() as one.
struct Transaction {
  struct Publish {
    std::vector<QueueAddress> targets;
    MessageRef message;
  };
  struct Settle {
    QueueAddress queue;
    ConsumerId consumer;
    std::vector<Position> positions;
    queue::Settlement settlement{};
  };
  std::vector<Publish> publishes;
  std::vector<Settle> settles;
};

/// Who waits for a direct reply (amq.rabbitmq.reply-to): made by the session, opaque to clients.
struct ReplyAddress {
  SessionId session;
  ConsumerNumber consumer = 0;
  std::uint64_t key = 0;  ///< random: an address cannot be guessed
};

class Broker {
 public:
  virtual ~Broker() = default;

  // --- sessions -------------------------------------------------------------------------------
  /// Attaches a session to this shard; its calls back start now. Ends with detach.
  [[nodiscard]] virtual SessionId attach(Session& session) = 0;
  /// The session is gone: its exclusive queues are deleted, nothing is called back any more. The
  /// session has cancelled its consumers and given back its unacked messages before.
  virtual void detach(const SessionId& session) = 0;
  /// `peer_is_loopback` decides for users who may log in from this machine only.
  [[nodiscard]] virtual Outcome<const User*> authenticate(std::string_view user,
                                                          std::string_view password,
                                                          bool peer_is_loopback) = 0;
  /// The virtual host's number for Caller. Unknown: not_allowed "vhost X not found"; no permission:
  /// not_allowed "access to vhost 'X' refused for user 'u'"; likewise if the virtual host or the
  /// user has as many connections as it may have. A session leaves the one that it was in.
  [[nodiscard]] virtual Outcome<std::uint32_t> open_vhost(const SessionId& session,
                                                          const User& user,
                                                          std::string_view name) = 0;
  /// Counts a channel of a session with a virtual host. not_allowed if its user has as many as it
  /// may have. detach() gives back all.
  [[nodiscard]] virtual std::optional<BrokerError> open_channel(const SessionId& session) = 0;
  virtual void close_channel(const SessionId& session) = 0;

  /// The shard of a queue, the caller's own if there is no such queue: a connection that works with
  /// one queue does best on that queue's shard.
  [[nodiscard]] virtual ShardId home_of(const Caller&, std::string_view queue) const = 0;
  /// Whether a session may move to another shard as the same client: nothing of it would stay here.
  [[nodiscard]] virtual bool may_move(const SessionId& session) const = 0;
  /// Detaches a session that may move; what is counted of it travels along.
  [[nodiscard]] virtual Standing move_out(const SessionId& session) = 0;
  /// Attaches a session that was moved out of another shard; it is this caller from now on.
  [[nodiscard]] virtual Caller move_in(Session& session, const Standing& standing) = 0;
  /// Whether a session that was moved in still has its user and virtual host: neither changes of
  /// topology nor their end reach one that is on its way. Errors as from open_vhost.
  [[nodiscard]] virtual std::optional<BrokerError> check_home(const SessionId& session,
                                                              std::string_view vhost) const = 0;

  // --- topology (asynchronous; result fields in session.hpp) ------------------------------------
  virtual void declare_exchange(const Caller&, ExchangeSpec spec, OperationNumber) = 0;
  /// Passive declare: not_found unless it is there.
  virtual void find_exchange(const Caller&, std::string_view name, OperationNumber) = 0;
  virtual void delete_exchange(const Caller&, std::string_view name, bool if_unused,
                               OperationNumber) = 0;
  [[nodiscard]] virtual Outlook declare_queue(const Caller&, QueueSpec spec, OperationNumber) = 0;
  virtual void find_queue(const Caller&, std::string_view name, OperationNumber) = 0;
  virtual void delete_queue(const Caller&, std::string_view name, bool if_unused, bool if_empty,
                            OperationNumber) = 0;
  [[nodiscard]] virtual Outlook bind(const Caller&, BindingSpec spec, OperationNumber) = 0;
  virtual void unbind(const Caller&, BindingSpec spec, OperationNumber) = 0;

  // --- publishing -------------------------------------------------------------------------------
  /// Finds the queues for a message: exchange-to-exchange bindings, CC/BCC, alternate exchanges are
  /// settled here, permission to write is checked. Synchronous. `message` is replaced if its BCC
  /// header had to be taken out. `headers` are the entries of its headers property (empty if there
  /// are none), as the session's own scan of the properties found them. The targets stay valid
  /// until the next call with this cache.
  [[nodiscard]] virtual Outcome<std::span<const QueueAddress>> route(const Caller&,
                                                                     MessageRef& message,
                                                                     Bytes headers,
                                                                     RouteCache& cache) = 0;
  /// Sends a message to queues. With a sequence in `token`, publish_settled answers per target.
  /// Move the message in: with one target no reference is counted.
  virtual void enqueue(std::span<const QueueAddress> targets, MessageRef message,
                       const PublisherToken& token) = 0;
  /// Carries out a transaction: atomic on disk over all queues. Completed when durable.
  virtual void commit(const Caller&, Transaction&& transaction, OperationNumber) = 0;

  // --- consuming --------------------------------------------------------------------------------
  /// `spec.id` is the session's. `arguments` are the client's own and only checked here: what they
  /// mean is in `spec`. Completed before the first delivery.
  virtual void consume(const Caller&, std::string_view queue, const queue::ConsumerSpec& spec,
                       const FieldTable& arguments, OperationNumber) = 0;
  /// Completed after the last delivery that was on its way.
  virtual void cancel(const QueueAddress&, const ConsumerId&, OperationNumber) = 0;
  /// Completed with `delivery`; settle it with consumer number 0.
  virtual void get(const Caller&, std::string_view queue, bool auto_ack, OperationNumber) = 0;
  virtual void purge(const Caller&, std::string_view queue, OperationNumber) = 0;
  virtual void settle(const QueueAddress&, const ConsumerId&, std::span<const Position> positions,
                      queue::Settlement) = 0;
  /// Bytes (Message::bytes) of deliveries to this consumer that have left for the peer.
  virtual void drained(const QueueAddress&, const ConsumerId&, std::uint64_t bytes) = 0;
  virtual void permit(const QueueAddress&, const ConsumerId&, std::uint32_t count) = 0;
  virtual void set_gated(const QueueAddress&, const ConsumerId&, bool gated) = 0;

  // --- direct reply-to --------------------------------------------------------------------------
  /// Delivers to the session and consumer of `address`, if they are there: completed with `found`.
  virtual void reply(const ReplyAddress& address, const MessageRef& message,
                     OperationNumber operation, const SessionId& from) = 0;
  /// Is somebody waiting there? Completed with `found`.
  virtual void find_reply(const ReplyAddress& address, OperationNumber operation,
                          const SessionId& from) = 0;
};

}  // namespace tern::broker
