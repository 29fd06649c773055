// detail::core: the driver. Attaches the machine to a socket, a timer and the users' handlers.
//
// Everything runs on the connection's executor, one handler at a time. A turn: something happens
// (bytes, a timer, a user's call), the machine works, completed operations call their handlers,
// which may ask for more, and at the end all output is written at once.
#pragma once

#include <atomic>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <thread>

#include "client/machine.hpp"
#include "client/read_buffer.hpp"
#include "client/transport.hpp"

namespace ternmq::detail {

class core final : public tern::client::TransportListener,
                   public std::enable_shared_from_this<core> {
 public:
  using Machine = tern::client::Machine;

  core(asio::any_io_executor executor, connection_options options);
  ~core();
  core(const core&) = delete;
  core& operator=(const core&) = delete;
  void enrol();

  [[nodiscard]] const asio::any_io_executor& executor() const noexcept { return executor_; }
  [[nodiscard]] connection_state state() const noexcept { return state_; }

  /// Runs `command(Machine&)` on the executor: at once if this is it already. Any thread.
  template <class Command>
  void enter(Command&& command) {
    if (is_abandoned_) return;
    // The common case: a handler that this very turn has called.
    if (turn_thread_.load(std::memory_order_relaxed) == std::this_thread::get_id()) {
      command(*machine_);
      return;
    }
    asio::dispatch(executor_,
                   [self = shared_from_this(), run = std::forward<Command>(command)]() mutable {
                     if (self->is_abandoned_) return;
                     self->machine_->set_time(now());
                     run(*self->machine_);
                     self->wake();
                   });
  }
  /// Later, never from inside the caller. Any thread.
  template <class Command>
  void enter_later(Command&& command) {
    if (is_abandoned_) return;
    asio::post(executor_,
               [self = shared_from_this(), run = std::forward<Command>(command)]() mutable {
                 self->enter(std::move(run));
               });
  }
  /// On the executor only; nullptr when its context is gone.
  [[nodiscard]] Machine* machine() noexcept { return is_abandoned_ ? nullptr : machine_.get(); }
  /// After a command to machine(): a turn will follow.
  void commanded() {
    if (turn_thread_.load(std::memory_order_relaxed) != std::this_thread::get_id()) wake();
  }
  [[nodiscard]] static tern::client::Tick now() noexcept;

  /// The execution context goes away: destroys everything that belongs to it.
  void abandon() noexcept;

 private:
  class Turn;

  void on_connected(const error_info& error) override;
  void on_read(error_code error, std::size_t bytes) override;
  void on_written(error_code error, std::size_t bytes) override;

  void wake();
  void turn();
  void call_handlers();
  void act();
  void read();
  void write();
  void arm_timer();
  void hang_up();

  asio::any_io_executor executor_;
  std::unique_ptr<Machine> machine_;
  std::atomic<connection_state> state_ = connection_state::closed;
  std::atomic<bool> is_abandoned_ = false;
  std::atomic<std::thread::id> turn_thread_{};
  bool is_turn_posted_ = false;
  std::optional<asio::steady_timer> timer_;
  tern::client::Tick timer_due_ = tern::client::never;
  std::unique_ptr<tern::client::Transport> transport_;
  tern::client::ReadBuffer input_;
  std::string writing_;
  std::size_t written_ = 0;  // of writing_
  bool is_writing_ = false;
};

}  // namespace ternmq::detail
