// Topic exchanges: RabbitMQ's rules for words and wildcards, hostile patterns, and the model.
#include "exchange/topic_trie.hpp"
#include "unit/exchange/matcher_model.hpp"

using namespace tern;
using namespace tern::exchange;
using namespace tern::exchange::test;

namespace {

using Words = std::vector<std::string>;

Words split(const std::string& text) {
  Words words;
  if (text.empty()) return words;
  words.emplace_back();
  for (const char c : text) {
    if (c == '.') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

/// The definition, word by word: row i says which prefixes of the key the first i words match.
bool matches(const std::string& pattern, const std::string& key) {
  const Words from = split(pattern);
  const Words to = split(key);
  std::vector<bool> row(to.size() + 1, false);
  row[0] = true;
  for (const std::string& word : from) {
    std::vector<bool> next(to.size() + 1, false);
    for (std::size_t i = 0; i <= to.size(); ++i) {
      if (word == "#") {
        next[i] = row[i] || (i > 0 && next[i - 1]);
      } else if (i > 0) {
        next[i] = row[i - 1] && (word == "*" || word == to[i - 1]);
      }
    }
    row = next;
  }
  return row.back();
}

std::string random_words(Random& random, const std::vector<std::string>& from, std::uint32_t max) {
  std::string text;
  for (std::uint32_t i = 0, count = below(random, max + 1); i < count; ++i) {
    if (i > 0) text += '.';
    text += from[below(random, static_cast<std::uint32_t>(from.size()))];
  }
  return text;
}

std::string repeated(const std::string& piece, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += piece;
  return text;
}

struct Example {
  const char* pattern;
  const char* key;
  bool is_match;
};

}  // namespace

TEST_CASE("topic patterns match as in RabbitMQ") {
  const Example examples[] = {
      {"#", "", true},
      {"", "", true},
      {"*", "", false},
      {"a", "", false},
      {"", "a", false},
      {"*.#", "", false},
      {"#.*", "", false},
      {"*", "a", true},
      {"#", "a.b.c", true},
      {"*", "a.b", false},
      {"a.*", "a.b", true},
      {"a.*", "a.", true},
      {"a.*", "a", false},
      {"a.*", "a.b.c", false},
      {"a.#", "a", true},
      {"a.#", "a.b.b", true},
      {"a.#", "a..b", true},
      {"a.#", "b", false},
      {"a.#.b", "a.b", true},
      {"a.#.b", "a.b.b", true},
      {"a.#.b", "a..b", true},
      {"a.#.b", "a.b.c", false},
      {"a.#.b", "b", false},
      {"*.error", "app.error", true},
      {"*.error", "a.b.error", false},
      {"#.error", "a.b.error", true},
      {"#.error", "error", true},
      {"payments.*", "payments.card", true},
      {".", ".", true},
      {"*.*", ".", true},
      {"*", ".", false},
      {"a*", "ab", false},
      {"a*", "a*", true},
      {"#.a.#", "b.a.c", true},
      {"#.a.#", "b.c", false},
      {"#.#", "", true},
      {"#.*.#", "a", true},
      {"#.*.#", "", false},
      {"*.#.*", "a", false},
      {"*.#.*", "a.b", true},
      {"*", "*", true},
      {"a.b", "a.*", false},
      {"#.b", "#.b", true},
      {"a.*.b.#.c", "a.x.b.c", true},
  };
  for (const Example& example : examples) {
    INFO("pattern '" << example.pattern << "' key '" << example.key << "'");
    const auto matcher = make_matcher("topic");
    matcher->bind(binding(to_queue(1), example.pattern));
    CHECK(matches(example.pattern, example.key) == example.is_match);
    CHECK(route(*matcher, example.key).size() == (example.is_match ? 1U : 0U));
  }
}

TEST_CASE("two topic bindings of one queue that match give one copy") {
  const auto matcher = make_matcher("topic");
  for (const char* pattern : {"a.b", "a.*", "a.#", "#", "#.b", "*.b"})
    CHECK(matcher->bind(binding(to_queue(1), pattern)));
  CHECK(matcher->size() == 6);
  CHECK(route(*matcher, "a.b") == std::vector{to_queue(1)});
}

TEST_CASE("patterns that mean the same are still bindings of their own") {
  const auto matcher = make_matcher("topic");
  CHECK(matcher->bind(binding(to_queue(1), "#")));
  CHECK(matcher->bind(binding(to_queue(1), "#.#")));
  CHECK(matcher->bind(binding(to_queue(2), "#.*")));
  CHECK(matcher->bind(binding(to_queue(2), "*.#")));
  CHECK(matcher->unbind(binding(to_queue(1), "#")));
  CHECK(matcher->unbind(binding(to_queue(2), "*.#")));
  CHECK_FALSE(matcher->unbind(binding(to_queue(2), "*.#.#")));
  CHECK(route(*matcher, "x") == std::vector{to_queue(1), to_queue(2)});
  CHECK(route(*matcher, "") == std::vector{to_queue(1)});
}

TEST_CASE("hostile patterns and keys take bounded work") {
  // Placing each # one after another would take longer than the universe has.
  const auto matcher = make_matcher("topic");
  const std::string longest = repeated("a.", 127);
  matcher->bind(binding(to_queue(1), repeated("#.", 127) + "b"));
  matcher->bind(binding(to_queue(2), repeated("#.a.", 63) + "b"));
  matcher->bind(binding(to_queue(3), repeated("#.*.", 63) + "b"));
  matcher->bind(binding(to_queue(4), repeated("*.#.a.", 40) + "#"));
  CHECK(route(*matcher, longest + "c") == std::vector{to_queue(4)});
  CHECK(route(*matcher, longest + "b") ==
        std::vector{to_queue(1), to_queue(2), to_queue(3), to_queue(4)});
  CHECK(route(*matcher, std::string(255, '.')).empty());
}

TEST_CASE("an emptied trie keeps no node, word or edge") {
  const std::uint32_t seed = fresh_seeds(1).front();
  INFO("seed " << seed);
  Random random(seed);
  ListedBindings index;
  TopicTrie trie;
  for (int round = 0; round < 3; ++round) {
    std::vector<ListedBinding*> added;
    for (int i = 0; i < 500; ++i) {
      const std::string pattern =
          "#." + random_words(random, {"*", "#", "a", "b", "c", "d", "", "longer than short"}, 6);
      if (auto* const made = index.insert(binding(to_queue(1), pattern))) added.push_back(made);
    }
    for (auto* const each : added) trie.add(*each);
    CHECK(trie.node_count() > 100);
    CHECK(trie.word_count() == 6);
    std::shuffle(added.begin(), added.end(), random);
    for (auto* const each : added) {
      trie.remove(*each);
      index.erase(*each);
    }
    CHECK(trie.node_count() == 0);
    CHECK(trie.word_count() == 0);
    CHECK(trie.edge_count() == 0);
  }
}

TEST_CASE("a topic exchange agrees with the model") {
  ModelRun run;
  run.type = "topic";
  run.matches = [](const Binding& each, const std::string& key, const std::string&) {
    return matches(each.routing_key, key);
  };
  run.make_pattern = [](Random& random) {
    return random_words(random, {"*", "#", "#", "a", "b", "c", ""}, 6);
  };
  run.make_key = [](Random& random) {
    return random_words(random, {"a", "a", "b", "b", "c", "", "x", "*", "#"}, 8);
  };
  run.make_arguments = [](Random& random) {
    return below(random, 5) != 0 ? FieldTable{} : FieldTable{{"n", 1}};
  };
  run.make_headers = [](Random&) { return std::string(); };
  for (const std::uint32_t seed : fresh_seeds(4)) run_against_model(run, seed, 1200);
}
