// Shard: one thread's share of the broker. It owns queues and sessions, reads its own replica of
// the topology, and talks to other shards by mail only. No locks, no I/O: its carrier (src/net, or
// a test) calls begin_turn, lets sessions work, and calls end_turn.
//
//   begin_turn(now) -> sessions call the Broker interface -> end_turn():
//        inbox -> mail to itself -> batch to the store -> outboxes to other shards
//
// Everything here runs on the shard's thread, except inbox().
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <unordered_map>
#include <vector>

#include "base/mailbox.hpp"
#include "base/time.hpp"
#include "broker/inspection.hpp"
#include "broker/mail.hpp"
#include "broker/replica.hpp"
#include "broker/router.hpp"
#include "broker/server_names.hpp"
#include "broker/session_table.hpp"
#include "broker/staging.hpp"
#include "broker/users.hpp"
#include "exchange/recent_history.hpp"
#include "queue/queue.hpp"

namespace tern::dlq {
struct Republish;
}

namespace tern::broker {

class Topology;

struct ShardSettings {
  std::uint64_t window_head_bytes = 16ULL << 20;
  std::uint64_t window_tail_bytes = 16ULL << 20;
  /// Bytes that wait for the store before publishers are held.
  std::uint64_t store_pending_bytes_max = 64ULL << 20;
  /// Bytes in another shard's mailbox before publishers are held.
  std::uint64_t mailbox_bytes_max = 8ULL << 20;
};

class Shard final : public Broker, private queue::Sink {
 public:
  struct Ports {
    ShardId id{};
    std::uint32_t shards = 1;
    Topology* topology = nullptr;
    storage::Store* store = nullptr;
    /// The mailbox of any shard; not called before all exist.
    std::function<Mailbox<Mail>&(ShardId)> mailbox;
    /// Wakes this shard's thread, from any thread.
    std::function<void()> wake;
  };

  Shard(Ports ports, const ShardSettings& settings);
  ~Shard() override;

  // --- before the threads start -----------------------------------------------------------------
  void apply(const Change& change);
  /// `is_noted`: the store knows the delivered mark; else it is told with the first batch.
  /// `stream` is one of the queue's (queue.hpp).
  void restore(QueueId stream, const queue::Recovered& recovered, bool is_noted);
  void restore_key(QueueId queue, std::string_view key, Time seen);
  /// All that was stored is back: queues begin to work by their rules, at this time.
  void start(Time now);

  // --- the carrier ------------------------------------------------------------------------------
  void begin_turn(Time now) noexcept { now_ = now; }
  /// Carries out what has come by mail and hands on what this turn has produced.
  void end_turn();
  /// From now on what otherwise may wait goes to the store with each turn.
  void prepare_stop() noexcept { is_stopping_ = true; }
  /// When to run a turn even if nothing happens; nothing: sleep until woken.
  [[nodiscard]] std::optional<Time> next_due() const;
  /// Any thread.
  [[nodiscard]] Mailbox<Mail>& inbox() noexcept { return inbox_; }

  // --- operators (shard_inspect.cpp; see operations.hpp)
  // ------------------------------------------
  /// Runs `work` on the shard of the holder's queue, or `refused` here if it is not there.
  void at_holder(const Holder& holder, std::function<void(Shard&, QueueId)> work,
                 std::function<void(BrokerError)> refused);
  void inspect(std::uint64_t number, Inspection&& inspection);
  void stop_redrive(std::uint64_t number);
  void intervene(std::uint64_t number, Inspection&& inspection);
  [[nodiscard]] std::uint64_t count(QueueId queue, queue::MessageState state);
  [[nodiscard]] const Totals& totals() const noexcept { return totals_; }
  [[nodiscard]] ShardId id() const noexcept { return ports_.id; }

  // --- Broker -----------------------------------------------------------------------------------
  [[nodiscard]] SessionId attach(Session& session) override;
  void detach(const SessionId& session) override;
  [[nodiscard]] Outcome<const User*> authenticate(std::string_view user, std::string_view password,
                                                  bool peer_is_loopback) override;
  [[nodiscard]] Outcome<std::uint32_t> open_vhost(const SessionId& session, const User& user,
                                                  std::string_view name) override;
  [[nodiscard]] ShardId home_of(const Caller& caller, std::string_view queue) const override;
  [[nodiscard]] bool may_move(const SessionId& session) const override;
  [[nodiscard]] Standing move_out(const SessionId& session) override;
  [[nodiscard]] Caller move_in(Session& session, const Standing& standing) override;
  [[nodiscard]] std::optional<BrokerError> check_home(const SessionId& session,
                                                      std::string_view vhost) const override;
  [[nodiscard]] std::optional<BrokerError> open_channel(const SessionId& session) override;
  void close_channel(const SessionId& session) override;

