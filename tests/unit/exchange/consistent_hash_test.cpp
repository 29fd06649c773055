// x-consistent-hash: shares by weight, and what moves when the bindings change.
#include <bit>
#include <catch2/catch.hpp>
#include <map>

#include "exchange/stable_hash.hpp"
#include "unit/exchange/matcher_model.hpp"

using namespace tern;
using namespace tern::exchange;
using namespace tern::exchange::test;

namespace {

constexpr int key_count = 40'000;

std::unique_ptr<Matcher> hashing(const FieldTable& arguments = {}) {
  return make_matcher("x-consistent-hash", arguments);
}

Target winner(const Matcher& matcher, const RouteInput& input) {
  TargetSet targets;
  matcher.route(input, targets);
  REQUIRE(targets.size() == 1);
  return targets.items()[0];
}

std::vector<Target> winners(const Matcher& matcher) {
  std::vector<Target> all;
  for (int i = 0; i < key_count; ++i)
    all.push_back(winner(matcher, {.routing_key = "key-" + std::to_string(i)}));
  return all;
}

std::map<std::uint32_t, int> shares(const std::vector<Target>& all) {
  std::map<std::uint32_t, int> counts;
  for (const Target target : all) ++counts[target.id];
  return counts;
}

std::string properties(const Properties& from) {
  return encode_properties(from);
}

}  // namespace

TEST_CASE("the hashes are what they always were") {
  // Written down once: where these change, messages change their queues by an upgrade.
  CHECK(mix_bits(0) == 0);
  CHECK(mix_bits(1) == 0xB456BCFC34C2CB2CULL);
  CHECK(stable_hash("") == 0xEFD01F60BA992926ULL);
  CHECK(stable_hash("orders.new") == 0x796FBC07F6742D34ULL);
}

TEST_CASE("shares follow the weights to five per cent") {
  const auto matcher = hashing();
  const std::map<std::uint32_t, int> weights{{3, 1}, {4, 1}, {5, 2}, {8, 4}, {1000, 2}};
  for (const auto& [id, weight] : weights)
    matcher->bind(binding(to_queue(id), std::to_string(weight)));
  const auto counts = shares(winners(*matcher));
  for (const auto& [id, weight] : weights) {
    const double wanted = key_count * weight / 10.0;
    INFO("queue " << id << " has " << counts.at(id) << " of " << wanted);
    CHECK(counts.at(id) > 0.95 * wanted);
    CHECK(counts.at(id) < 1.05 * wanted);
  }
}

TEST_CASE("queues of numbers in a row share evenly") {
  const auto matcher = hashing();
  for (std::uint32_t id = 1; id <= 16; ++id) matcher->bind(binding(to_queue(id), "1"));
  for (const auto& [id, count] : shares(winners(*matcher))) {
    INFO("queue " << id);
    CHECK(std::abs(count - key_count / 16) < key_count / 16 / 10);
  }
}

TEST_CASE("a new queue takes its share and nothing else moves") {
  const auto matcher = hashing();
  for (std::uint32_t id = 1; id <= 5; ++id)
    matcher->bind(binding(to_queue(id), id % 2 == 0 ? "3" : "1"));
  const auto before = winners(*matcher);
  matcher->bind(binding(to_queue(9), "1"));
  const auto with_it = winners(*matcher);
  int moved = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] == with_it[i]) continue;
    ++moved;
    REQUIRE(with_it[i] == to_queue(9));
  }
  CHECK(moved > 0.95 * key_count / 10);
  CHECK(moved < 1.05 * key_count / 10);
  // Gone again, it leaves everything as it was.
  matcher->unbind(binding(to_queue(9), "1"));
  CHECK(winners(*matcher) == before);
}

TEST_CASE("more weight moves keys to that queue alone") {
  const auto matcher = hashing();
  for (std::uint32_t id = 1; id <= 4; ++id) matcher->bind(binding(to_queue(id), "1"));
  const auto before = winners(*matcher);
  // Two bindings of a queue weigh their sum.
  matcher->bind(binding(to_queue(2), "2"));
  const auto heavier = winners(*matcher);
  for (std::size_t i = 0; i < before.size(); ++i)
    if (before[i] != heavier[i]) REQUIRE(heavier[i] == to_queue(2));
  const int share = shares(heavier).at(2);
  CHECK(share > 0.95 * key_count / 2);
  CHECK(share < 1.05 * key_count / 2);

  const auto other = hashing();
  for (std::uint32_t id = 4; id >= 1; --id) other->bind(binding(to_queue(id), id == 2 ? "3" : "1"));
  CHECK(winners(*other) == heavier);
  matcher->unbind(binding(to_queue(2), "2"));
  CHECK(winners(*matcher) == before);
}

TEST_CASE("the order of bindings and what was bound in between do not matter") {
  const auto one = hashing();
  const auto other = hashing();
  for (std::uint32_t id = 1; id <= 30; ++id)
    one->bind(binding(id % 3 == 0 ? to_exchange(id) : to_queue(id), std::to_string(1 + id % 4)));
  for (std::uint32_t id = 60; id >= 1; --id)
    other->bind(binding(id % 3 == 0 ? to_exchange(id) : to_queue(id), std::to_string(1 + id % 4)));
  for (std::uint32_t id = 31; id <= 60; ++id)
    REQUIRE(other->unbind(
        binding(id % 3 == 0 ? to_exchange(id) : to_queue(id), std::to_string(1 + id % 4))));
  CHECK(winners(*one) == winners(*other));
  CHECK(one->size() == 30);
  CHECK(other->size() == 30);
}

