// Hello: one program, one queue, one message there and back.
//
//   ./hello
//
// The broker's address is taken from AMQP_URL, amqp://localhost by default.
#include <cstdlib>
#include <iostream>
#include <ternmq/ternmq.hpp>

using namespace std::chrono_literals;

int main() try {
  const char* url = std::getenv("AMQP_URL");
  ternmq::blocking::connection broker(url != nullptr ? url : "amqp://localhost", 10s);

  // Queues are durable and messages persistent unless one says otherwise: both survive a restart of
  // the broker.
  ternmq::topology topology;
  topology.add_queue("hello");
  broker.declare(topology, 10s);

  // Returns when the broker has the message on disk, and throws if it does not take it.
  broker.publish({"hello", "Hello, tern!"}, 10s);
  std::cout << "sent and confirmed\n";

  auto message = broker.get("hello", 10s);
  if (!message) throw std::runtime_error("the queue is empty");
  const std::string text(message->body());
  message->ack();  // Done: the broker forgets it.

  broker.delete_queue("hello", 10s);
  std::cout << "received: " << text << '\n';
  return text == "Hello, tern!" ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
