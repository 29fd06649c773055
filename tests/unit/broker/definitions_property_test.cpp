// Whatever definitions there are: written as JSON and read again, they are the same, and equal
// definitions make equal text whatever order they came in.
#include <catch2/catch.hpp>
#include <random>

#include "broker/definitions.hpp"
#include "broker/definitions_merge.hpp"
#include "broker/definitions_names.hpp"
#include "broker/password_hash.hpp"

namespace tern::broker {
namespace {

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  Definitions definitions() {
    Definitions all;
    for (std::size_t i = 0, n = below(4); i < n; ++i)
      all.vhosts.push_back({unique(), text(), words(), queue_type(), raw("[]"), {}});
    for (std::size_t i = 0, n = below(4); i < n; ++i)
      all.users.push_back({unique(),
                           chance() ? hash_password(7, text()) : "",
                           std::string(hashing_names[0]),
                           words(),
                           chance() ? "{}" : R"({"max-channels":7,"max-connections":-1})",
                           {}});
    for (std::size_t i = 0, n = below(4); i < n; ++i)
      all.permissions.push_back({unique(), name(), text(), text(), text(), {}});
    for (std::size_t i = 0, n = below(4); i < n; ++i)
      all.topic_permissions.push_back({unique(), name(), text(), text(), text(), {}});
    for (std::size_t i = 0, n = below(4); i < n; ++i)
      all.parameters.push_back({name(), "shovel", unique(), raw("{}"), {}});
    for (std::size_t i = 0, n = below(3); i < n; ++i)
      all.parameters.push_back({"", "", unique(), raw("1"), {}});
    for (std::size_t i = 0, n = below(5); i < n; ++i)
      all.policies.push_back({name(),
                              unique(),
                              text(),
                              static_cast<ApplyTo>(below(6)),
                              table(0),
                              number(),
                              chance(),
                              {}});
    for (std::size_t i = 0, n = below(6); i < n; ++i) add_topology(all);
    return all;
  }

  void shuffle(Definitions& all) {
    std::shuffle(all.queues.begin(), all.queues.end(), random_);
    std::shuffle(all.bindings.begin(), all.bindings.end(), random_);
    std::shuffle(all.policies.begin(), all.policies.end(), random_);
    std::shuffle(all.parameters.begin(), all.parameters.end(), random_);
  }

 private:
  void add_topology(Definitions& all) {
    QueueDefinition queue{name(), {unique(), chance(), false, chance(), table(0)}, {}};
    ExchangeDefinition exchange{
        name(), {unique(), "topic", chance(), chance(), chance(), table(0)}, {}};
    BindingDefinition binding{
        name(), {exchange.spec.name, unique(), chance(), chance() ? text() : "", table(0)}, {}};
    all.queues.push_back(std::move(queue));
    all.exchanges.push_back(std::move(exchange));
    all.bindings.push_back(std::move(binding));
  }

  std::size_t below(std::size_t bound) { return random_() % bound; }
  bool chance() { return below(2) == 0; }
  std::int64_t number() { return static_cast<std::int64_t>(random_()); }
  std::string unique() { return name() + std::to_string(next_++); }
  std::string name() { return "n" + text(); }

  std::string text() {
    static constexpr const char* pieces[] = {"a", "B", "9", ".", "\"", "\\", "\n", "\x01",
                                             "ü", "€", "😀", " ", "/",  "#",  "*",  "\x7f"};
    std::string text;
    for (std::size_t i = 0, n = below(6); i < n; ++i) text += pieces[below(std::size(pieces))];
    return text;
  }

  std::vector<std::string> words() {
    std::vector<std::string> words;
    for (std::size_t i = 0, n = below(3); i < n; ++i) words.push_back(text());
    return words;
  }

  std::string queue_type() {
    static constexpr const char* types[] = {"", "classic", "quorum", "stream"};
    return types[below(4)];
  }

  std::string raw(const char* usual) { return chance() ? usual : R"({"a":[1,2.5,null,"x"]})"; }

  FieldValue value(int depth) {
    switch (below(depth < 4 ? 7 : 5)) {
      case 0:
        return {};
      case 1:
        return chance();
      case 2:
        return number();
      case 3:
        return static_cast<double>(number()) / 1024;
      case 4:
        return text();
      case 5:
        return table(depth + 1);
      default: {
        FieldArray array;
        for (std::size_t i = 0, n = below(4); i < n; ++i) array.values.push_back(value(depth + 1));
        return array;
      }
    }
  }

  // Sorted, as JSON objects are; a name that is no queue argument's, which would be checked.
  FieldTable table(int depth) {
    FieldTable table;
    for (std::size_t i = 0, n = below(4); i < n; ++i)
      table.add("k" + std::to_string(i) + text(), value(depth));
    return table;
  }

  std::mt19937_64 random_;
  int next_ = 0;
};

}  // namespace

TEST_CASE("definitions: any are the same when written and read") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Generator generator(seed);
    Definitions all = generator.definitions();
    const std::string text = format_definitions(all);
    INFO("seed " << seed << "\n" << text);
    std::vector<std::string> warnings;
    const auto again = parse_definitions(text, "f", {}, &warnings);
    REQUIRE((again ? std::string() : again.error().text) == "");
    CHECK(warnings.empty());
    CHECK(format_definitions(*again) == text);
    generator.shuffle(all);
    CHECK(format_definitions(all) == text);
    sort_definitions(all);
    CHECK(is_same(all, *again));
  }
}

}  // namespace tern::broker
