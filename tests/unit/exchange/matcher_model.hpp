// A matcher against the plainest model of it: a list of bindings and a predicate, with random
// operations from a printed seed.
#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <random>

#include "unit/exchange/exchange_builders.hpp"

namespace tern::exchange::test {

using Random = std::mt19937;

/// A number from 0 to below `count`.
inline std::uint32_t below(Random& random, std::uint32_t count) {
  return random() % count;
}

struct ModelRun {
  std::string type;
  std::function<bool(const Binding&, const std::string& key, const std::string& headers)> matches;
  std::function<std::string(Random&)> make_pattern;
  std::function<std::string(Random&)> make_key;
  std::function<FieldTable(Random&)> make_arguments;
  std::function<std::string(Random&)> make_headers;
};

inline std::vector<Target> model_route(const ModelRun& run, const std::vector<Binding>& bindings,
                                       const std::string& key, const std::string& headers) {
  std::vector<Target> targets;
  for (const Binding& each : bindings)
    if (run.matches(each, key, headers)) targets.push_back(each.target);
  targets = sorted(targets);
  targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
  return targets;
}

/// Binds, unbinds and routes at random; grows and shrinks the table in turns, empties it at last.
inline void run_against_model(const ModelRun& run, std::uint32_t seed, int operations) {
  INFO("seed " << seed << " type " << run.type);
  Random random(seed);
  const auto matcher = make_matcher(run.type);
  std::vector<Binding> model;
  const auto unbind = [&](const Binding& gone) {
    const auto at = std::find(model.begin(), model.end(), gone);
    REQUIRE(matcher->unbind(gone) == (at != model.end()));
    if (at != model.end()) model.erase(at);
  };
  for (int i = 0; i < operations; ++i) {
    const bool is_growing = i / 300 % 2 == 0;
    const std::uint32_t dice = below(random, 10);
    const Target target{below(random, 4) == 0 ? Target::Kind::exchange : Target::Kind::queue,
                        below(random, 40)};
    const Binding made = binding(target, run.make_pattern(random), run.make_arguments(random));
    if (dice < (is_growing ? 5U : 2U)) {
      const bool is_new = std::find(model.begin(), model.end(), made) == model.end();
      REQUIRE(matcher->bind(made) == is_new);
      if (is_new) model.push_back(made);
    } else if (dice < 7) {
      const bool is_known = !model.empty() && below(random, 5) != 0;
      unbind(is_known ? Binding(model[below(random, static_cast<std::uint32_t>(model.size()))])
                      : made);
    } else {
      const std::string key = run.make_key(random);
      const std::string headers = run.make_headers(random);
      INFO("operation " << i << " key '" << key << "'");
      REQUIRE(route(*matcher, key, headers) == model_route(run, model, key, headers));
    }
    REQUIRE(matcher->size() == model.size());
  }
  while (!model.empty()) unbind(Binding(model.front()));
  REQUIRE(matcher->empty());
  REQUIRE(route(*matcher, run.make_key(random), run.make_headers(random)).empty());
}

/// Seeds that differ in every run of the tests; the failing one is printed.
inline std::vector<std::uint32_t> fresh_seeds(int count) {
  std::random_device device;
  std::vector<std::uint32_t> seeds;
  for (int i = 0; i < count; ++i) seeds.push_back(device());
  return seeds;
}

}  // namespace tern::exchange::test