TEST_CASE("a queue and an exchange of one number are two targets") {
  const auto matcher = hashing();
  matcher->bind(binding(to_queue(7), "1"));
  matcher->bind(binding(to_exchange(7), "1"));
  int to_queues = 0;
  for (const Target target : winners(*matcher))
    if (target.kind == Target::Kind::queue) ++to_queues;
  CHECK(to_queues > 0.48 * key_count);
  CHECK(to_queues < 0.52 * key_count);
}

TEST_CASE("the same header goes to the same queue, whatever the key") {
  const auto matcher = hashing({{"hash-header", "order"}});
  CHECK_FALSE(matcher->is_cacheable());
  for (std::uint32_t id = 1; id <= 20; ++id) matcher->bind(binding(to_queue(id), "1"));
  const auto of = [&](const FieldTable& headers, std::string_view key = "k") {
    const std::string entries = encode_entries(headers);
    return winner(*matcher, {.routing_key = key, .headers = entries});
  };
  std::map<std::uint32_t, int> used;
  for (int i = 0; i < 400; ++i) {
    const Target target = of({{"order", i}});
    ++used[target.id];
    CHECK(of({{"x", i}, {"order", std::int64_t{i}}}, "other") == target);
  }
  CHECK(used.size() == 20);
  // Text 7 is not number 7, but those without the header are all together.
  int same = 0;
  for (int i = 0; i < 400; ++i)
    if (of({{"order", i}}) == of({{"order", std::to_string(i)}})) ++same;
  CHECK(same < 60);
  for (int i = 0; i < 50; ++i) CHECK(of({{"x", i}}, std::to_string(i)) == of({}));
  // Values that are alike in bits but not in type differ, too.
  int alike = 0;
  for (int i = 1; i <= 400; ++i) {
    const double number = i;
    if (of({{"order", number}}) == of({{"order", std::bit_cast<std::int64_t>(number)}})) ++alike;
  }
  CHECK(alike < 60);
}

TEST_CASE("a property decides if the exchange says so") {
  const auto check = [](std::string_view name, auto set) {
    const auto matcher = hashing({{"hash-property", name}});
    CHECK_FALSE(matcher->is_cacheable());
    for (std::uint32_t id = 1; id <= 20; ++id) matcher->bind(binding(to_queue(id), "1"));
    std::map<std::uint32_t, int> used;
    for (int i = 0; i < 400; ++i) {
      Properties made;
      set(made, i);
      const std::string plain = properties(made);
      made.app_id = "noise";
      made.headers = FieldTable{{"noise", i}};
      const std::string noisy = properties(made);
      const Target target = winner(*matcher, {.routing_key = "k", .properties = plain});
      CHECK(winner(*matcher, {.routing_key = "other", .properties = noisy}) == target);
      ++used[target.id];
    }
    INFO(name);
    CHECK(used.size() == 20);
    const Target without = winner(*matcher, {.routing_key = "a"});
    CHECK(winner(*matcher, {.routing_key = "b"}) == without);
  };
  check("message_id", [](Properties& to, int i) { to.message_id = std::to_string(i); });
  check("correlation_id", [](Properties& to, int i) { to.correlation_id = std::to_string(i); });
  check("timestamp", [](Properties& to, int i) { to.timestamp = static_cast<std::uint64_t>(i); });
}

TEST_CASE("bindings come and go like in any exchange") {
  const auto matcher = hashing();
  CHECK(route(*matcher, "k").empty());
  CHECK(matcher->bind(binding(to_queue(1), "1")));
  CHECK_FALSE(matcher->bind(binding(to_queue(1), "1")));
  CHECK(matcher->bind(binding(to_queue(1), "1", {{"n", 1}})));
  CHECK(matcher->bind(binding(to_queue(1), "99999999999999999999")));
  CHECK(matcher->size() == 3);
  CHECK(route(*matcher, "k") == std::vector{to_queue(1)});
  CHECK_FALSE(matcher->unbind(binding(to_queue(1), "2")));
  CHECK_FALSE(matcher->unbind(binding(to_queue(2), "1")));
  CHECK(matcher->unbind(binding(to_queue(1), "99999999999999999999")));
  CHECK(matcher->unbind(binding(to_queue(1), "1")));
  CHECK(route(*matcher, "k") == std::vector{to_queue(1)});
  CHECK(matcher->unbind(binding(to_queue(1), "1", {{"n", 1}})));
  CHECK(matcher->empty());
  CHECK(route(*matcher, "k").empty());
}

TEST_CASE("random bindings leave the matcher as if it had only ever had the last ones") {
  for (const std::uint32_t seed : fresh_seeds(5)) {
    INFO("seed " << seed);
    Random random(seed);
    const auto worn = hashing();
    std::vector<Binding> bound;
    for (int i = 0; i < 600; ++i) {
      const Binding made = binding(
          {below(random, 3) == 0 ? Target::Kind::exchange : Target::Kind::queue, below(random, 12)},
          std::to_string(1 + below(random, 3)));
      const auto at = std::find(bound.begin(), bound.end(), made);
      if (below(random, 2) == 0) {
        REQUIRE(worn->bind(made) == (at == bound.end()));
        if (at == bound.end()) bound.push_back(made);
      } else {
        REQUIRE(worn->unbind(made) == (at != bound.end()));
        if (at != bound.end()) bound.erase(at);
      }
    }
    const auto fresh = hashing();
    for (const Binding& each : bound) fresh->bind(each);
    for (int i = 0; i < 500; ++i)
      REQUIRE(route(*worn, std::to_string(i)) == route(*fresh, std::to_string(i)));
  }
}
