#include "flow_cases.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <set>

#include "ternmq/back_pressure.hpp"

namespace sdk {
namespace {

using namespace asio::experimental::awaitable_operators;
using asio::use_awaitable;
constexpr int messages = 60;

// Takes a message every five milliseconds: two hundred a second.
awaitable<std::set<std::string>> take_slowly(ternmq::connection& connection, std::string queue) {
  ternmq::consumer_options one_at_a_time;
  one_at_a_time.prefetch = 1;
  auto consumer = co_await connection.open_consumer(queue, one_at_a_time, use_awaitable);
  asio::steady_timer timer(connection.get_executor());
  std::set<std::string> taken;
  while (taken.size() < messages) {
    timer.expires_after(5ms);
    co_await timer.async_wait(use_awaitable);
    auto one = co_await consumer.next(use_awaitable);
    EXPECT(taken.insert(std::string(one.body())).second);
    one.ack();
  }
  co_await consumer.drain(use_awaitable);
  co_return taken;
}

awaitable<unsigned> publish_all(ternmq::back_pressure& pressure, ternmq::publisher by,
                                std::string queue) {
  unsigned refusals = 0;
  for (int number = 0; number < messages; ++number)
    refusals += co_await pressure.publish(by, ternmq::message(queue, std::to_string(number)));
  pressure.stop();
  co_return refusals;
}

// Without a queue there is nothing to watch.
awaitable<bool> misses_the_queue(ternmq::connection& connection) {
  ternmq::back_pressure pressure(connection, "sdk.no-such-queue");
  try {
    co_await pressure.watch();
  } catch (const boost::system::system_error& error) {
    co_return error.code() == ternmq::errc::not_found;
  }
  co_return false;
}

awaitable<void> fill_a_small_queue(Life& life) {
  ternmq::table limit{{"x-max-length", 5}, {"x-overflow", "reject-publish"}};
  co_await life.declare(std::move(limit));
  ternmq::back_pressure_options options;
  options.interval = 50ms;
  options.delay_min = 2ms;
  ternmq::back_pressure pressure(life.connection, life.queue, options);
  auto publisher = co_await life.connection.open_publisher({}, use_awaitable);
  const auto [refusals, taken] =
      co_await (pressure.watch() && publish_all(pressure, publisher, life.queue) &&
                take_slowly(life.connection, life.queue));
  // The publisher is faster than the consumer: it has been refused, has waited, and lost nothing.
  EXPECT(refusals > 0);
  EXPECT(taken.size() == messages);
  // It has not hammered at the queue either: a message waits for about one place at a time.
  EXPECT(refusals < 3 * messages);
  const auto rate = pressure.state().drained_per_second();
  EXPECT(rate && *rate > 10 && *rate < 400);
  EXPECT(pressure.state().depth() && *pressure.state().depth() <= 5);
  EXPECT(co_await misses_the_queue(life.connection));
}

// Moves one message to another queue, with or without a commit.
awaitable<void> move_one(Life& life, std::string to, bool commits) {
  ternmq::consumer_options options;
  options.transactional = true;
  options.prefetch = 1;
  auto consumer = co_await life.connection.open_consumer(life.queue, options, use_awaitable);
  auto one = co_await consumer.next(use_awaitable);
  std::vector<ternmq::message> moved;
  moved.emplace_back(to, std::string(one.body()) + " moved");
  one.ack();
  if (commits) co_await consumer.commit(std::move(moved), use_awaitable);
  // The consumer's channel is closed with what it has not committed.
  co_await consumer.drain(use_awaitable);
}

// Waits until the message can be got, which a broker may do after the channel is closed.
awaitable<bool> comes_back(Life& life, std::string queue, std::string body) {
  asio::steady_timer timer(life.connection.get_executor());
  for (int attempt = 0; attempt < 500; ++attempt) {
    auto found = co_await life.connection.try_get(queue, use_awaitable);
    if (found) co_return found->body() == body;  // Unsettled, it goes back.
    timer.expires_after(10ms);
    co_await timer.async_wait(use_awaitable);
  }
  co_return false;
}

awaitable<bool> is_empty(Life& life, std::string queue) {
  auto found = co_await life.connection.try_get(queue, use_awaitable);
  co_return !found;
}

awaitable<void> move_with_and_without_commit(Life& life) {
  co_await life.declare({});
  const std::string other = life.queue + ".moved";
  ternmq::topology topology;
  topology.add_queue(other);
  co_await life.connection.declare(std::move(topology), use_awaitable);
  auto publisher = co_await life.connection.open_publisher({}, use_awaitable);
  co_await publisher.publish(ternmq::message(life.queue, "m"), use_awaitable);
  co_await move_one(life, other, false);
  EXPECT(co_await comes_back(life, life.queue, "m"));
  EXPECT(co_await is_empty(life, other));
  co_await move_one(life, other, true);
  EXPECT(co_await is_empty(life, life.queue));
  EXPECT(co_await comes_back(life, other, "m moved"));
  co_await life.connection.delete_queue(other, use_awaitable);
}

}  // namespace

void commits_are_all_or_nothing(const Target& target) {
  Life(target, "commit").run(move_with_and_without_commit);
}

void what_is_refused_is_published_later(const Target& target) {
  Life(target, "pressure").run(fill_a_small_queue);
}

}  // namespace sdk
