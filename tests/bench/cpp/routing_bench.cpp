// Routing: what a topic or headers exchange costs per message with 1 to 100,000 bindings, of which
// one matches. The route cache of channels is not in play here.
#include <benchmark/benchmark.h>

#include "exchange/matcher.hpp"

using namespace tern;
using namespace tern::exchange;

namespace {

Target queue(std::uint32_t id) {
  return {Target::Kind::queue, id};
}

// Four shapes of pattern, none of which matches; then one that does.
std::unique_ptr<Matcher> make_topic(std::int64_t bindings) {
  auto matcher = make_matcher("topic");
  for (std::int64_t number = 1; number < bindings; ++number) {
    const std::string n = std::to_string(number);
    const std::string patterns[] = {"bench.x" + n + ".#", "bench.*.eu.n" + n, "*.q0.y" + n + ".*",
                                    "#.z" + n};
    matcher->bind({queue(static_cast<std::uint32_t>(number)), patterns[number % 4], {}});
  }
  matcher->bind({queue(0), "bench.q0.#", {}});
  return matcher;
}

void topic(benchmark::State& state) {
  const auto matcher = make_topic(state.range(0));
  TargetSet targets;
  for (auto _ : state) {
    targets.clear();
    matcher->route({"bench.q0.eu.order"}, targets);
    benchmark::DoNotOptimize(targets);
  }
  if (targets.items().size() != 1) state.SkipWithError("not one target");
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(topic)->Arg(1)->Arg(100)->Arg(10000)->Arg(100000);

FieldTable header_table(std::int64_t number) {
  FieldTable table;
  table.add("x-match", FieldValue{"all"});
  table.add("q", FieldValue{number});
  table.add("region", FieldValue{"eu"});
  return table;
}

void headers(benchmark::State& state) {
  const auto matcher = make_matcher("headers");
  for (std::int64_t number = 0; number < state.range(0); ++number) {
    auto arguments = canonical_arguments(encode_entries(header_table(number)));
    matcher->bind({queue(static_cast<std::uint32_t>(number)), "", *arguments});
  }
  FieldTable message;
  message.add("region", FieldValue{"eu"});
  message.add("q", FieldValue{std::int64_t{0}});
  message.add("kind", FieldValue{"order"});
  const std::string entries = encode_entries(message);
  TargetSet targets;
  for (auto _ : state) {
    targets.clear();
    matcher->route({"", entries}, targets);
    benchmark::DoNotOptimize(targets);
  }
  if (targets.items().size() != 1) state.SkipWithError("not one target");
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(headers)->Arg(1)->Arg(100)->Arg(10000)->Arg(100000);

}  // namespace
