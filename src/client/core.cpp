#include "client/core.hpp"

#include <boost/asio/execution_context.hpp>
#include <mutex>
#include <set>

namespace ternmq::detail {
namespace {

using tern::client::never;
using tern::client::SocketAction;
using tern::client::Tick;

// Handlers called in one turn before the output is written and others get their turn.
constexpr int handlers_per_turn = 512;

// Knows the cores of one execution context, because what waits in a core must be destroyed before
// the context is: handlers hold sockets, coroutines, and the connection itself.
class Registry final : public asio::execution_context::service {
 public:
  static inline asio::execution_context::id id;
  using key_type = Registry;

  explicit Registry(asio::execution_context& context) : service(context) {}

  void add(core& one) {
    const std::lock_guard lock(mutex_);
    cores_.insert(&one);
  }
  void remove(core& one) {
    const std::lock_guard lock(mutex_);
    cores_.erase(&one);
  }

 private:
  void shutdown() override {
    for (;;) {
      std::shared_ptr<core> one;
      {
        const std::lock_guard lock(mutex_);
        while (!cores_.empty() && !one) {
          one = (*cores_.begin())->weak_from_this().lock();
          cores_.erase(cores_.begin());
        }
      }
      if (!one) return;
      one->abandon();
    }
  }

  std::mutex mutex_;
  std::set<core*> cores_;
};

Registry& registry_of(const asio::any_io_executor& executor) {
  return asio::use_service<Registry>(
      asio::query(executor, asio::execution::context_as<asio::execution_context&>));
}

}  // namespace

core::core(asio::any_io_executor executor, connection_options options)
    : executor_(std::move(executor)),
      machine_(std::make_unique<Machine>(std::move(options))),
      timer_(executor_) {}

core::~core() {
  if (!is_abandoned_) registry_of(executor_).remove(*this);
}

void core::enrol() {
  registry_of(executor_).add(*this);
}

Tick core::now() noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void core::abandon() noexcept {
  if (is_abandoned_.exchange(true)) return;
  transport_.reset();
  timer_.reset();
  machine_.reset();
}

// --- turns --------------------------------------------------------------------------------------

// While one lives, this thread is the one in which handlers are called directly.
class core::Turn {
 public:
  explicit Turn(core& owner) : owner_(owner) {
    owner_.machine_->set_time(now());
    owner_.turn_thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  }
  ~Turn() {
    owner_.turn_thread_.store(std::thread::id(), std::memory_order_relaxed);
    // A handler that has thrown leaves work behind.
    if (!is_complete_) owner_.wake();
  }
  void completed() noexcept { is_complete_ = true; }

 private:
  core& owner_;
  bool is_complete_ = false;
};

void core::wake() {
  if (is_turn_posted_ || is_abandoned_) return;
  is_turn_posted_ = true;
  asio::post(executor_, [self = shared_from_this()] {
    self->is_turn_posted_ = false;
    self->turn();
  });
}

void core::turn() {
  if (is_abandoned_) return;
  const auto self = shared_from_this();
  Turn turn(*this);
  call_handlers();
  if (is_abandoned_) return turn.completed();
  machine_->end_turn();
  write();
  act();
  state_ = machine_->state();
  arm_timer();
  turn.completed();
  if (machine_->operations().has_completed() ||
      (!machine_->output().empty() && transport_ && !is_writing_))
    wake();
}

void core::call_handlers() {
  for (int called = 0; called < handlers_per_turn; ++called) {
    operation_base* op = machine_->operations().pop();
    if (op == nullptr) return;
    state_ = machine_->state();
    op->invoke();
    if (is_abandoned_) return;
  }
}

void core::act() {
  const SocketAction action = machine_->take_action();
  switch (action.kind) {
    case SocketAction::Kind::none:
      return;
    case SocketAction::Kind::disconnect:
      hang_up();
      machine_->disconnected({});
      return act();
    case SocketAction::Kind::connect:
      hang_up();
      transport_ = tern::client::make_transport(
          executor_, machine_->options().endpoints[action.host], machine_->options().tls,
          std::weak_ptr<TransportListener>(shared_from_this()));
      transport_->connect();
      return;
  }
}

void core::hang_up() {
  transport_.reset();
  is_writing_ = false;
  writing_.clear();
  written_ = 0;
}

// --- the socket ---------------------------------------------------------------------------------

void core::on_connected(const error_info& error) {
  machine_->set_time(now());
  if (error) {
    hang_up();
    machine_->disconnected(error);
  } else {
    input_.reset();
    machine_->connected();
    read();
  }
  turn();
}

void core::read() {
  const auto room = input_.prepare(machine_->bytes_wanted());
  transport_->read(asio::buffer(room.data, room.bytes));
}

void core::on_read(error_code error, std::size_t bytes) {
  machine_->set_time(now());
  if (error) {
    hang_up();
    machine_->disconnected({.code = error, .text = "the connection broke: " + error.message()});
    return turn();
  }
  input_.commit(bytes);
  const auto unread = input_.unread();
  input_.consume(machine_->feed(input_.lease(), unread.data(), unread.size()));
  const tern::client::Transport* reading = transport_.get();
  turn();
  if (!is_abandoned_ && transport_ && transport_.get() == reading) read();
}

void core::write() {
  if (is_writing_ || !transport_) return;
  std::string& output = machine_->output();
  if (output.empty()) return;
  std::swap(writing_, output);
  written_ = transport_->try_write(asio::buffer(writing_));
  if (written_ == writing_.size()) {
    writing_.clear();
    written_ = 0;
    return machine_->wrote(0);
  }
  machine_->wrote(writing_.size() - written_);
  is_writing_ = true;
  transport_->write(asio::buffer(writing_) + written_);
}

void core::on_written(error_code error, std::size_t bytes) {
  // A broken connection is told by the read that is always pending.
  if (error) return;
  machine_->set_time(now());
  written_ += bytes;
  is_writing_ = written_ < writing_.size();
  machine_->wrote(writing_.size() - written_);
  if (is_writing_) {
    transport_->write(asio::buffer(writing_) + written_);
  } else {
    writing_.clear();
    written_ = 0;
  }
  turn();
}

void core::arm_timer() {
  const Tick due = machine_->next_wake();
  if (due >= timer_due_ || due == never) return;
  timer_due_ = due;
  timer_->expires_at(asio::steady_timer::time_point(std::chrono::milliseconds(due)));
  timer_->async_wait([weak = weak_from_this()](error_code error) {
    const auto self = weak.lock();
    if (error || !self || self->is_abandoned_) return;
    self->timer_due_ = never;
    self->machine_->set_time(now());
    self->machine_->tick();
    self->turn();
  });
}

}  // namespace ternmq::detail
