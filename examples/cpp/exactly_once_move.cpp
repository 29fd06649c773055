// Exactly-once move: messages go from one queue to another through a program that may die at any
// moment. It publishes first, waits until the message is safe in the other queue, and only then
// acknowledges; so nothing is lost. What it had published but not acknowledged when it died is
// published again by its successor, and the other queue, which deduplicates by message id, drops
// it; so nothing is there twice.
//
//   ./exactly_once_move
#include <cstdlib>
#include <iostream>
#include <ternmq/ternmq.hpp>

using namespace std::chrono_literals;

const std::string inbox = "move.inbox";
const std::string outbox = "move.outbox";
constexpr int messages = 10;

std::string url() {
  const char* given = std::getenv("AMQP_URL");
  return given != nullptr ? given : "amqp://localhost";
}

void fill_inbox(ternmq::blocking::connection& broker) {
  for (int number = 0; number < messages; ++number) {
    ternmq::message message(inbox, "payment " + std::to_string(number));
    message.properties.message_id = std::to_string(number);
    broker.publish(std::move(message), 10s);
  }
}

// A program of its own in real life. Moves `count` messages; if it `dies`, the last of them has
// been published and not acknowledged.
void move_messages(int count, bool dies) {
  ternmq::blocking::connection broker(url(), 10s);
  auto source = broker.consume(inbox, {}, 10s);
  for (int number = 1; number <= count; ++number) {
    auto message = source.next(10s);
    if (!message) throw std::runtime_error("the inbox is empty too soon");
    ternmq::message moved = message->copy();  // with its message id
    moved.routing_key = outbox;
    broker.publish(std::move(moved), 10s);
    if (dies && number == count) return;  // The broker takes back what was not acknowledged.
    message->ack();
  }
}

// Whether the outbox has each message once, in order, and nothing more.
bool is_outbox_right(ternmq::blocking::connection& broker) {
  if (broker.inspect(outbox, 10s).messages != messages) return false;
  auto moved = broker.consume(outbox, {}, 10s);
  for (int number = 0; number < messages; ++number) {
    auto message = moved.next(10s);
    if (!message || message->body() != "payment " + std::to_string(number)) return false;
    message->ack();
  }
  return true;
}

int main() try {
  ternmq::blocking::connection broker(url(), 10s);
  ternmq::topology topology;
  topology.add_queue(inbox).add_queue(outbox, {{"x-message-deduplication", true}});
  broker.declare(topology, 10s);
  fill_inbox(broker);

  move_messages(4, true);              // The fourth is in both queues now;
  move_messages(messages - 3, false);  // this begins with it.

  const bool is_right = broker.inspect(inbox, 10s).messages == 0 && is_outbox_right(broker);
  broker.delete_queue(inbox, 10s);
  broker.delete_queue(outbox, 10s);
  std::cout << (is_right ? "10 moved, none lost, none twice\n" : "this went wrong\n");
  return is_right ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
