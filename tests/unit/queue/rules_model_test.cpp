// Random rules and operations under a virtual clock (rules_model.hpp). The seeds are fixed;
// TERN_QUEUE_SEED runs one of one's choice, TERN_QUEUE_RUNS more of them.
#include <cstdlib>

#include "support/numbers.hpp"
#include "unit/queue/rules_model.hpp"

namespace tern::queue::test {

using tern::test::number_from;

TEST_CASE("random rules: each message stays, is delivered or leaves, as it should") {
  const std::uint64_t first = number_from("TERN_QUEUE_SEED", 1);
  const bool chosen = std::getenv("TERN_QUEUE_SEED") != nullptr;
  const std::uint64_t runs = number_from("TERN_QUEUE_RUNS", chosen ? 1 : 120);
  const auto alive_before = Slab::alive_bytes();
  std::uint64_t checks = 0;
  for (std::uint64_t seed = first; seed != first + runs; ++seed) {
    INFO("TERN_QUEUE_SEED=" << seed);
    RulesModel model(seed);
    for (int step = 0; step != 2000; ++step) model.step();
    model.settle_down();
    checks += model.checks;
  }
  CHECK(checks > runs * 100);
  CHECK(Slab::alive_bytes() == alive_before);
}

}  // namespace tern::queue::test
