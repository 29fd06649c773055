// The connection: one TCP or TLS connection to a broker, and what makes it come back.
//
//   asio::io_context io;
//   ternmq::connection connection(io.get_executor(), options);
//   co_await connection.open();
//   co_await connection.declare(orders);
//   auto publisher = co_await connection.open_publisher();
//
// When the connection breaks it is opened again: another host, a wait with jitter, the topology,
// the publishers, the consumers. Operations wait meanwhile; give them a timeout to bound that.
//
// Threads: the executor must run one handler at a time, as for every Asio I/O object: a context run
// by one thread, or a strand. Operations may then be started on any thread. Handlers are called on
// their associated executor, or on the connection's if they have none.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ternmq/consumer.hpp"
#include "ternmq/options.hpp"
#include "ternmq/publisher.hpp"
#include "ternmq/rpc.hpp"
#include "ternmq/topology.hpp"

namespace ternmq {

/// Where a connection is in its life.
enum class connection_state : std::uint8_t {
  closed,      ///< never opened, closed, or given up
  connecting,  ///< for the first time
  open,        ///< in use; topology, publishers and consumers are restored
  blocked,     ///< open, but the broker takes no messages just now (connection.blocked)
  recovering,  ///< broken; trying again
};

/// Its name, as in the enumeration.
[[nodiscard]] const char* to_string(connection_state state) noexcept;

/// What on_state_change() tells.
struct state_change {
  /// The state before.
  connection_state from = connection_state::closed;
  /// The state now.
  connection_state to = connection_state::closed;
  /// Why: the loss, the reason for blocking, or what could not be restored.
  error_info reason{};
  endpoint host{};       ///< the one it is about
  unsigned attempt = 0;  ///< of connecting, since it was last open
};

namespace detail {
[[nodiscard]] core_ptr make_core(asio::any_io_executor executor, connection_options options);
void stop(const core_ptr& core) noexcept;
void watch(const core_ptr& core, std::function<void(const state_change&)> watcher);
[[nodiscard]] connection_state state_of(const core& core) noexcept;

void start_open(operation_ptr<> op, const core_ptr& core);
void start_close(operation_ptr<> op, const core_ptr& core);
void start_declare(operation_ptr<std::vector<queue_status>> op, const core_ptr& core,
                   topology&& what);
void start_inspect(operation_ptr<queue_status> op, const core_ptr& core, std::string&& queue);
void start_purge(operation_ptr<std::uint32_t> op, const core_ptr& core, std::string&& queue);
void start_delete_queue(operation_ptr<std::uint32_t> op, const core_ptr& core, std::string&& queue);
void start_delete_exchange(operation_ptr<> op, const core_ptr& core, std::string&& exchange);
void start_unbind(operation_ptr<> op, const core_ptr& core, binding&& what);
void start_publisher(operation_ptr<publisher> op, const core_ptr& core,
                     publisher_options&& options);
void start_consumer(operation_ptr<consumer> op, const core_ptr& core, std::string&& queue,
                    consumer_options&& options);
void start_try_get(operation_ptr<std::optional<delivery>> op, const core_ptr& core,
                   std::string&& queue);
void start_rpc_client(operation_ptr<rpc_client> op, const core_ptr& core);
void start_rpc_server(operation_ptr<rpc_server> op, const core_ptr& core, std::string&& queue,
                      consumer_options&& options);
}  // namespace detail

/// Owns the connection: destroying it ends everything at once, and what waits completes with
/// errc::connection_closed. Move-only.
class connection {
 public:
  /// Does nothing yet: open() connects.
  connection(boost::asio::any_io_executor executor, connection_options options)
      : core_(detail::make_core(std::move(executor), std::move(options))) {}
  /// The one moved from may only be destroyed or assigned to.
  connection(connection&&) noexcept = default;
  /// Ends what this was before.
  connection& operator=(connection&& other) noexcept {
    if (this != &other) {
      if (core_) detail::stop(core_);
      core_ = std::move(other.core_);
    }
    return *this;
  }
  /// Ends everything at once; close() is the polite way.
  ~connection() {
    if (core_) detail::stop(core_);
  }

  /// As it was given.
  [[nodiscard]] const boost::asio::any_io_executor& get_executor() const noexcept {
    return detail::executor_of(*core_);
  }
  /// On the connection's executor.
  [[nodiscard]] connection_state state() const noexcept { return detail::state_of(*core_); }
  /// Called for each change, on the connection's executor; set it before open(). It must not throw.
  void on_state_change(std::function<void(const state_change&)> watcher) {
    detail::watch(core_, std::move(watcher));
  }

