// The codec: cutting frames and decoding what a publisher sends, encoding what a consumer gets.
#include <benchmark/benchmark.h>

#include "amqp/encoder.hpp"
#include "amqp/methods.hpp"
#include "message/properties.hpp"

using namespace tern;
using namespace tern::amqp;

namespace {

std::string publishes(std::size_t body_bytes, unsigned count) {
  std::string bytes;
  for (unsigned message = 0; message < count; ++message)
    FrameWriter(bytes, 131072)
        .content(1, BasicPublish{0, "orders", "orders.eu.new"}, Bytes("\x10\0\2", 3),
                 std::string(body_bytes, 'x'));
  return bytes;
}

// All frames of 100 publishes; time per message.
void cut_and_decode(benchmark::State& state) {
  constexpr unsigned count = 100;
  const std::string bytes = publishes(static_cast<std::size_t>(state.range(0)), count);
  for (auto _ : state) {
    Bytes rest = bytes;
    while (!rest.empty()) {
      const FrameCut cut = cut_frame(rest, 131072);
      if (cut.type() == FrameType::method) {
        const auto fault = visit_method(
            cut.payload, [](const auto& method) { benchmark::DoNotOptimize(&method); });
        benchmark::DoNotOptimize(fault);
      } else if (cut.type() == FrameType::header) {
        benchmark::DoNotOptimize(decode_content_header(cut.payload));
      }
      rest.remove_prefix(cut.bytes);
    }
  }
  state.SetItemsProcessed(state.iterations() * count);
}
BENCHMARK(cut_and_decode)->Arg(16)->Arg(1024);

void encode_delivery(benchmark::State& state) {
  const std::string body(static_cast<std::size_t>(state.range(0)), 'x');
  const Bytes names("\6orders\15orders.eu.new", 21);
  const MessageRef message = MessageRef::gather(
      {.names = names, .properties = no_properties, .body = body, .persistent = false});
  const Delivery delivery{.channel = 1, .delivery_tag = 7, .consumer_tag = "consumer"};
  std::string out(deliver_bytes(delivery, *message, 131072), '\0');
  for (auto _ : state) {
    benchmark::DoNotOptimize(write_deliver(out.data(), delivery, *message, 131072));
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode_delivery)->Arg(16)->Arg(1024);

}  // namespace
