// A program of somebody else's: outside URL QUEUE. Says what it got.
#include <iostream>
#include <ternmq/ternmq.hpp>

int main(int, char** arguments) {
  const std::string queue = arguments[2];
  ternmq::blocking::connection broker(arguments[1]);
  ternmq::topology topology;
  topology.add_queue(queue);
  broker.declare(topology);
  broker.publish({queue, "hello from outside"});
  auto message = broker.get(queue, std::chrono::seconds(10));
  std::cout << (message ? message->body() : "nothing") << '\n';
  message->ack();
  broker.delete_queue(queue);
}
