// The publisher: every message has an outcome, and the broker is never given more than it can take.
//
// Confirms are pipelined: up to `window` messages are on their way at once, and operations wait for
// room in it. The same wait covers a broker that is blocked and a connection that recovers.
//
//   co_await publisher.publish(order);                  // completes when the broker has it
//
//   for (const auto& order : orders)
//     co_await publisher.send(order);                   // completes when there is room for it
//   const auto report = co_await publisher.drain();     // what became of all of them
#pragma once

#include <functional>
#include <vector>

#include "ternmq/detail/operation.hpp"
#include "ternmq/message.hpp"

namespace ternmq {

/// What happens to messages that the broker had not confirmed when the connection broke.
enum class resend : std::uint8_t {
  never,         ///< they complete with errc::outcome_unknown
  always,        ///< they are sent again: none is lost, some may be there twice
  deduplicated,  ///< the same, each with a message id, which a queue or exchange with
                 ///< x-message-deduplication knows again
};

struct outcome;

/// How to publish.
struct publisher_options {
  /// A window of 1000 messages, sent again after a loss.
  publisher_options() noexcept {}  // Not an aggregate: see message.hpp.

  /// Messages without an outcome at most.
  std::uint32_t window = 1000;
  /// And their bodies.
  std::size_t window_bytes = 16 * 1024 * 1024;
  /// A message that no queue takes is returned.
  bool mandatory = false;
  /// What was not confirmed when the connection broke.
  resend on_recovery = resend::always;
  /// For each message, from sending to its outcome; 0: as long as it takes.
  std::chrono::milliseconds confirm_timeout{0};
  /// Called on the connection's executor for messages of send() and try_send() that were not
  /// confirmed. It must not throw.
  std::function<void(std::uint64_t id, const outcome&)> on_failure;
};

/// What became of one message.
struct outcome {
  /// How it ended.
  enum class kind : std::uint8_t {
    unknown,    ///< no answer: see the operation's error_code
    confirmed,  ///< every queue that it was routed to has it, on disk if it is to be there
    nacked,     ///< refused, for example by a full queue with x-overflow reject-publish
    returned,   ///< mandatory, and no queue took it
  };
  kind what = kind::unknown;  ///< how it ended
  error_code error{};         ///< not set if confirmed
  std::string reply_text{};   ///< of a return, or of the error that ended the channel

  /// Whether the broker has it.
  [[nodiscard]] bool is_confirmed() const noexcept { return what == kind::confirmed; }
};

/// What became of everything since the last report.
struct publish_report {
  /// How many the broker has.
  std::uint64_t confirmed = 0;
  /// A message that was not confirmed.
  struct failure {
    std::uint64_t id = 0;  ///< as send() gave it
    outcome result{};      ///< what became of it
  };
  std::vector<failure> failures{};  ///< the first 1000 of send() and try_send()
  std::uint64_t failed = 0;         ///< all of them

  /// Whether nothing failed.
  [[nodiscard]] bool all_confirmed() const noexcept { return failed == 0; }
};

namespace detail {
class publisher_state;
using publisher_ptr = std::shared_ptr<publisher_state>;

[[nodiscard]] const core_ptr& core_of(const publisher_state& publisher) noexcept;
void start_publish(operation_ptr<outcome> op, const publisher_ptr& publisher, message&& what);
void start_send(operation_ptr<std::uint64_t> op, const publisher_ptr& publisher, message&& what);
void start_batch(operation_ptr<std::vector<outcome>> op, const publisher_ptr& publisher,
                 std::vector<message>&& what);
void start_drain(operation_ptr<publish_report> op, const publisher_ptr& publisher);
void start_close(operation_ptr<> op, const publisher_ptr& publisher);
}  // namespace detail

/// A handle; copies are the same publisher. Made by connection::open_publisher(). It survives
/// recovery. Operations may be started on any thread.
class publisher {
 public:
  /// Empty: only is_open() may be called.
  publisher() = default;
  /// The library's own.
  explicit publisher(detail::publisher_ptr state) : state_(std::move(state)) {}