  /// Connects to the first host that takes it: void(error_code). Once all hosts have refused it
  /// fails with the last error; waiting and trying again begins with the first success.
  template <detail::token_for<> Token = boost::asio::deferred_t>
  auto open(const operation_options& options, Token&& token = Token()) {
    return detail::initiate<>(
        token, core_, options,
        [](auto op, const detail::core_ptr& core) { detail::start_open(std::move(op), core); },
        core_);
  }
  /// @overload
  template <detail::token_for<> Token = boost::asio::deferred_t>
  auto open(Token&& token = Token()) {
    return open(operation_options{}, std::forward<Token>(token));
  }

  /// Sends pending acknowledgements and says goodbye: void(error_code). Drain publishers and
  /// consumers before; what waits completes with errc::connection_closed.
  template <detail::token_for<> Token = boost::asio::deferred_t>
  auto close(const operation_options& options, Token&& token = Token()) {
    return detail::initiate<>(
        token, core_, options,
        [](auto op, const detail::core_ptr& core) { detail::start_close(std::move(op), core); },
        core_);
  }
  /// @overload
  template <detail::token_for<> Token = boost::asio::deferred_t>
  auto close(Token&& token = Token()) {
    return close(operation_options{}, std::forward<Token>(token));
  }

  /// Declares exchanges, queues and bindings in this order, and again on recovery:
  /// void(error_code, vector<queue_status>), one for each queue. Stops at the first error; what
  /// was declared by then stays.
  template <detail::token_for<std::vector<queue_status>> Token = boost::asio::deferred_t>
  auto declare(topology what, const operation_options& options, Token&& token = Token()) {
    return detail::initiate<std::vector<queue_status>>(
        token, core_, options,
        [](auto op, const detail::core_ptr& core, topology&& wanted) {
          detail::start_declare(std::move(op), core, std::move(wanted));
        },
        core_, std::move(what));
  }
  /// @overload
  template <detail::token_for<std::vector<queue_status>> Token = boost::asio::deferred_t>
  auto declare(topology what, Token&& token = Token()) {
    return declare(std::move(what), operation_options{}, std::forward<Token>(token));
  }

  /// How many messages and consumers a queue has: void(error_code, queue_status).
  template <detail::token_for<queue_status> Token = boost::asio::deferred_t>
  auto inspect(std::string queue, const operation_options& options, Token&& token = Token()) {
    return detail::initiate<queue_status>(
        token, core_, options,
        [](auto op, const detail::core_ptr& core, std::string&& name) {
          detail::start_inspect(std::move(op), core, std::move(name));
        },
        core_, std::move(queue));
  }
  /// @overload
  template <detail::token_for<queue_status> Token = boost::asio::deferred_t>
  auto inspect(std::string queue, Token&& token = Token()) {
    return inspect(std::move(queue), operation_options{}, std::forward<Token>(token));
  }

  /// Removes the ready messages of a queue: void(error_code, uint32 count).
  template <detail::token_for<std::uint32_t> Token = boost::asio::deferred_t>
  auto purge(std::string queue, const operation_options& options, Token&& token = Token()) {
    return detail::initiate<std::uint32_t>(
        token, core_, options,
        [](auto op, const detail::core_ptr& core, std::string&& name) {
          detail::start_purge(std::move(op), core, std::move(name));
        },
        core_, std::move(queue));
  }
  /// @overload
  template <detail::token_for<std::uint32_t> Token = boost::asio::deferred_t>
  auto purge(std::string queue, Token&& token = Token()) {
    return purge(std::move(queue), operation_options{}, std::forward<Token>(token));
  }

  /// Deletes a queue with its messages, and forgets it: void(error_code, uint32 messages).
  template <detail::token_for<std::uint32_t> Token = boost::asio::deferred_t>
  auto delete_queue(std::string queue, const operation_options& options, Token&& token = Token()) {
    return detail::initiate<std::uint32_t>(
        token, core_, options,
        [](auto op, const detail::core_ptr& core, std::string&& name) {
          detail::start_delete_queue(std::move(op), core, std::move(name));
        },
        core_, std::move(queue));
  }
  /// @overload
  template <detail::token_for<std::uint32_t> Token = boost::asio::deferred_t>
  auto delete_queue(std::string queue, Token&& token = Token()) {
    return delete_queue(std::move(queue), operation_options{}, std::forward<Token>(token));
  }

  /// Deletes an exchange and forgets it: void(error_code).
  template <detail::token_for<> Token = boost::asio::deferred_t>
  auto delete_exchange(std::string exchange, const operation_options& options,
                       Token&& token = Token()) {
    return detail::initiate<>(
        token, core_, options,
        [](auto op, const detail::core_ptr& core, std::string&& name) {
          detail::start_delete_exchange(std::move(op), core, std::move(name));
        },
        core_, std::move(exchange));
  }
  /// @overload
  template <detail::token_for<> Token = boost::asio::deferred_t>
  auto delete_exchange(std::string exchange, Token&& token = Token()) {
    return delete_exchange(std::move(exchange), operation_options{}, std::forward<Token>(token));
  }

