// Fan-out: an OrderPlaced event goes to every service that wants to know of it. The shop knows the
// exchange only; each service brings a queue of its own and gets its own copy, also of what was
// placed while it was down.
//
//   ./fan_out
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

const std::string exchange = "shop.events";
const std::vector<std::string> orders = {R"({"id": 1, "item": "binoculars"})",
                                         R"({"id": 2, "item": "field guide"})"};

// Each service declares what it needs itself, so that it can be started first or last, or be added
// next year.
awaitable<ternmq::consumer> start_service(ternmq::connection& connection, std::string name) {
  ternmq::topology topology;
  topology.add_exchange(exchange, "fanout").add_queue(name).bind(exchange, name, "");
  co_await connection.declare(std::move(topology), use_awaitable);
  co_return co_await connection.open_consumer(name, {}, use_awaitable);
}

// Takes as many orders as were placed; returns whether they were these, in their order.
awaitable<bool> serve(std::string name, ternmq::consumer events) {
  bool is_right = true;
  for (const std::string& order : orders) {
    ternmq::delivery event = co_await events.next(use_awaitable);
    std::cout << name << ": " << event.type() << ' ' << event.body() << '\n';
    is_right = is_right && event.type() == "OrderPlaced" && event.body() == order;
    event.ack();
  }
  co_return is_right;
}

awaitable<void> place_orders(ternmq::connection& connection) {
  ternmq::publisher_options how;
  how.mandatory = true;  // An event that reaches no service at all is an error here.
  auto shop = co_await connection.open_publisher(how, use_awaitable);
  for (const std::string& order : orders) {
    ternmq::message event(exchange, "", order);
    event.properties.type = "OrderPlaced";
    event.properties.content_type = "application/json";
    co_await shop.publish(event, use_awaitable);  // Throws unless all four queues have it.
  }
}

awaitable<bool> run() {
  const char* url = std::getenv("AMQP_URL");
  ternmq::connection connection(
      co_await asio::this_coro::executor,
      ternmq::connection_options::from_url(url != nullptr ? url : "amqp://localhost"));
  co_await connection.open(use_awaitable);

  auto billing = co_await start_service(connection, "billing");
  auto inventory = co_await start_service(connection, "inventory");
  auto email = co_await start_service(connection, "email");
  auto analytics = co_await start_service(connection, "analytics");
  co_await place_orders(connection);
  const auto [first, second, third, fourth] =
      co_await (serve("billing", billing) && serve("inventory", inventory) &&
                serve("email", email) && serve("analytics", analytics));

  for (const char* queue : {"billing", "inventory", "email", "analytics"})
    co_await connection.delete_queue(queue, use_awaitable);
  co_await connection.delete_exchange(exchange, use_awaitable);
  co_await connection.close(use_awaitable);
  co_return first&& second&& third&& fourth;
}

int main() {
  asio::io_context io;
  bool is_right = false;
  asio::co_spawn(io, run(), [&](std::exception_ptr error, bool result) {
    is_right = result;
    if (error) std::cerr << "an order has failed\n";
  });
  io.run_for(30s);
  std::cout << (is_right ? "4 services have 2 orders each\n" : "this went wrong\n");
  return is_right ? 0 : 1;
}
