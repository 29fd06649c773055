// Order for each user: what one user did is handled one after the other, in the order in which it
// happened, while different users are served in parallel by any number of workers.
//
//   ./user_order
//
// The queue knows a message's user by a header, which x-message-group names. A worker is given the
// next message of a user only when the one before it is settled, by whichever worker had it.
#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <ternmq/ternmq.hpp>

namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

const std::string queue = "user.actions";
const std::vector<std::string> users = {"ann", "bob", "cleo", "dave"};
constexpr int actions_per_user = 10;

// What the workers see; they all run on one thread.
struct Log {
  std::map<std::string, std::vector<int>> done;  // each user's actions, as they were finished
  std::set<std::string> busy;                    // users of whom an action is being handled
  std::size_t busy_max = 0;
  bool has_overlap = false;  // two actions of one user at once
  int left = actions_per_user * static_cast<int>(users.size());
} seen;

awaitable<void> publish(ternmq::connection& connection) {
  auto publisher = co_await connection.open_publisher({}, use_awaitable);
  for (int action = 1; action <= actions_per_user; ++action) {
    for (const std::string& user : users) {
      ternmq::message message(queue, std::to_string(action));
      message.properties.headers.set("user", user);
      co_await publisher.send(std::move(message), use_awaitable);
    }
  }
  const auto report = co_await publisher.drain(use_awaitable);
  if (!report.all_confirmed()) throw std::runtime_error("an action was not taken");
}

// Each action takes between 1 and 10 ms, so without groups they would overtake each other.
awaitable<void> handle(const std::string& user, int action) {
  seen.has_overlap = seen.has_overlap || !seen.busy.insert(user).second;
  seen.busy_max = std::max(seen.busy_max, seen.busy.size());
  static std::minstd_rand random(1);
  asio::steady_timer timer(co_await asio::this_coro::executor);
  timer.expires_after(std::chrono::milliseconds(1 + random() % 10));
  co_await timer.async_wait(use_awaitable);
  seen.done[user].push_back(action);
  seen.busy.erase(user);
}

awaitable<void> work(ternmq::consumer& actions, std::vector<ternmq::consumer>& workers) {
  for (;;) {
    ternmq::delivery action;
    try {
      action = co_await actions.next(use_awaitable);
    } catch (const boost::system::system_error& end) {
      if (end.code() == ternmq::errc::consumer_cancelled) co_return;
      throw;
    }
    const std::string user(action.header("user").text());
    co_await handle(user, std::stoi(std::string(action.body())));
    action.ack();
    if (--seen.left > 0) continue;
    for (ternmq::consumer& worker : workers) co_await worker.cancel(use_awaitable);
  }
}

awaitable<bool> run() {
  const char* url = std::getenv("AMQP_URL");
  ternmq::connection connection(
      co_await asio::this_coro::executor,
      ternmq::connection_options::from_url(url != nullptr ? url : "amqp://localhost"));
  co_await connection.open(use_awaitable);
  ternmq::topology topology;
  topology.add_queue(queue, {{"x-message-group", "user"}});
  co_await connection.declare(std::move(topology), use_awaitable);
  co_await publish(connection);

  std::vector<ternmq::consumer> workers;
  for (int number = 0; number < 3; ++number)
    workers.push_back(co_await connection.open_consumer(queue, {}, use_awaitable));
  co_await (work(workers[0], workers) && work(workers[1], workers) && work(workers[2], workers));

  co_await connection.delete_queue(queue, use_awaitable);
  co_await connection.close(use_awaitable);
  bool is_right = !seen.has_overlap && seen.busy_max > 1 && seen.done.size() == users.size();
  for (const auto& [user, actions] : seen.done) {
    std::cout << user << ':';
    for (const int action : actions) std::cout << ' ' << action;
    std::cout << '\n';
    is_right = is_right && actions.size() == actions_per_user &&
               std::is_sorted(actions.begin(), actions.end());
  }
  co_return is_right;
}

int main() {
  asio::io_context io;
  bool is_right = false;
  asio::co_spawn(io, run(), [&](std::exception_ptr error, bool result) {
    is_right = result;
    if (error) std::cerr << "the work has failed\n";
  });
  io.run_for(30s);
  std::cout << (is_right ? "4 users, each in order\n" : "this went wrong\n");
  return is_right ? 0 : 1;
}