  /// Removes a binding and forgets it: void(error_code).
  template <detail::token_for<> Token = boost::asio::deferred_t>
  auto unbind(binding what, const operation_options& options, Token&& token = Token()) {
    return detail::initiate<>(
        token, core_, options,
        [](auto op, const detail::core_ptr& core, binding&& which) {
          detail::start_unbind(std::move(op), core, std::move(which));
        },
        core_, std::move(what));
  }
  /// @overload
  template <detail::token_for<> Token = boost::asio::deferred_t>
  auto unbind(binding what, Token&& token = Token()) {
    return unbind(std::move(what), operation_options{}, std::forward<Token>(token));
  }

  /// A publisher on a channel of its own: void(error_code, publisher).
  template <detail::token_for<publisher> Token = boost::asio::deferred_t>
  auto open_publisher(publisher_options how, const operation_options& options,
                      Token&& token = Token()) {
    return detail::initiate<publisher>(
        token, core_, options,
        [](auto op, const detail::core_ptr& core, publisher_options&& wanted) {
          detail::start_publisher(std::move(op), core, std::move(wanted));
        },
        core_, std::move(how));
  }
  /// @overload
  template <detail::token_for<publisher> Token = boost::asio::deferred_t>
  auto open_publisher(publisher_options how = {}, Token&& token = Token()) {
    return open_publisher(std::move(how), operation_options{}, std::forward<Token>(token));
  }

  /// A consumer on a channel of its own: void(error_code, consumer).
  template <detail::token_for<consumer> Token = boost::asio::deferred_t>
  auto open_consumer(std::string queue, consumer_options how, const operation_options& options,
                     Token&& token = Token()) {
    return detail::initiate<consumer>(
        token, core_, options,
        [](auto op, const detail::core_ptr& core, std::string&& from, consumer_options&& wanted) {
          detail::start_consumer(std::move(op), core, std::move(from), std::move(wanted));
        },
        core_, std::move(queue), std::move(how));
  }
  /// @overload
  template <detail::token_for<consumer> Token = boost::asio::deferred_t>
  auto open_consumer(std::string queue, consumer_options how = {}, Token&& token = Token()) {
    return open_consumer(std::move(queue), std::move(how), operation_options{},
                         std::forward<Token>(token));
  }

  /// One message of a queue, if there is one just now (basic.get): void(error_code,
  /// optional<delivery>). For more than now and then a message, consume.
  template <detail::token_for<std::optional<delivery>> Token = boost::asio::deferred_t>
  auto try_get(std::string queue, const operation_options& options, Token&& token = Token()) {
    return detail::initiate<std::optional<delivery>>(
        token, core_, options,
        [](auto op, const detail::core_ptr& core, std::string&& from) {
          detail::start_try_get(std::move(op), core, std::move(from));
        },
        core_, std::move(queue));
  }
  /// @overload
  template <detail::token_for<std::optional<delivery>> Token = boost::asio::deferred_t>
  auto try_get(std::string queue, Token&& token = Token()) {
    return try_get(std::move(queue), operation_options{}, std::forward<Token>(token));
  }

  /// For calls to servers: void(error_code, rpc_client).
  template <detail::token_for<rpc_client> Token = boost::asio::deferred_t>
  auto open_rpc_client(const operation_options& options, Token&& token = Token()) {
    return detail::initiate<rpc_client>(
        token, core_, options,
        [](auto op, const detail::core_ptr& core) {
          detail::start_rpc_client(std::move(op), core);
        },
        core_);
  }
  /// @overload
  template <detail::token_for<rpc_client> Token = boost::asio::deferred_t>
  auto open_rpc_client(Token&& token = Token()) {
    return open_rpc_client(operation_options{}, std::forward<Token>(token));
  }

  /// Serves the calls that arrive in a queue: void(error_code, rpc_server).
  template <detail::token_for<rpc_server> Token = boost::asio::deferred_t>
  auto open_rpc_server(std::string queue, consumer_options how, const operation_options& options,
                       Token&& token = Token()) {
    return detail::initiate<rpc_server>(
        token, core_, options,
        [](auto op, const detail::core_ptr& core, std::string&& from, consumer_options&& wanted) {
          detail::start_rpc_server(std::move(op), core, std::move(from), std::move(wanted));
        },
        core_, std::move(queue), std::move(how));
  }
  /// @overload
  template <detail::token_for<rpc_server> Token = boost::asio::deferred_t>
  auto open_rpc_server(std::string queue, consumer_options how = {}, Token&& token = Token()) {
    return open_rpc_server(std::move(queue), std::move(how), operation_options{},
                           std::forward<Token>(token));
  }

 private:
  detail::core_ptr core_;
};

}  // namespace ternmq