  void declare_exchange(const Caller&, ExchangeSpec spec, OperationNumber) override;
  void find_exchange(const Caller&, std::string_view name, OperationNumber) override;
  void delete_exchange(const Caller&, std::string_view name, bool if_unused,
                       OperationNumber) override;
  [[nodiscard]] Outlook declare_queue(const Caller&, QueueSpec spec, OperationNumber) override;
  void find_queue(const Caller&, std::string_view name, OperationNumber) override;
  void delete_queue(const Caller&, std::string_view name, bool if_unused, bool if_empty,
                    OperationNumber) override;
  [[nodiscard]] Outlook bind(const Caller&, BindingSpec spec, OperationNumber) override;
  void unbind(const Caller&, BindingSpec spec, OperationNumber) override;

  [[nodiscard]] Outcome<std::span<const QueueAddress>> route(const Caller&, MessageRef& message,
                                                             Bytes headers,
                                                             RouteCache& cache) override;
  void enqueue(std::span<const QueueAddress> targets, MessageRef message,
               const PublisherToken& token) override;
  void commit(const Caller&, Transaction&& transaction, OperationNumber) override;

  void consume(const Caller&, std::string_view queue, const queue::ConsumerSpec& spec,
               const FieldTable& arguments, OperationNumber) override;
  void cancel(const QueueAddress&, const ConsumerId&, OperationNumber) override;
  void get(const Caller&, std::string_view queue, bool auto_ack, OperationNumber) override;
  void purge(const Caller&, std::string_view queue, OperationNumber) override;
  void settle(const QueueAddress&, const ConsumerId&, std::span<const Position> positions,
              queue::Settlement) override;
  void drained(const QueueAddress&, const ConsumerId&, std::uint64_t bytes) override;
  void permit(const QueueAddress&, const ConsumerId&, std::uint32_t count) override;
  void set_gated(const QueueAddress&, const ConsumerId&, bool gated) override;

  void reply(const ReplyAddress& address, const MessageRef& message, OperationNumber operation,
             const SessionId& from) override;
  void find_reply(const ReplyAddress& address, OperationNumber operation,
                  const SessionId& from) override;

 private:
  /// What a queue wants written that must not be before its messages are forwarded.
  struct Deferred {
    std::vector<storage::DueTrim> trims;
    std::vector<storage::Record> records;
  };
  struct DeadLetterTarget {
    std::string exchange;  ///< empty: the default exchange
    std::optional<std::string> routing_key;
  };
  struct OwnedQueue {
    OwnedQueue(const queue::Settings& settings, queue::Sink& sink, QueuePointer of)
        : record(std::move(of)), machine(settings, sink) {}
    QueuePointer record;
    queue::Queue machine;
    /// A gate's, if its exchange gives late queues what passed before.
    std::unique_ptr<exchange::RecentHistory> history;
    /// Set while messages of it wait to be forwarded.
    std::unique_ptr<Deferred> deferred;
    /// Where its dead letters go; null if nowhere.
    std::unique_ptr<const DeadLetterTarget> dead_letters;
    Time wake_at = Time::max();       ///< as it stands in timers_
    Time limit_logged = Time::min();  ///< when a message dropped at the delivery limit was logged
    bool is_removed_soon = false;     ///< a delete was accepted and is on its way
  };
  /// While it lives, a queue is being changed: nobody may call one (sink.hpp).
  class Changing;

  // Sink (shard_sink.cpp).
  void deliver(const ConsumerId& consumer, queue::Delivery&& delivery) override;
  void got(const queue::GetToken& token, queue::Delivery&& delivery, std::uint64_t ready) override;
  void publish_settled(const PublisherToken& token, queue::PublishOutcome outcome) override;
  std::uint64_t stage(QueueId stream, Position position, const MessageRef& message,
                      const PublisherToken& token, Time due) override;
  std::uint64_t spill(QueueId stream, Position position, const MessageRef& message,
                      Time due) override;
  bool unstage(std::uint64_t stage) override;
  void settle_stored(QueueId stream, const queue::StoredRange& range) override;
  void note_return(QueueId stream, Position position, std::uint32_t delivery_count,
                   Time due) override;
  void read(QueueId stream, Position from, Position to, std::uint64_t bytes_max) override;
  void read_due(QueueId stream, const queue::DuePoint& after, std::uint32_t count_max) override;
  void trim_due(QueueId stream, const queue::DuePoint& last) override;
  void forward(QueueId queue, queue::Forward&& forward) override;
  void wake_at(QueueId queue, Time at) override;
  void lease_ended(QueueId queue) override;
  void remember_key(QueueId queue, std::string_view key, Time seen, bool is_forwarded) override;
  void forget_key(QueueId queue, std::string_view key) override;
  void browsed(QueueId queue, std::uint64_t operation, std::vector<queue::Found>&& found,
               Position next) override;
  void consumer_cancelled(const ConsumerId& consumer) override;
  void consumer_timed_out(const ConsumerId& consumer, Millis timeout) override;
  void permits_wanted(const ConsumerId& consumer, std::uint32_t count) override;
  void permits_returned(const ConsumerId& consumer, std::uint32_t count) override;
  void hold_publisher(QueueId queue, const SessionId& publisher) override;
  void release_publisher(QueueId queue, const SessionId& publisher) override;
  void wake_on_commit(QueueId queue) override;
  void abandoned(QueueId queue) override;
  void marks_changed(QueueId queue) override;
  void publish_settled_later(const PublisherToken& token) override;

