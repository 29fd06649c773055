// The thin template between a completion token and the compiled library: a handler of any type
// becomes an operation, one allocation with room for its result. Nothing here is for users.
//
// The library fills in the result on the connection's executor and queues the operation; invoke()
// frees it and calls the handler on the handler's own executor. An operation that is destroyed
// without being invoked destroys its handler, as Asio does when an execution context goes away.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/recycling_allocator.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <tuple>

#include "ternmq/error.hpp"
#include "ternmq/options.hpp"

namespace ternmq::detail {

namespace asio = boost::asio;

class core;
using core_ptr = std::shared_ptr<core>;
struct operation_base;

/// What a cancellation slot holds: `target` is empty once the operation has its result.
struct cancel_token {
  operation_base* target = nullptr;
};

struct operation_base {
  operation_base() = default;
  operation_base(const operation_base&) = delete;
  operation_base& operator=(const operation_base&) = delete;
  virtual ~operation_base() = default;
  /// Frees the operation and calls its handler with the result.
  virtual void invoke() = 0;
  /// Frees the operation and its handler.
  virtual void destroy() noexcept = 0;

  error_code error{};
  error_info* info = nullptr;
  std::int64_t timeout_ms = 0;
  std::shared_ptr<cancel_token> cancelling{};

  // The library's own: who waits for it, and where.
  operation_base* next = nullptr;
  bool is_cancelled = false;  // before it came to wait anywhere
  void* owner = nullptr;
  std::uint64_t key = 0;
  std::int64_t deadline_ms = 0;
};

template <class... Results>
struct operation : operation_base {
  std::tuple<Results...> results{};
};

struct destroy_operation {
  void operator()(operation_base* op) const noexcept { op->destroy(); }
};
template <class... Results>
using operation_ptr = std::unique_ptr<operation<Results...>, destroy_operation>;

[[nodiscard]] const asio::any_io_executor& executor_of(const core& owner) noexcept;
/// From any thread: cancels what the token names, if it is still waiting.
void request_cancel(const std::weak_ptr<core>& owner, const std::shared_ptr<cancel_token>& token);

/// Calls a handler with its result; keeps the handler's allocator.
template <class Handler, class... Results>
struct bound_handler {
  Handler handler;
  error_code error;
  std::tuple<Results...> results;

  using allocator_type = asio::associated_allocator_t<Handler, asio::recycling_allocator<void>>;
  [[nodiscard]] allocator_type get_allocator() const noexcept {
    return asio::get_associated_allocator(handler, asio::recycling_allocator<void>());
  }
  void operator()() {
    // A slot may still point to the operation, which is gone.
    if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected())
      slot.clear();
    std::apply([this](auto&... result) { std::move(handler)(error, std::move(result)...); },
               results);
  }
};

template <class Handler, class... Results>
class operation_of final : public operation<Results...> {
 public:
  using executor = asio::associated_executor_t<Handler, asio::any_io_executor>;
  using allocator = typename std::allocator_traits<asio::associated_allocator_t<
      Handler, asio::recycling_allocator<void>>>::template rebind_alloc<operation_of>;

  static operation_ptr<Results...> make(Handler handler, const core_ptr& owner,
                                        const operation_options& options) {
    allocator memory(asio::get_associated_allocator(handler, asio::recycling_allocator<void>()));
    operation_of* op = std::allocator_traits<allocator>::allocate(memory, 1);
    new (op) operation_of(std::move(handler), executor_of(*owner));
    op->info = options.info;
    op->timeout_ms = options.timeout.count();
    if (auto slot = asio::get_associated_cancellation_slot(op->bound_.handler);
        slot.is_connected()) {
      op->cancelling = std::make_shared<cancel_token>(cancel_token{op});
      slot.assign([weak = std::weak_ptr<core>(owner),
                   token = op->cancelling](asio::cancellation_type type) {
        if (type != asio::cancellation_type::none) request_cancel(weak, token);
      });
    }
    return operation_ptr<Results...>(op);
  }

  void invoke() override {
    // The memory goes first, so that the handler's next operation can have it.
    auto bound = std::move(bound_);
    bound.error = this->error;
    bound.results = std::move(this->results);
    auto elsewhere = std::move(elsewhere_);
    destroy();
    if (elsewhere)
      asio::dispatch(*elsewhere, std::move(bound));
    else
      bound();
  }
  void destroy() noexcept override {
    allocator memory(
        asio::get_associated_allocator(bound_.handler, asio::recycling_allocator<void>()));
    std::destroy_at(this);
    std::allocator_traits<allocator>::deallocate(memory, this, 1);
  }

 private:
  using tracked_executor = std::decay_t<decltype(asio::prefer(
      std::declval<const executor&>(), asio::execution::outstanding_work.tracked))>;

  operation_of(Handler handler, const asio::any_io_executor& home)
      : bound_{std::move(handler), {}, {}} {
    const executor own = asio::get_associated_executor(bound_.handler, home);
    // A handler that lives where the connection does is called directly.
    if (is_home(own, home)) return;
    elsewhere_.emplace(asio::prefer(own, asio::execution::outstanding_work.tracked));
  }
  static bool is_home(const executor& own, const asio::any_io_executor& home) noexcept {
    if constexpr (std::is_same_v<executor, asio::any_io_executor>) {
      return own == home;
    } else {
      const executor* same = home.template target<executor>();
      return same != nullptr && *same == own;
    }
  }

  bound_handler<Handler, Results...> bound_;
  std::optional<tracked_executor> elsewhere_;
};

template <class... Results>
using signature = void(error_code, Results...);

template <class Token, class... Results>
concept token_for = asio::completion_token_for<Token, signature<Results...>>;

/// Starts an operation: `start(operation_ptr<Results...>, args...)` is compiled code.
template <class... Results, class Token, class Start, class... Arguments>
auto initiate(Token&& token, const core_ptr& owner, const operation_options& options, Start start,
              Arguments&&... arguments) {
  return asio::async_initiate<Token, signature<Results...>>(
      [start](auto handler, const core_ptr& where, const operation_options& how, auto&&... values) {
        using made = operation_of<std::decay_t<decltype(handler)>, Results...>;
        start(made::make(std::move(handler), where, how),
              std::forward<decltype(values)>(values)...);
      },
      token, owner, options, std::forward<Arguments>(arguments)...);
}

}  // namespace ternmq::detail
