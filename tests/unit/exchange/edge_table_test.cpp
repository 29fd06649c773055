// EdgeTable: edges come and go at random, against std::map; few numbers, so that probes collide.
#include "exchange/edge_table.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <random>

using tern::exchange::EdgeTable;

TEST_CASE("an edge table agrees with a model") {
  const std::uint32_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  EdgeTable table;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> model;
  for (int i = 0; i < 60'000; ++i) {
    const bool is_growing = i / 5000 % 2 == 0;
    const std::pair edge{std::uint32_t(random() % 40), std::uint32_t(1 + random() % 40)};
    const auto [node, word] = edge;
    const auto known = model.find(edge);
    REQUIRE(table.find(node, word) == (known == model.end() ? 0 : known->second));
    if (known == model.end() && random() % 4 < (is_growing ? 3 : 1)) {
      model[edge] = 1 + random() % 1000;
      table.insert(node, word, model[edge]);
    } else if (known != model.end() && random() % 4 < (is_growing ? 1 : 3)) {
      table.erase(node, word);
      model.erase(known);
    }
    REQUIRE(table.size() == model.size());
  }
  for (const auto& [edge, child] : model) REQUIRE(table.find(edge.first, edge.second) == child);
}