  // Mail (shard_mail.cpp, shard_questions.cpp).
  void handle(EnqueueMail& mail);
  void handle(DeliverMail& mail);
  void handle(PublishSettledMail& mail);
  void handle(SettleMail& mail);
  void handle(DrainedMail& mail);
  void handle(PermitMail& mail);
  void handle(GateMail& mail);
  void handle(QuestionMail& mail);
  void handle(TransactionMail& mail);
  void handle(ResultMail& mail);
  void handle(ConsumerCancelledMail& mail);
  void handle(PermitsWantedMail& mail);
  void handle(PermitsReturnedMail& mail);
  void handle(HoldMail& mail);
  void handle(TransactionDoneMail& mail);
  void handle(TransactionRefusedMail& mail);
  void handle(ReplyMail& mail);
  void handle(DeltaMail& mail);
  void handle(CommittedMail& mail);
  void handle(ReadMail& mail);
  void handle(DueMail& mail);
  void handle(ConsumerTimedOutMail& mail);
  void handle(TaskMail& mail);
  void handle(ShutDownMail& mail);
  void answer_find(QueueQuestion& question, OwnedQueue* queue);
  void answer_consume(QueueQuestion& question, OwnedQueue* queue);
  void answer_remove(QueueQuestion& question, OwnedQueue* queue);
  void answer_purge(QueueQuestion& question, OwnedQueue* queue);

  // Messages that leave a queue for another place (shard_forward.cpp).
  struct PendingForward {
    QueuePointer source;  ///< null: only a confirm, which waits for those before it
    queue::Forward forward;
  };
  void carry_out_forwards();
  void carry_out(PendingForward& pending);
  void defer(OwnedQueue& owned);
  [[nodiscard]] Deferred* deferred_of(QueueId stream);
  void stage_deferred();
  void count_dead_letter(queue::LeaveReason reason) noexcept;
  void dead_letter(const QueueRecord& source, queue::Forward& forward);
  void release(const QueueRecord& gate, queue::Forward& forward);
  void redrive(const QueueRecord& source, queue::Forward& forward);
  void replay_history(const BindingChanged& binding);
  void transfer(std::span<const QueueAddress> targets, const MessageRef& message,
                const PublisherToken& token);
  void send_transfers();

  // Inspections (shard_inspect.cpp).
  [[nodiscard]] QueuePointer find_holder(const Holder& holder) const;
  void next_page(std::uint64_t number);
  void intervene_further(std::uint64_t number, Inspection& inspection);
  void peek_page(std::uint64_t number, Inspection& inspection, std::vector<queue::Found>& page);
  void redrive_page(std::uint64_t number, Inspection& inspection, std::vector<queue::Found>& page);
  /// Where a message would go, and as what; the error says why nowhere.
  [[nodiscard]] Result<std::vector<QueueAddress>> plan_redrive(const QueueRecord& source,
                                                               const RedriveRequest& request,
                                                               const Message& message,
                                                               dlq::Republish& letter);
  void end_redrive(std::uint64_t number, Inspection& inspection, std::optional<BrokerError> error);
  void forget_ended_redrives();
  void run_inspections();
  void end_inspections(QueueId queue);

  // Mail out.
  void send(ShardId to, Mail&& mail, std::uint64_t bytes = 0);
  void finish(const SessionId& session, OperationResult&& result);
  void refuse(const SessionId& session, OperationNumber operation, BrokerError error);
  /// The callback of a topology change that ends an operation of a session, on any thread.
  [[nodiscard]] std::function<void()> finisher(const SessionId& session, OperationNumber operation,
                                               std::uint64_t count = 0);

