// Load levelling: orders come in ten times as fast as they can be handled, for half a second. The
// queue takes them all, on disk, and the handler works them off at its own pace; nothing is lost,
// and nobody has to be made faster for the peak.
//
//   ./load_levelling
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <set>
#include <ternmq/ternmq.hpp>
#include <thread>

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

const std::string queue = "orders.incoming";
constexpr int orders = 5000;
constexpr int in_per_second = 10'000;
constexpr int out_per_second = 1'000;

std::string url() {
  const char* given = std::getenv("AMQP_URL");
  return given != nullptr ? given : "amqp://localhost";
}

// Waits until it is `number`'s turn at that rate.
void pace(Clock::time_point start, int number, int per_second) {
  std::this_thread::sleep_until(start + number * 1'000'000us / per_second);
}

double rate(int count, Clock::time_point start) {
  return count / std::chrono::duration<double>(Clock::now() - start).count();
}

// Ten milliseconds' worth of orders at a time, each batch confirmed before the next.
void take_orders() {
  ternmq::blocking::connection broker(url(), 10s);
  const auto start = Clock::now();
  constexpr int batch = in_per_second / 100;
  for (int first = 0; first < orders; first += batch) {
    pace(start, first, in_per_second);
    std::vector<ternmq::message> some;
    for (int number = first; number < first + batch; ++number)
      some.emplace_back(queue, std::to_string(number));
    broker.publish_batch(std::move(some), 10s);  // Throws unless every one is confirmed.
  }
  std::cout << "in:  " << orders << " orders, " << static_cast<int>(rate(orders, start)) << "/s\n";
}

// Returns how many different orders it was given, at most once each.
std::size_t handle_orders(std::uint32_t& backlog_max) {
  ternmq::blocking::connection broker(url(), 10s);
  auto incoming = broker.consume(queue, {}, 10s);
  std::set<int> handled;
  const auto start = Clock::now();
  for (int count = 0; count < orders; ++count) {
    pace(start, count, out_per_second);
    auto order = incoming.next(10s);
    if (!order) throw std::runtime_error("no order for ten seconds");
    handled.insert(std::stoi(std::string(order->body())));
    order->ack();
    if (count % 100 == 0) backlog_max = std::max(backlog_max, broker.inspect(queue, 10s).messages);
  }
  std::cout << "out: " << handled.size() << " orders, " << static_cast<int>(rate(orders, start))
            << "/s\n";
  return handled.size();
}

int main() try {
  ternmq::blocking::connection broker(url(), 10s);
  broker.delete_queue(queue, 10s);  // What an earlier run has left.
  ternmq::topology topology;
  topology.add_queue(queue);
  broker.declare(topology, 10s);

  std::atomic<bool> has_failed = false;
  std::thread shop([&has_failed] {
    try {
      take_orders();
    } catch (const std::exception& error) {
      std::cerr << error.what() << '\n';
      has_failed = true;
    }
  });
  std::uint32_t backlog_max = 0;
  std::size_t handled = 0;
  try {
    handled = handle_orders(backlog_max);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
  }
  shop.join();

  std::cout << "the queue was at most " << backlog_max << " long\n";
  broker.delete_queue(queue, 10s);
  const bool is_right = !has_failed && handled == orders && backlog_max > orders / 4;
  std::cout << (is_right ? "5000 in, 5000 out, none lost\n" : "this went wrong\n");
  return is_right ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
