// The C++ client through a proxy that breaks its first connection: sdk_faults URL KIND. One life
// (connect, declare, publish, consume, settle, close) is lived again and again, and each time the
// connection is cut one frame later, in either direction, at the frame's end and inside of it;
// others are stalled, dribbled and delayed. Afterwards nothing confirmed may be missing, and no
// operation may have taken longer than its time.
#include <set>

#include "cases.hpp"
#include "fault_proxy.hpp"

using namespace sdk;
using ternmq::message;

namespace {

constexpr int messages = 4;

struct Trial {
  Plan plan;
  std::string name;
  std::string problem{};
  bool has_struck = false;
  bool is_done = false;
};

ternmq::connection_options options_for(const Target& target, std::uint16_t port) {
  auto options = ternmq::connection_options::from_url(target.url);
  options.endpoints = {{"127.0.0.1", port, false}};
  options.heartbeat = 1s;
  options.connect_timeout = patient(1500ms);
  options.recovery.delay_min = 1ms;
  options.recovery.delay_max = 20ms;
  return options;
}

// A connection that cannot be opened is opened again, as a program's supervisor would do.
awaitable<void> open(ternmq::connection& connection) {
  for (int tries = 0;; ++tries) {
    const auto [error] = co_await connection.open({.timeout = patient(10s)}, tuple);
    if (!error) co_return;
    EXPECT(error != ternmq::errc::timed_out || tries == 0);
    EXPECT(tries < 3);
  }
}

awaitable<void> live(ternmq::connection& connection, std::string queue, bool is_exact) {
  const ternmq::operation_options in_time{.timeout = patient(10s)};
  co_await open(connection);
  co_await connection.delete_queue(queue, in_time);  // What a run that has failed left behind.
  ternmq::topology topology;
  ternmq::queue work(queue);
  if (is_exact) work.arguments.set("x-message-deduplication", true);
  topology.add(work);
  co_await connection.declare(topology, in_time);
  ternmq::publisher_options how;
  how.on_recovery = ternmq::resend::deduplicated;
  how.mandatory = true;
  auto publisher = co_await connection.open_publisher(how, in_time);
  std::vector<message> batch;
  for (int i = 0; i < messages; ++i)
    batch.emplace_back(queue, std::string(static_cast<std::size_t>(i) * 700, 'b'));
  const auto outcomes = co_await publisher.publish_batch(std::move(batch), in_time);
  for (const auto& one : outcomes) EXPECT(one.is_confirmed());

  auto consumer = co_await connection.open_consumer(queue, {}, in_time);
  std::set<std::string> seen;
  for (int got = 0; seen.size() < messages; ++got) {
    EXPECT(got < 4 * messages);
    ternmq::delivery one = co_await consumer.next(in_time);
    seen.emplace(one.message_id());
    one.ack();
  }
  // What was sent or acknowledged on a connection that broke may be there a second time, unless the
  // broker knows messages again by their id.
  co_await consumer.cancel(in_time);
  const auto left = co_await connection.purge(queue, in_time);
  EXPECT(left <= messages);
  co_await connection.delete_queue(queue, in_time);
  co_await connection.close(in_time);
}

awaitable<void> attempt(asio::io_context& io, const Target& target, std::uint16_t broker,
                        Trial& trial) {
  auto proxy = std::make_shared<FaultProxy>(io, broker, trial.plan);
  proxy->start();
  try {
    ternmq::connection connection(io.get_executor(), options_for(target, proxy->port()));
    co_await live(connection, "sdk.faults." + trial.name, target.is_ternmq());
  } catch (const std::exception& error) {
    trial.problem = error.what();
  }
  trial.has_struck = proxy->has_struck();
  trial.is_done = true;
  proxy->stop();
}

// Lives them all, some at a time; the names of those that failed are printed.
void attempt_all(const Target& target, std::vector<Trial>& trials, int& passed, int& failed) {
  constexpr std::size_t at_a_time = 12;
  const auto broker = ternmq::connection_options::from_url(target.url).endpoints.front().port;
  for (std::size_t first = 0; first < trials.size(); first += at_a_time) {
    asio::io_context io(1);
    const std::size_t end = std::min(first + at_a_time, trials.size());
    std::size_t running = end - first;
    for (std::size_t at = first; at < end; ++at)
      asio::co_spawn(io, attempt(io, target, broker, trials[at]), [&](std::exception_ptr) {
        if (--running == 0) io.stop();
      });
    io.run_for(patient(60s));
    for (std::size_t at = first; at < end; ++at) {
      const Trial& one = trials[at];
      if (one.is_done && one.problem.empty()) {
        ++passed;
        continue;
      }
      ++failed;
      std::printf("FAIL %s: %s\n", one.name.c_str(),
                  one.is_done ? one.problem.c_str() : "it hangs");
    }
  }
}

std::string name_of(const Plan& plan, const char* what) {
  return std::string(what) + (plan.direction == Direction::to_client ? ".down" : ".up") + "." +
         std::to_string(plan.frames) + "+" + std::to_string(plan.bytes);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return 2;
  const Target target{arguments[1], arguments[2]};
  int passed = 0;
  int failed = 0;
  for (const Direction direction : {Direction::to_client, Direction::to_broker}) {
    // Frame after frame until the life is over before the cut comes.
    std::size_t frame = 0;
    for (bool strikes = true; strikes;) {
      std::vector<Trial> trials;
      for (std::size_t end = frame + 6; frame < end; ++frame)
        for (const std::size_t bytes : {0, 5}) {
          const Plan plan{Fault::cut, direction, frame, bytes};
          trials.push_back({plan, name_of(plan, "cut")});
        }
      attempt_all(target, trials, passed, failed);
      strikes = failed == 0 && trials.back().has_struck;
    }
    if (frame < 12) {
      ++failed;
      std::printf("FAIL only %zu frames were cut\n", frame);
    }
    std::vector<Trial> trials;
    for (std::size_t stalled = 0; stalled < frame; ++stalled) {
      const Plan plan{Fault::stall, direction, stalled, 3};
      trials.push_back({plan, name_of(plan, "stall")});
    }
    for (const Fault fault : {Fault::dribble, Fault::delay}) {
      const Plan plan{fault, direction, 0, 0};
      trials.push_back({plan, name_of(plan, fault == Fault::dribble ? "dribble" : "delay")});
    }
    attempt_all(target, trials, passed, failed);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
