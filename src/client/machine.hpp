// Machine: the whole client without sockets: connecting to one of several hosts, the session, the
// topology, publishers, consumers, calls, and bringing all of it back after a loss. Takes bytes,
// commands and the time; gives out bytes, what to do with the socket, and completed operations.
// Pure; owned by the driver, which attaches a socket, a timer and the handlers.
//
//   closed --open()--> connecting --> restoring --> open <--> blocked
//                          ^    \                     |
//                          |     `-- waiting <--------+   a loss: recovering
#pragma once

#include <list>
#include <memory>
#include <unordered_map>

#include "client/admin_part.hpp"
#include "client/backoff.hpp"
#include "client/consumer_part.hpp"
#include "client/publisher_part.hpp"
#include "client/rpc_part.hpp"
#include "client/topology_book.hpp"
#include "ternmq/connection.hpp"

namespace tern::client {

/// What the driver is to do with its socket.
struct SocketAction {
  enum class Kind : std::uint8_t { none, connect, disconnect };
  Kind kind = Kind::none;
  std::size_t host = 0;  ///< index into connection_options::endpoints
};

class Machine final : private SessionListener, private OperationOwner {
 public:
  using Watcher = std::function<void(const ternmq::state_change&)>;

  explicit Machine(ternmq::connection_options options);
  ~Machine();

  // --- the driver's side: every call says what time it is ---

  void set_time(Tick now) noexcept { hub_.now = now; }
  /// A socket is connected to the host that was asked for; TLS is up.
  void connected();
  /// It could not be, or it broke, or it was closed as asked.
  void disconnected(const error_info& why);
  std::size_t feed(SlabLease& lease, const char* data, std::size_t size);
  [[nodiscard]] std::size_t bytes_wanted() const noexcept;
  /// Deadlines, heartbeats, the next attempt to connect.
  void tick();
  [[nodiscard]] Tick next_wake() const;
  [[nodiscard]] SocketAction take_action() noexcept {
    return std::exchange(action_, SocketAction{});
  }
  /// The end of a turn: pending acknowledgements go to the output.
  void end_turn();
  /// What is to be written; the driver takes it away.
  [[nodiscard]] std::string& output() noexcept { return hub_.output; }
  /// `taken`: bytes the driver has taken and not written yet. Room may have come of it.
  void wrote(std::size_t taken);
  [[nodiscard]] Operations& operations() noexcept { return hub_.operations; }

  // --- the users' side ---

  [[nodiscard]] ternmq::connection_state state() const noexcept { return state_; }
  [[nodiscard]] const ternmq::connection_options& options() const noexcept { return options_; }
  void watch(Watcher watcher) { watcher_ = std::move(watcher); }
  void open(OperationPtr<> op);
  void close(OperationPtr<> op);
  /// At once, without a word to the broker. What waits completes.
  void stop();

  void declare(OperationPtr<std::vector<ternmq::queue_status>> op, ternmq::topology&& what);
  void inspect(OperationPtr<ternmq::queue_status> op, std::string&& queue);
  void purge(OperationPtr<std::uint32_t> op, std::string&& queue);
  void delete_queue(OperationPtr<std::uint32_t> op, std::string&& queue);
  void delete_exchange(OperationPtr<> op, std::string&& exchange);
  void unbind(OperationPtr<> op, ternmq::binding&& what);

  /// New parts; they are owned here until they are released and finished.
  PublisherPart& add_publisher(ternmq::publisher_options options);
  ConsumerPart& add_consumer(std::string queue, ternmq::consumer_options options);
  RpcPart& add_rpc();
  /// Begins its work: after start() of the part.
  void begin(Part& part);

  /// Keeps an operation that waits for an answer; claim() gives it to who has the answer.
  template <class... Results>
  [[nodiscard]] std::uint64_t ask(OperationPtr<Results...> op) {
    const std::uint64_t key = ++last_key_;
    hub_.operations.adopt(*op, *this, key, hub_.now);
    asked_.emplace(key, op.release());
    return key;
  }
  /// nullptr if it has been given up meanwhile.
  template <class... Results>
  [[nodiscard]] operation<Results...>* claim(std::uint64_t key) {
    const auto found = asked_.find(key);
    if (found == asked_.end()) return nullptr;
    operation_base* op = found->second;
    asked_.erase(found);
    return static_cast<operation<Results...>*>(op);
  }

 private:
  enum class Phase : std::uint8_t { closed, waiting, dialling, login, restoring, up, leaving };
  void session_opened() override;
  void session_over(const error_info& why) override;
  void session_blocked(bool is_blocked, std::string_view reason) override;
  void give_up(operation_base& op) override;

  void dial(std::size_t host);
  void retry();
  void end(const error_info& why);
  void end_session();
  void leave(const error_info& why);
  void restore();
  void start_parts();
  void check_restored();
  void change_state(ternmq::connection_state to, const error_info& why = {});
  void tell_watcher(const ternmq::state_change& change);
  void sweep();
  /// One request, one operation: `result` makes its result of the reply.
  template <class... Result, class Send, class MakeResult>
  void request(OperationPtr<Result...> op, Send send, MakeResult make_result);

  ternmq::connection_options options_;
  Hub hub_;
  Backoff backoff_;
  Phase phase_ = Phase::closed;
  ternmq::connection_state state_ = ternmq::connection_state::closed;
  bool has_been_open_ = false;
  bool are_parts_started_ = false;  // connected() has been called
  bool is_closing_ = false;         // close() or stop(): no other attempt follows
  Watcher watcher_;
  SocketAction action_;
  Tick phase_deadline_ = never;
  error_info last_error_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Session> old_session_;  // over, but maybe still on the call stack
  AdminPart admin_;
  TopologyBook topology_;
  std::list<std::unique_ptr<Part>> parts_;
  std::vector<ConsumerPart*> consumers_;
  std::vector<operation<>*> opens_;
  std::vector<operation<>*> closes_;
  std::unordered_map<std::uint64_t, operation_base*> asked_;
  std::uint64_t last_key_ = 0;
};

}  // namespace tern::client
