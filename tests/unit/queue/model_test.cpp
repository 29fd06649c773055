// A queue with tiny windows against the model (model.hpp), through random operations. The seeds are
// fixed; TERN_QUEUE_SEED runs one of one's choice, TERN_QUEUE_RUNS more of them.
#include <cstdlib>

#include "support/numbers.hpp"
#include "unit/queue/model.hpp"

namespace tern::queue::test {

using tern::test::number_from;

TEST_CASE("random operations leave a queue as the model says") {
  const std::uint64_t first = number_from("TERN_QUEUE_SEED", 1);
  const bool chosen = std::getenv("TERN_QUEUE_SEED") != nullptr;
  const std::uint64_t runs = number_from("TERN_QUEUE_RUNS", chosen ? 1 : 60);
  const auto alive_before = Slab::alive_bytes();
  for (std::uint64_t seed = first; seed != first + runs; ++seed) {
    INFO("TERN_QUEUE_SEED=" << seed);
    Model model(seed);
    for (int step = 0; step != 2000; ++step) model.step();
    model.drain();
  }
  CHECK(Slab::alive_bytes() == alive_before);
}

}  // namespace tern::queue::test
