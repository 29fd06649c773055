// Delayed reminders: each message says when it wants to be delivered. Until then it is on disk,
// like any other, and does not hold up those behind it.
//
//   ./delayed_reminders
#include <cstdlib>
#include <iostream>
#include <ternmq/ternmq.hpp>

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

const std::string queue = "reminders";

struct Reminder {
  std::string text;
  milliseconds delay;
};

// Written down in this order, due in another.
const std::vector<Reminder> reminders = {
    {"feed the cat", 600ms}, {"take the cake out", 200ms}, {"call home", 400ms}};
const std::vector<std::string> due_order = {"take the cake out", "call home", "feed the cat"};

void publish(ternmq::blocking::connection& broker) {
  for (const Reminder& reminder : reminders) {
    ternmq::message message(queue, reminder.text);
    // From now on. `x-deliver-at`, milliseconds since 1970, names the moment itself.
    message.properties.headers.set("x-delivery-delay",
                                   static_cast<std::int64_t>(reminder.delay.count()));
    broker.publish(std::move(message), 10s);
  }
}

milliseconds delay_of(const std::string& text) {
  for (const Reminder& reminder : reminders)
    if (reminder.text == text) return reminder.delay;
  throw std::runtime_error("nobody wrote down: " + text);
}

int main() try {
  const char* url = std::getenv("AMQP_URL");
  ternmq::blocking::connection broker(url != nullptr ? url : "amqp://localhost", 10s);
  ternmq::topology topology;
  topology.add_queue(queue);
  broker.declare(topology, 10s);

  const auto start = Clock::now();
  publish(broker);
  auto due = broker.consume(queue, {}, 10s);
  std::vector<std::string> order;
  bool is_early = false;
  while (order.size() < reminders.size()) {
    auto reminder = due.next(10s);
    if (!reminder) throw std::runtime_error("a reminder is missing");
    const auto waited = std::chrono::duration_cast<milliseconds>(Clock::now() - start);
    order.emplace_back(reminder->body());
    std::cout << "after " << waited.count() << " ms: " << order.back() << '\n';
    is_early = is_early || waited < delay_of(order.back());
    reminder->ack();
  }

  broker.delete_queue(queue, 10s);
  const bool is_right = order == due_order && !is_early;
  std::cout << (is_right ? "3 reminders, none early\n" : "this went wrong\n");
  return is_right ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
