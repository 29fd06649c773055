// What is measured: with_ternmq HOST PORT QUEUE MESSAGES BYTES WINDOW. The same work as
// with_librabbitmq.c, written as a user of this library writes it: every message is sent with its
// outcome known in the end, every delivery is acknowledged by itself.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <string>
#include <ternmq/ternmq.hpp>

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {

struct Work {
  std::string queue;
  long messages = 0;
  std::size_t bytes = 0;
  std::uint16_t window = 0;
};

double rate(long messages, Clock::time_point start) {
  return static_cast<double>(messages) /
         std::chrono::duration<double>(Clock::now() - start).count();
}

asio::awaitable<void> measure(ternmq::connection& connection, Work work) {
  co_await connection.open();
  ternmq::topology topology;
  ternmq::queue queue(work.queue);
  queue.durable = false;
  topology.add(queue);
  co_await connection.declare(topology);
  ternmq::publisher_options how;
  how.window = work.window;
  auto publisher = co_await connection.open_publisher(how);
  ternmq::message message(work.queue, std::string(work.bytes, '\0'));
  message.properties.persistent = false;
  auto start = Clock::now();
  for (long sent = 0; sent < work.messages; ++sent)
    if (publisher.try_send(message) == 0) co_await publisher.send(message);
  const auto report = co_await publisher.drain();
  const double published = rate(static_cast<long>(report.confirmed), start);

  ternmq::consumer_options options;
  options.prefetch = work.window;
  start = Clock::now();
  auto consumer = co_await connection.open_consumer(work.queue, options);
  for (long got = 0; got < work.messages;) {
    auto batch = co_await consumer.next_batch(work.window);
    for (ternmq::delivery& one : batch) one.ack();
    got += static_cast<long>(batch.size());
  }
  const double consumed = rate(work.messages, start);
  std::printf("%.0f %.0f\n", published, consumed);
  co_await consumer.drain();
  co_await connection.delete_queue(work.queue);
  co_await connection.close();
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 7) return 2;
  asio::io_context io(1);
  const std::string url = std::string("amqp://") + arguments[1] + ":" + arguments[2];
  ternmq::connection connection(io.get_executor(), ternmq::connection_options::from_url(url));
  asio::co_spawn(
      io,
      measure(connection, {arguments[3], std::strtol(arguments[4], nullptr, 10),
                           std::strtoul(arguments[5], nullptr, 10),
                           static_cast<std::uint16_t>(std::strtoul(arguments[6], nullptr, 10))}),
      [](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
      });
  io.run();
}
