// sim_broker: the whole broker in one thread against small models, from one printed seed.
//
//   sim_broker [--seed N] [--runs N] [--seconds N] [--kind plain|lineage|both]
//
// Each run has its own seed (printed when it fails; --seed N --runs 1 repeats it) and simulates
// both kinds (simulation.hpp) with it.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>

#include "sim/simulation.hpp"

namespace {

std::uint64_t announced_seed = 0;

void tell_seed(int) {
  std::fprintf(stderr, "died in --seed %llu --runs 1\n",
               static_cast<unsigned long long>(announced_seed));
}

// Prints the seed if the process dies in a run.
void announce_seed(std::uint64_t seed) {
  announced_seed = seed;
  std::signal(SIGABRT, tell_seed);
}

struct Arguments {
  std::uint64_t seed = std::random_device{}();
  std::uint64_t runs = 200;
  double seconds = 0;  ///< 0: as many runs as said
  std::string kind = "both";
};

Arguments parse(int count, char** values) {
  Arguments arguments;
  for (int at = 1; at + 1 < count; at += 2) {
    const std::string name = values[at];
    if (name == "--seed") arguments.seed = std::stoull(values[at + 1]);
    if (name == "--runs") arguments.runs = std::stoull(values[at + 1]);
    if (name == "--seconds") arguments.seconds = std::stod(values[at + 1]);
    if (name == "--kind") arguments.kind = values[at + 1];
  }
  return arguments;
}

using Number = unsigned long long;

void print(const tern::sim::Totals& totals) {
  std::printf("published %llu, delivered %llu, crashes %llu, transactions %llu, paged %llu\n",
              Number{totals.published}, Number{totals.delivered}, Number{totals.crashes},
              Number{totals.transactions}, Number{totals.paged});
  std::printf(
      "lineage: %llu commits looked at, crashes: %llu clean, %llu before a commit, %llu "
      "written in silence; %llu of them in a commit\n",
      Number{totals.commits}, Number{totals.crashes_by_kind[0]}, Number{totals.crashes_by_kind[1]},
      Number{totals.crashes_by_kind[2]}, Number{totals.crashes_in_commit});
  std::printf(
      "lineage: %llu stored messages moved, %llu refused, %llu duplicates, %llu limits; "
      "dead letters delivered:",
      Number{totals.moved}, Number{totals.refused}, Number{totals.duplicates},
      Number{totals.limits});
  for (const auto& [reason, count] : totals.deaths)
    std::printf(" %s %llu", reason.c_str(), Number{count});
  std::printf("\n");
}

std::string simulate(const std::string& kind, std::uint64_t seed, tern::sim::Totals& totals) {
  std::string fault;
  if (kind != "lineage") fault = tern::sim::simulate(seed, totals);
  if (fault.empty() && kind != "plain") fault = tern::sim::simulate_lineage(seed, totals);
  return fault;
}

}  // namespace

int main(int count, char** values) {
  const Arguments arguments = parse(count, values);
  const auto begun = std::chrono::steady_clock::now();
  const auto is_over = [&](std::uint64_t done) {
    if (arguments.seconds <= 0) return done >= arguments.runs;
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begun;
    return passed.count() >= arguments.seconds;
  };
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;
  tern::sim::Totals totals;
  for (std::uint64_t run = 0; !is_over(run) && failed < 5; ++run) {
    const std::uint64_t seed = arguments.seed + run;
    // Told before the run: a failed ensure() ends the process.
    if (run % 50 == 0) std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    std::fflush(stdout);
    announce_seed(seed);
    const std::string fault = simulate(arguments.kind, seed, totals);
    if (fault.empty()) {
      ++passed;
      continue;
    }
    ++failed;
    std::printf("FAIL --seed %llu --runs 1: %s\n", static_cast<unsigned long long>(seed),
                fault.c_str());
  }
  print(totals);
  std::printf("%llu passed, %llu failed\n", static_cast<unsigned long long>(passed),
              static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}
