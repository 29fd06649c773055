// Calls over messages, with the broker's direct reply-to: no reply queue is declared.
//
//   ternmq::received_message sum = co_await client.call({"add", "1 2"});
//
//   ternmq::rpc_request request = co_await server.next();
//   request.reply("3");
#pragma once

#include "ternmq/consumer.hpp"
#include "ternmq/publisher.hpp"

namespace ternmq {

namespace detail {
class rpc_state;
using rpc_ptr = std::shared_ptr<rpc_state>;
[[nodiscard]] const core_ptr& core_of(const rpc_state& client) noexcept;
void start_call(operation_ptr<received_message> op, const rpc_ptr& client, message&& request);
}  // namespace detail

/// A handle; copies are the same client. Made by connection::open_rpc_client().
class rpc_client {
 public:
  /// Empty: only is_open() may be called.
  rpc_client() = default;
  /// The library's own.
  explicit rpc_client(detail::rpc_ptr state) : state_(std::move(state)) {}

  /// Completes with the reply: void(error_code, received_message). errc::no_reply: the request was
  /// routed to no queue. errc::connection_lost: the connection broke meanwhile; the call is not
  /// repeated, because the server may have acted on it. The request's reply_to and
  /// correlation_id are the client's own.
  template <detail::token_for<received_message> Token = boost::asio::deferred_t>
  auto call(message request, const operation_options& options, Token&& token = Token()) {
    return detail::initiate<received_message>(
        token, detail::core_of(*state_), options,
        [](auto op, const detail::rpc_ptr& by, message&& what) {
          detail::start_call(std::move(op), by, std::move(what));
        },
        state_, std::move(request));
  }
  /// @overload
  template <detail::token_for<received_message> Token = boost::asio::deferred_t>
  auto call(message request, Token&& token = Token()) {
    return call(std::move(request), operation_options{}, std::forward<Token>(token));
  }

  /// Whether there is a client behind this handle.
  [[nodiscard]] bool is_open() const noexcept { return state_ != nullptr; }

 private:
  detail::rpc_ptr state_;
};

/// A request and the way back. Like a delivery it must be settled: reply() does so.
class rpc_request : public delivery {
 public:
  /// Empty.
  rpc_request() = default;
  /// The library's own.
  rpc_request(delivery from, publisher replies)
      : delivery(std::move(from)), replies_(std::move(replies)) {}

  /// Sends the reply (exchange, routing key and correlation id are filled in) and acknowledges the
  /// request. A caller that has gone away misses it.
  error_code reply(message with);
  /// A reply without properties.
  error_code reply(std::string body) { return reply(message({}, std::move(body))); }

 private:
  publisher replies_;
};

namespace detail {
void start_next_request(operation_ptr<rpc_request> op, const consumer& from,
                        const publisher& replies);
}

/// Serves calls: a consumer of the request queue and a publisher for replies.
class rpc_server {
 public:
  /// Empty: nothing may be called.
  rpc_server() = default;
  /// The library's own.
  rpc_server(consumer requests, publisher replies)
      : requests_(std::move(requests)), replies_(std::move(replies)) {}

  /// Completes with the next request: void(error_code, rpc_request).
  template <detail::token_for<rpc_request> Token = boost::asio::deferred_t>
  auto next(const operation_options& options, Token&& token = Token()) {
    return detail::initiate<rpc_request>(
        token, requests_.owner(), options,
        [](auto op, const consumer& from, const publisher& replies) {
          detail::start_next_request(std::move(op), from, replies);
        },
        requests_, replies_);
  }
  /// @overload
  template <detail::token_for<rpc_request> Token = boost::asio::deferred_t>
  auto next(Token&& token = Token()) {
    return next(operation_options{}, std::forward<Token>(token));
  }

  /// The consumer under it: cancel(), drain().
  [[nodiscard]] consumer& requests() noexcept { return requests_; }

 private:
  consumer requests_;
  publisher replies_;
};

}  // namespace ternmq
