// Operations: what users have started and the client has not completed, and the queue of those that
// have their result. Pure; owned by the machine.
//
// A part of the machine that keeps an operation waiting adopts it here with itself as the owner.
// When its time is up or it is cancelled, the owner is asked to give it up. Completed operations
// are queued, never called from inside the machine: user code runs when the machine is at rest.
#pragma once

#include <functional>
#include <set>
#include <utility>

#include "base/time.hpp"
#include "ternmq/detail/operation.hpp"

namespace tern::client {

using ternmq::errc;
using ternmq::error_code;
using ternmq::error_info;
using ternmq::detail::operation;
using ternmq::detail::operation_base;
template <class... Results>
using OperationPtr = ternmq::detail::operation_ptr<Results...>;

/// Milliseconds of the driver's steady clock.
using Tick = std::int64_t;
inline constexpr Tick never = INT64_MAX;

class OperationOwner {
 public:
  /// Takes `op` out of wherever it waits. It completes with an error right after.
  virtual void give_up(operation_base& op) = 0;

 protected:
  ~OperationOwner() = default;
};

class Operations {
 public:
  Operations() = default;
  Operations(const Operations&) = delete;
  Operations& operator=(const Operations&) = delete;
  ~Operations() { drop_completed(); }

  /// `op` waits at `owner`, which knows it by `key`. Again: it waits elsewhere now.
  void adopt(operation_base& op, OperationOwner& owner, std::uint64_t key, Tick now);

  template <class... Results>
  void complete(operation<Results...>* op, Results... results) {
    op->results = std::tuple<Results...>(std::move(results)...);
    push(*op);
  }
  /// With an error, and results if there are any to tell.
  template <class... Results>
  void fail(operation<Results...>* op, const error_info& why, Results... results) {
    op->results = std::tuple<Results...>(std::move(results)...);
    fail(*op, why);
  }
  void fail(operation_base& op, const error_info& why);

  /// Queues a call of user code among the completed operations.
  void post(std::function<void()> call);

  /// Cancels what the token names.
  void cancel(ternmq::detail::cancel_token& token);
  /// Completes what is due with errc::timed_out.
  void expire(Tick now);
  [[nodiscard]] Tick next_deadline() const noexcept {
    return deadlines_.empty() ? never : deadlines_.begin()->first;
  }

  /// The next with a result, or nullptr. The caller invokes it.
  [[nodiscard]] operation_base* pop() noexcept;
  [[nodiscard]] bool has_completed() const noexcept { return first_ != nullptr; }
  /// Destroys what has been completed and not popped.
  void drop_completed() noexcept;

 private:
  void push(operation_base& op);
  void abandon(operation_base& op, const error_info& why);

  std::set<std::pair<Tick, operation_base*>> deadlines_;
  operation_base* first_ = nullptr;
  operation_base* last_ = nullptr;
};

/// An error of the client's own.
[[nodiscard]] inline error_info error_of(errc code, std::string text = {}) {
  return {.code = make_error_code(code), .text = std::move(text)};
}

}  // namespace tern::client
