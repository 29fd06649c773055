// The consumer: takes messages from a queue, at most `prefetch` unsettled ones at a time.
//
//   for (;;) {
//     ternmq::delivery order = co_await consumer.next();
//     handle(order.body());
//     order.ack();
//   }
//
// next() ends with errc::consumer_cancelled once the consumer has been cancelled or drained.
#pragma once

#include <functional>
#include <vector>

#include "ternmq/delivery.hpp"
#include "ternmq/detail/operation.hpp"

namespace ternmq {

/// A delivery that was destroyed unsettled; it has gone back to its queue.
struct forgotten_delivery {
  std::string_view queue;          ///< where it came from
  std::uint64_t delivery_tag = 0;  ///< the broker's number for it on its channel
  std::uint64_t count = 0;         ///< how many this consumer has forgotten so far
};

/// How to consume.
struct consumer_options {
  /// A prefetch of 100, and acknowledgements.
  consumer_options() noexcept {}  // Not an aggregate: see message.hpp.

  std::uint16_t prefetch = 100;  ///< 0: the broker sends without limit
  /// Empty: one is made.
  std::string tag;
  /// Refused unless it is alone, and keeps others out.
  bool exclusive = false;
  /// Settled by the broker when sent: may lose, never repeats.
  bool auto_ack = false;
  /// X-priority.
  std::optional<std::int32_t> priority;
  /// Further ones, such as x-consumer-timeout.
  table arguments;
  /// Settling takes effect with consumer::commit(), and not before.
  bool transactional = false;
  /// Called on the thread that forgot; the library never logs. It must not throw.
  std::function<void(const forgotten_delivery&)> on_forgotten;
};

namespace detail {
using consumer_ptr = std::shared_ptr<consumer_state>;

[[nodiscard]] const core_ptr& core_of(const consumer_state& consumer) noexcept;
void start_next(operation_ptr<delivery> op, const consumer_ptr& consumer);
void start_next_batch(operation_ptr<std::vector<delivery>> op, const consumer_ptr& consumer,
                      std::size_t max);
void start_commit(operation_ptr<> op, const consumer_ptr& consumer, std::vector<message>&& with);
void start_cancel(operation_ptr<> op, const consumer_ptr& consumer);
void start_drain(operation_ptr<> op, const consumer_ptr& consumer);
}  // namespace detail

/// A handle; copies are the same consumer. Made by connection::open_consumer(). It survives
/// recovery. Operations may be started on any thread.
class consumer {
 public:
  /// Empty: only is_open() may be called.
  consumer() = default;
  /// The library's own.
  explicit consumer(detail::consumer_ptr state) : state_(std::move(state)) {}

  /// Completes with the next message: void(error_code, delivery).
  template <detail::token_for<delivery> Token = boost::asio::deferred_t>
  auto next(const operation_options& options, Token&& token = Token()) {
    return detail::initiate<delivery>(
        token, detail::core_of(*state_), options,
        [](auto op, const detail::consumer_ptr& of) { detail::start_next(std::move(op), of); },
        state_);
  }
  /// @overload
  template <detail::token_for<delivery> Token = boost::asio::deferred_t>
  auto next(Token&& token = Token()) {
    return next(operation_options{}, std::forward<Token>(token));
  }

  /// Completes with what is there, at least one and at most `max`: void(error_code,
  /// vector<delivery>).
  template <detail::token_for<std::vector<delivery>> Token = boost::asio::deferred_t>
  auto next_batch(std::size_t max, const operation_options& options, Token&& token = Token()) {
    return detail::initiate<std::vector<delivery>>(
        token, detail::core_of(*state_), options,
        [](auto op, const detail::consumer_ptr& of, std::size_t at_most) {
          detail::start_next_batch(std::move(op), of, at_most);
        },
        state_, max);
  }
  /// @overload
  template <detail::token_for<std::vector<delivery>> Token = boost::asio::deferred_t>
  auto next_batch(std::size_t max, Token&& token = Token()) {
    return next_batch(max, operation_options{}, std::forward<Token>(token));
  }

  /// Of a transactional consumer: publishes these messages and carries out what has been settled
  /// since the last commit, all of it or nothing: void(error_code). What is not committed when the
  /// connection breaks comes back; with errc::outcome_unknown it broke during the commit. A message
  /// that no queue takes is dropped.
  template <detail::token_for<> Token = boost::asio::deferred_t>
  auto commit(std::vector<message> with, const operation_options& options,
              Token&& token = Token()) {
    return detail::initiate<>(
        token, detail::core_of(*state_), options,
        [](auto op, const detail::consumer_ptr& of, std::vector<message>&& what) {
          detail::start_commit(std::move(op), of, std::move(what));
        },
        state_, std::move(with));
  }
  /// @overload
  template <detail::token_for<> Token = boost::asio::deferred_t>
  auto commit(std::vector<message> with = {}, Token&& token = Token()) {
    return commit(std::move(with), operation_options{}, std::forward<Token>(token));
  }

  /// Takes no more: void(error_code). What was not handed out goes back to the queue; what was may
  /// still be settled.
  template <detail::token_for<> Token = boost::asio::deferred_t>
  auto cancel(const operation_options& options, Token&& token = Token()) {
    return detail::initiate<>(
        token, detail::core_of(*state_), options,
        [](auto op, const detail::consumer_ptr& of) { detail::start_cancel(std::move(op), of); },
        state_);
  }
  /// @overload
  template <detail::token_for<> Token = boost::asio::deferred_t>
  auto cancel(Token&& token = Token()) {
    return cancel(operation_options{}, std::forward<Token>(token));
  }

  /// Graceful end: asks for no more, lets next() hand out what is here already, and completes when
  /// all of it has been settled and the channel is closed: void(error_code).
  template <detail::token_for<> Token = boost::asio::deferred_t>
  auto drain(const operation_options& options, Token&& token = Token()) {
    return detail::initiate<>(
        token, detail::core_of(*state_), options,
        [](auto op, const detail::consumer_ptr& of) { detail::start_drain(std::move(op), of); },
        state_);
  }
  /// @overload
  template <detail::token_for<> Token = boost::asio::deferred_t>
  auto drain(Token&& token = Token()) {
    return drain(operation_options{}, std::forward<Token>(token));
  }

  /// Deliveries that were destroyed unsettled. Any thread.
  [[nodiscard]] std::uint64_t forgotten() const noexcept;
  /// Whether there is a consumer behind this handle.
  [[nodiscard]] bool is_open() const noexcept { return state_ != nullptr; }
  /// The library's own.
  [[nodiscard]] const detail::core_ptr& owner() const noexcept { return detail::core_of(*state_); }
  /// The library's own.
  [[nodiscard]] const detail::consumer_ptr& state() const noexcept { return state_; }

 private:
  detail::consumer_ptr state_;
};

/// Acknowledges all of them.
void ack_all(std::vector<delivery>& deliveries);

}  // namespace ternmq
