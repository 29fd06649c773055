// Transactional move: messages go from one queue through a program into two others. Publishing the
// results and acknowledging the message are one step, a commit: either all of it happens or
// nothing, also if the program or the broker dies in the middle.
//
//   ./transactional_move
#include <cstdlib>
#include <iostream>
#include <map>
#include <ternmq/ternmq.hpp>

using namespace std::chrono_literals;

const std::string orders = "move.orders";
const std::string invoices = "move.invoices";
const std::string parcels = "move.parcels";
constexpr int count = 6;

std::string url() {
  const char* given = std::getenv("AMQP_URL");
  return given != nullptr ? given : "amqp://localhost";
}

// A program of its own in real life. Handles `number` orders; if it `dies`, it does so when the
// last of them is handled and not committed.
void handle_orders(int number, bool dies) {
  ternmq::blocking::connection broker(url(), 10s);
  ternmq::consumer_options options;
  options.transactional = true;
  options.prefetch = 1;
  auto source = broker.consume(orders, options, 10s);
  for (int done = 1; done <= number; ++done) {
    auto order = source.next(10s);
    if (!order) throw std::runtime_error("an order is missing");
    const std::string text(order->body());
    order->ack();  // Takes effect with the commit.
    if (dies && done == number) return;
    source.commit({{invoices, "invoice for " + text}, {parcels, "parcel for " + text}}, 10s);
  }
}

// Whether the queue has one message for each order, and no other.
bool is_complete(ternmq::blocking::connection& broker, const std::string& queue,
                 const std::string& what) {
  std::map<std::string, int> found;
  while (auto message = broker.try_get(queue, 10s)) {
    ++found[std::string(message->body())];
    message->ack();
  }
  std::cout << queue << ": " << found.size() << " messages\n";
  bool is_right = found.size() == count;
  for (int number = 1; number <= count; ++number)
    is_right = is_right && found[what + " for order " + std::to_string(number)] == 1;
  return is_right;
}

int main() try {
  ternmq::blocking::connection broker(url(), 10s);
  ternmq::topology topology;
  topology.add_queue(orders).add_queue(invoices).add_queue(parcels);
  broker.declare(topology, 10s);
  for (int number = 1; number <= count; ++number)
    broker.publish({orders, "order " + std::to_string(number)}, 10s);

  handle_orders(3, true);           // Two are committed; the third comes back,
  handle_orders(count - 2, false);  // and is the first of these.

  bool is_right = !broker.try_get(orders, 10s);
  is_right = is_complete(broker, invoices, "invoice") && is_right;
  is_right = is_complete(broker, parcels, "parcel") && is_right;
  for (const std::string& queue : {orders, invoices, parcels}) broker.delete_queue(queue, 10s);
  std::cout << (is_right ? "6 orders moved, all or nothing\n" : "this went wrong\n");
  return is_right ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
