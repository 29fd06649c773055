// Work queue: two workers share the tasks of one queue. A task that fails comes back after a
// moment, each time after a longer one; a task that has failed four times is moved to the dead
// letters, where somebody can look at it.
//
//   ./work_queue
//
// The broker does the waiting and the counting: the workers only say "done" or "not done".
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>
#include <iostream>
#include <map>
#include <ternmq/ternmq.hpp>

namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

const std::string queue = "thumbnails";
const std::string dead_letters = "thumbnails.dead";

ternmq::topology make_topology() {
  ternmq::topology topology;
  topology.add_queue(dead_letters);
  topology.add_queue(queue, {
                                {"x-delivery-limit", 3},            // three more attempts,
                                {"x-delayed-retry-type", "all"},    // each of them later:
                                {"x-delayed-retry-min", 50},        // after 50 ms,
                                {"x-delayed-retry-multiplier", 2},  // 100 ms, 200 ms;
                                {"x-dead-letter-exchange", ""},     // then to the queue
                                {"x-dead-letter-routing-key", dead_letters},  // of that name
                            });
  return topology;
}

// How often each task was tried, for the check at the end.
std::map<std::string, int> attempts;

// "flaky" succeeds at the third attempt, "broken" never.
bool make_thumbnail(const std::string& task) {
  const int attempt = ++attempts[task];
  return task == "broken" ? false : task == "flaky" ? attempt == 3 : true;
}

// Works until it is cancelled.
awaitable<void> work(const char* name, ternmq::consumer tasks) {
  for (;;) {
    ternmq::delivery task;
    try {
      task = co_await tasks.next(use_awaitable);
    } catch (const boost::system::system_error& end) {
      if (end.code() == ternmq::errc::consumer_cancelled) co_return;
      throw;
    }
    const std::string text(task.body());
    const bool is_done = make_thumbnail(text);
    std::cout << name << ": " << text << (is_done ? " done\n" : " failed\n");
    if (is_done)
      task.ack();
    else
      task.nack();  // Back to its queue.
  }
}

awaitable<void> publish(ternmq::connection& connection) {
  auto publisher = co_await connection.open_publisher({}, use_awaitable);
  for (const char* task : {"cat.jpg", "flaky", "dog.jpg", "broken", "tern.jpg"})
    co_await publisher.send(ternmq::message(queue, task), use_awaitable);
  const auto report = co_await publisher.drain(use_awaitable);
  if (!report.all_confirmed()) throw std::runtime_error("a task was not taken");
}

// Waits for the one task that nobody can do, then sends the workers home.
awaitable<std::string> await_dead_letter(ternmq::connection& connection, ternmq::consumer first,
                                         ternmq::consumer second) {
  auto dead = co_await connection.open_consumer(dead_letters, {}, use_awaitable);
  auto letter = co_await dead.next(use_awaitable);
  std::string text(letter.body());
  text += ", " + std::string(letter.header("x-first-death-reason").text());
  letter.ack();
  co_await first.cancel(use_awaitable);
  co_await second.cancel(use_awaitable);
  co_return text;
}

awaitable<bool> run() {
  const char* url = std::getenv("AMQP_URL");
  ternmq::connection connection(
      co_await asio::this_coro::executor,
      ternmq::connection_options::from_url(url != nullptr ? url : "amqp://localhost"));
  co_await connection.open(use_awaitable);
  co_await connection.declare(make_topology(), use_awaitable);
  co_await publish(connection);

  ternmq::consumer_options one_at_a_time;
  one_at_a_time.prefetch = 1;
  auto first = co_await connection.open_consumer(queue, one_at_a_time, use_awaitable);
  auto second = co_await connection.open_consumer(queue, one_at_a_time, use_awaitable);
  const std::string dead = co_await (work("worker 1", first) && work("worker 2", second) &&
                                     await_dead_letter(connection, first, second));
  std::cout << "dead letter: " << dead << '\n';

  co_await connection.delete_queue(queue, use_awaitable);
  co_await connection.delete_queue(dead_letters, use_awaitable);
  co_await connection.close(use_awaitable);
  const std::map<std::string, int> wanted = {
      {"cat.jpg", 1}, {"dog.jpg", 1}, {"tern.jpg", 1}, {"flaky", 3}, {"broken", 4}};
  co_return attempts == wanted&& dead == "broken, delivery_limit";
}

int main() {
  asio::io_context io;
  bool is_right = false;
  asio::co_spawn(io, run(), [&](std::exception_ptr error, bool result) {
    is_right = result;
    if (error) std::cerr << "the work has failed\n";
  });
  io.run_for(30s);
  std::cout << (is_right ? "4 tasks done, 1 dead after 4 attempts\n" : "this went wrong\n");
  return is_right ? 0 : 1;
}