  /// Publishes and completes with the message's outcome: void(error_code, outcome). The error is
  /// errc::nacked or errc::returned if it was not confirmed. Cancelled or timed out, a message that
  /// was sent is still on its way.
  template <detail::token_for<outcome> Token = boost::asio::deferred_t>
  auto publish(message what, const operation_options& options, Token&& token = Token()) {
    return detail::initiate<outcome>(
        token, detail::core_of(*state_), options,
        [](auto op, const detail::publisher_ptr& to, message&& which) {
          detail::start_publish(std::move(op), to, std::move(which));
        },
        state_, std::move(what));
  }
  /// @overload
  template <detail::token_for<outcome> Token = boost::asio::deferred_t>
  auto publish(message what, Token&& token = Token()) {
    return publish(std::move(what), operation_options{}, std::forward<Token>(token));
  }

  /// Completes as soon as there is room in the window and the message is on its way:
  /// void(error_code, uint64 id). Its outcome is in the next drain(), and told to on_failure.
  template <detail::token_for<std::uint64_t> Token = boost::asio::deferred_t>
  auto send(message what, const operation_options& options, Token&& token = Token()) {
    return detail::initiate<std::uint64_t>(
        token, detail::core_of(*state_), options,
        [](auto op, const detail::publisher_ptr& to, message&& which) {
          detail::start_send(std::move(op), to, std::move(which));
        },
        state_, std::move(what));
  }
  /// @overload
  template <detail::token_for<std::uint64_t> Token = boost::asio::deferred_t>
  auto send(message what, Token&& token = Token()) {
    return send(std::move(what), operation_options{}, std::forward<Token>(token));
  }

  /// send() without waiting, for hot loops on the connection's executor: the message's id, or 0 if
  /// there is no room just now.
  std::uint64_t try_send(const message& what);

  /// Publishes all, in order, and completes when each has its outcome, in the same order:
  /// void(error_code, vector<outcome>). The error is that of the first that was not confirmed.
  template <detail::token_for<std::vector<outcome>> Token = boost::asio::deferred_t>
  auto publish_batch(std::vector<message> what, const operation_options& options,
                     Token&& token = Token()) {
    return detail::initiate<std::vector<outcome>>(
        token, detail::core_of(*state_), options,
        [](auto op, const detail::publisher_ptr& to, std::vector<message>&& which) {
          detail::start_batch(std::move(op), to, std::move(which));
        },
        state_, std::move(what));
  }
  /// @overload
  template <detail::token_for<std::vector<outcome>> Token = boost::asio::deferred_t>
  auto publish_batch(std::vector<message> what, Token&& token = Token()) {
    return publish_batch(std::move(what), operation_options{}, std::forward<Token>(token));
  }

  /// Completes when every message has its outcome: void(error_code, publish_report). A failed
  /// message is no error of this operation; look at the report.
  template <detail::token_for<publish_report> Token = boost::asio::deferred_t>
  auto drain(const operation_options& options, Token&& token = Token()) {
    return detail::initiate<publish_report>(
        token, detail::core_of(*state_), options,
        [](auto op, const detail::publisher_ptr& of) { detail::start_drain(std::move(op), of); },
        state_);
  }
  /// @overload
  template <detail::token_for<publish_report> Token = boost::asio::deferred_t>
  auto drain(Token&& token = Token()) {
    return drain(operation_options{}, std::forward<Token>(token));
  }

  /// Waits as drain() does, then closes the channel: void(error_code).
  template <detail::token_for<> Token = boost::asio::deferred_t>
  auto close(const operation_options& options, Token&& token = Token()) {
    return detail::initiate<>(
        token, detail::core_of(*state_), options,
        [](auto op, const detail::publisher_ptr& of) { detail::start_close(std::move(op), of); },
        state_);
  }
  /// @overload
  template <detail::token_for<> Token = boost::asio::deferred_t>
  auto close(Token&& token = Token()) {
    return close(operation_options{}, std::forward<Token>(token));
  }

  /// Messages without an outcome, those that wait for room included. On the connection's executor.
  [[nodiscard]] std::size_t in_flight() const noexcept;
  /// Whether there is a publisher behind this handle.
  [[nodiscard]] bool is_open() const noexcept { return state_ != nullptr; }

 private:
  detail::publisher_ptr state_;
};

}  // namespace ternmq
