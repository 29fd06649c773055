// Direct and fanout exchanges: small examples, then both against the model.
#include "exchange/key_table.hpp"
#include "unit/exchange/matcher_model.hpp"

using namespace tern;
using namespace tern::exchange;
using namespace tern::exchange::test;

namespace {

ModelRun model_of(const std::string& type) {
  ModelRun run;
  run.type = type;
  run.matches = [type](const Binding& each, const std::string& key, const std::string&) {
    return type == "fanout" || each.routing_key == key;
  };
  run.make_pattern = [](Random& random) { return std::string(below(random, 4), 'k'); };
  run.make_key = run.make_pattern;
  run.make_arguments = [](Random& random) {
    return below(random, 3) != 0 ? FieldTable{} : FieldTable{{"n", int(below(random, 3))}};
  };
  run.make_headers = [](Random&) { return std::string(); };
  return run;
}

}  // namespace

TEST_CASE("a direct exchange routes by the equal key") {
  const auto matcher = make_matcher("direct");
  matcher->bind(binding(to_queue(1), "red"));
  matcher->bind(binding(to_queue(2), "red"));
  matcher->bind(binding(to_exchange(1), "blue"));
  matcher->bind(binding(to_queue(3), "#"));
  matcher->bind(binding(to_queue(4), ""));
  CHECK(route(*matcher, "red") == std::vector{to_queue(1), to_queue(2)});
  CHECK(route(*matcher, "blue") == std::vector{to_exchange(1)});
  CHECK(route(*matcher, "#") == std::vector{to_queue(3)});
  CHECK(route(*matcher, "") == std::vector{to_queue(4)});
  CHECK(route(*matcher, "Red").empty());
}

TEST_CASE("a fanout exchange routes to all, each once, whatever the key") {
  const auto matcher = make_matcher("fanout");
  CHECK(route(*matcher, "any").empty());
  matcher->bind(binding(to_queue(1), "a"));
  matcher->bind(binding(to_queue(1), "b"));
  matcher->bind(binding(to_exchange(1), ""));
  CHECK(matcher->size() == 3);
  CHECK(route(*matcher, "any") == std::vector{to_queue(1), to_exchange(1)});
  matcher->unbind(binding(to_queue(1), "a"));
  CHECK(route(*matcher, "") == std::vector{to_queue(1), to_exchange(1)});
}

TEST_CASE("a key without bindings leaves nothing behind") {
  ListedBindings index;
  KeyTable keys;
  auto* const first = index.insert(binding(to_queue(1), "red"));
  auto* const second = index.insert(binding(to_queue(2), "red"));
  keys.add(*first);
  keys.add(*second);
  CHECK(keys.key_count() == 1);
  keys.remove(*first);
  CHECK(keys.key_count() == 1);
  keys.remove(*second);
  CHECK(keys.key_count() == 0);
}

TEST_CASE("routing adds to what the target set holds") {
  const auto matcher = make_matcher("fanout");
  matcher->bind(binding(to_queue(1)));
  matcher->bind(binding(to_queue(2)));
  TargetSet targets;
  targets.add(to_queue(2));
  matcher->route({"", ""}, targets);
  CHECK(targets.size() == 2);
}

TEST_CASE("a direct exchange agrees with the model") {
  for (const std::uint32_t seed : fresh_seeds(5)) run_against_model(model_of("direct"), seed, 1500);
}

TEST_CASE("a fanout exchange agrees with the model") {
  for (const std::uint32_t seed : fresh_seeds(5)) run_against_model(model_of("fanout"), seed, 1500);
}
