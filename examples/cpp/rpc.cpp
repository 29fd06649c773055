// RPC: a call is a message that says where its reply goes. The client library fills that in and
// finds the call to each reply; the broker passes replies on without a reply queue.
//
//   ./rpc
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>
#include <iostream>
#include <ternmq/ternmq.hpp>

namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

const std::string queue = "square";

std::string square(std::string_view number) {
  const int value = std::stoi(std::string(number));
  return std::to_string(value * value);
}

// Answers until its consumer is cancelled.
awaitable<void> serve(ternmq::rpc_server server) {
  for (;;) {
    ternmq::rpc_request request;
    try {
      request = co_await server.next(use_awaitable);
    } catch (const boost::system::system_error& end) {
      if (end.code() == ternmq::errc::consumer_cancelled) co_return;
      throw;
    }
    request.reply(square(request.body()));  // Sends the reply and acknowledges the request.
  }
}

awaitable<std::string> call(ternmq::rpc_client client, std::string number) {
  auto reply = co_await client.call(ternmq::message(queue, number), use_awaitable);
  co_return std::string(reply.body());
}

// Nobody serves "cube". The broker says so at once; the caller need not wait for a time-out.
awaitable<bool> is_refused(ternmq::rpc_client client) {
  try {
    co_await client.call(ternmq::message("cube", "3"), use_awaitable);
  } catch (const boost::system::system_error& error) {
    co_return error.code() == ternmq::errc::no_reply;
  }
  co_return false;
}

awaitable<bool> ask(ternmq::connection& connection, ternmq::rpc_server server) {
  auto client = co_await connection.open_rpc_client(use_awaitable);
  // Three calls at once on one client.
  const auto [three, four, five] =
      co_await (call(client, "3") && call(client, "4") && call(client, "5"));
  std::cout << "the squares of 3, 4, 5: " << three << ", " << four << ", " << five << '\n';
  const bool is_right = three == "9" && four == "16" && five == "25";
  const bool refuses = co_await is_refused(client);
  co_await server.requests().cancel(use_awaitable);
  co_return is_right&& refuses;
}

awaitable<bool> run() {
  const char* url = std::getenv("AMQP_URL");
  ternmq::connection connection(
      co_await asio::this_coro::executor,
      ternmq::connection_options::from_url(url != nullptr ? url : "amqp://localhost"));
  co_await connection.open(use_awaitable);
  ternmq::topology topology;
  topology.add_queue(queue);
  co_await connection.declare(std::move(topology), use_awaitable);

  auto server = co_await connection.open_rpc_server(queue, {}, use_awaitable);
  const bool is_right = co_await (serve(server) && ask(connection, server));
  co_await connection.delete_queue(queue, use_awaitable);
  co_await connection.close(use_awaitable);
  co_return is_right;
}

int main() {
  asio::io_context io;
  bool is_right = false;
  asio::co_spawn(io, run(), [&](std::exception_ptr error, bool result) {
    is_right = result;
    if (error) std::cerr << "a call has failed\n";
  });
  io.run_for(30s);
  std::cout << (is_right ? "3 calls answered, 1 refused\n" : "this went wrong\n");
  return is_right ? 0 : 1;
}