  // Helpers of the Broker interface.
  [[nodiscard]] bool may(const Caller& caller, ResourceKind kind, std::string_view name,
                         Permission permission) const;
  [[nodiscard]] std::optional<BrokerError> check(const Caller& caller, ResourceKind kind,
                                                 std::string_view name,
                                                 Permission permission) const;
  /// Whether a topic exchange takes (write) or gives (read) this routing key from the caller.
  [[nodiscard]] std::optional<BrokerError> check_topic(const Caller& caller,
                                                       const ExchangeRecord& exchange,
                                                       std::string_view routing_key,
                                                       Permission permission) const;
  [[nodiscard]] std::optional<BrokerError> check_binding(const Caller& caller,
                                                         const BindingSpec& spec) const;
  /// The queue, if it is there, the caller may do this to it, and it is not another's own.
  [[nodiscard]] Outcome<QueuePointer> usable_queue(const Caller& caller, std::string_view name,
                                                   std::optional<Permission> permission) const;
  void ask(const Caller& caller, const QueueRecord& queue, QueueQuestion&& question);
  Outlook create_queue(const Caller& caller, const QueueSpec& spec, OperationNumber operation);

  // Own things.
  [[nodiscard]] bool can_call_queue() const noexcept { return !changing_ && self_.empty(); }
  [[nodiscard]] OwnedQueue* find_owned(QueueId id) noexcept;
  /// By one of the queue's streams.
  [[nodiscard]] OwnedQueue* find_stream(QueueId stream) noexcept;
  void settle_own(OwnedQueue& owned, const ConsumerId& consumer,
                  std::span<const Position> positions, queue::Settlement settlement);
  /// Works out the queue's rules from its arguments and policies.
  void configure(OwnedQueue& owned);
  void remove_if_unused(QueueId queue);
  void set_timer(OwnedQueue& owned, Time at);
  void run_timers();
  void leave_vhost(SessionEntry& entry);
  void queue_added(const QueuePointer& record);
  void gate_added(const ExchangeRecord& exchange);
  /// Own queues of the virtual host take over what has changed since `before`.
  void policies_changed(std::uint32_t vhost, const PolicyBook& before);
  /// Tells sessions whose virtual host (`vhost`) or user is gone to close.
  void shut_down_homeless(const VhostRecord* vhost);
  void queue_removed(const QueuePointer& record);
  void remove_exclusive(const QueuePointer& queue);
  void give_back(const ConsumerId& holder, const queue::Delivery& delivery);
  [[nodiscard]] bool is_congested(ShardId target) const;
  void hold_for_congestion(const SessionId& session);
  void release_congested();
  void carry_out_own();
  void submit_batch();

  Ports ports_;
  ShardSettings settings_;
  Mailbox<Mail> inbox_;
  Time now_{};
  Replica replica_;
  Router router_;
  Staging staging_;
  RandomSource random_;

  std::unordered_map<QueueId, std::unique_ptr<OwnedQueue>> queues_;
  OwnedQueue* last_found_ = nullptr;  ///< most commands go to the queue of the one before
  std::unordered_map<QueueId, QueueId> levels_;  ///< queues by the streams of their levels
  std::set<std::pair<Time, QueueId>> timers_;    ///< when queues want a tick: one entry each
  std::vector<QueueId> ticking_;                 ///< scratch of run_timers
  std::vector<queue::StreamMark> marks_;         ///< scratch of submit_batch
  bool changing_ = false;
  bool is_started_ = false;
  bool is_stopping_ = false;

  SessionTable sessions_;

  std::deque<Mail> self_;
  std::vector<Mail> received_;
  std::vector<std::vector<Mail>> outboxes_;
  std::vector<std::uint64_t> outbox_bytes_;

  std::vector<QueueId> marks_changed_;
  std::vector<QueueId> wake_on_commit_;
  std::vector<SessionId> congested_;
  Time marks_sent_{};
  std::uint64_t next_transaction_ = 1;
  /// What left queues of this shard in this turn for queues of others.
  std::map<ShardId, std::unique_ptr<TransactionShare>> transfers_;
  RouteCache forward_route_;
  std::deque<PendingForward> forwards_;
  std::uint64_t forwards_bytes_ = 0;
  std::deque<PendingForward> prompt_forwards_;  ///< of a transaction's share: in its batch
  bool forwards_cannot_wait_ = false;  ///< a transaction repeats a message that may be in forwards_
  /// Transactions of transfers that are not durable yet. Others wait for them, because transactions
  /// of two shards that cross each other turn after turn could never be cut from those that follow.
  std::uint32_t transfers_in_flight_ = 0;
  std::vector<QueueId> deferring_;  ///< queues with `deferred`
  Totals totals_;
  Inspections inspections_;
  std::vector<std::uint64_t> ended_redrives_;
  bool is_in_transaction_ = false;  ///< a transaction's share is being carried out
  struct OpenTransaction {
    std::uint32_t shares = 0;  ///< that are not durable yet
    bool is_refused = false;   ///< some queue did not take its message
  };
  /// Transactions of own sessions, by number and operation.
  std::map<std::pair<std::uint64_t, OperationNumber>, OpenTransaction> transactions_;
};

}  // namespace tern::broker
