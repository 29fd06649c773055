// The queue machine alone: publish, deliver and acknowledge, with a sink that does nothing but keep
// positions.
#include <benchmark/benchmark.h>

#include "message/properties.hpp"
#include "unit/queue/null_sink.hpp"

using namespace tern;
using namespace tern::queue;

namespace {

constexpr SessionId session{.shard = ShardId{0}, .number = 1};
constexpr ConsumerId consumer{.session = session, .number = 1};

class Sink final : public test::NullSink {
 public:
  void deliver(const ConsumerId&, Delivery&& delivery) override {
    positions.push_back(delivery.position);
  }
  std::vector<Position> positions;
};

MessageRef message() {
  const std::string body(100, 'x');
  return MessageRef::gather(
      {.names = Bytes("\0\1q", 3), .properties = no_properties, .body = body, .persistent = false});
}

// 100 messages in, out to a consumer that has room, acknowledged together.
void publish_deliver_acknowledge(benchmark::State& state) {
  constexpr int count = 100;
  Sink sink;
  Queue queue({.id = QueueId{1}}, sink);
  const bool auto_ack = state.range(0) != 0;
  static_cast<void>(queue.consume({.id = consumer, .auto_ack = auto_ack}, Time{}));
  const MessageRef one = message();
  for (auto _ : state) {
    sink.positions.clear();
    for (int sent = 0; sent < count; ++sent)
      queue.publish(MessageRef(one), {.session = session, .sequence = 0}, Time{});
    if (!auto_ack) queue.settle(consumer, sink.positions, Settlement::acked, Time{});
    queue.drained(consumer, count * 1000, Time{});
    if (sink.positions.size() != count) state.SkipWithError("not all were delivered");
  }
  state.SetItemsProcessed(state.iterations() * count);
}
BENCHMARK(publish_deliver_acknowledge)->ArgName("auto_ack")->Arg(1)->Arg(0);

// A backlog grows and is drained.
void fill_and_drain(benchmark::State& state) {
  const auto count = state.range(0);
  const MessageRef one = message();
  for (auto _ : state) {
    Sink sink;
    Queue queue(
        {.id = QueueId{1}, .window_head_bytes = 1ULL << 30, .window_tail_bytes = 1ULL << 30}, sink);
    for (std::int64_t sent = 0; sent < count; ++sent)
      queue.publish(MessageRef(one), {.session = session, .sequence = 0}, Time{});
    static_cast<void>(
        queue.consume({.id = consumer, .auto_ack = true, .window_bytes = 1ULL << 40}, Time{}));
    if (sink.positions.size() != static_cast<std::size_t>(count))
      state.SkipWithError("not all were delivered");
  }
  state.SetItemsProcessed(state.iterations() * count);
}
BENCHMARK(fill_and_drain)->Arg(1000)->Arg(100000);

}  // namespace
