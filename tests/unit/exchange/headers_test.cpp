// Headers exchanges: the modes of x-match, the families of types, bad arguments, and the model.
#include "exchange/headers_matcher.hpp"
#include "unit/exchange/matcher_model.hpp"

using namespace tern;
using namespace tern::exchange;
using namespace tern::exchange::test;

namespace {

const FieldValue none;  // void

bool is_routed(const FieldTable& conditions, const FieldTable& headers) {
  const auto matcher = make_matcher("headers");
  matcher->bind(binding(to_queue(1), "", conditions));
  return !route(*matcher, "", encode_entries(headers)).empty();
}

std::string refusal(const FieldTable& conditions) {
  const auto checked = check_binding("headers", {}, {"", arguments(conditions)});
  return checked ? "" : checked.error().text;
}

/// The definition, on decoded tables.
bool matches(const Binding& each, const std::string&, const std::string& headers) {
  const FieldTable conditions = decode_entries(each.arguments).value();
  const FieldTable message = decode_entries(headers).value();
  const FieldValue* const mode_field = conditions.find("x-match");
  const std::string mode = mode_field == nullptr ? "all" : *mode_field->as<std::string>();
  const bool with_x = mode.ends_with("-with-x");
  std::size_t held = 0;
  std::size_t count = 0;
  for (const FieldEntry& condition : conditions.entries()) {
    if (with_x ? condition.name == "x-match" : condition.name.starts_with("x-")) continue;
    ++count;
    const FieldValue* const value = message.find(condition.name);
    if (value == nullptr) continue;
    held +=
        condition.value.as<std::monostate>() != nullptr || is_equivalent(condition.value, *value);
  }
  return mode.starts_with("any") ? held > 0 : held == count;
}

FieldValue random_value(Random& random) {
  switch (below(random, 10)) {
    case 0:
      return none;
    case 1:
      return FieldValue(std::int64_t{1});
    case 2:
      return FieldValue(std::int8_t{1});
    case 3:
      return FieldValue("1");
    case 4:
      return FieldValue(true);
    case 5:
      return FieldValue(1.0);
    case 6:
      return FieldValue(FieldTimestamp{1});
    case 7:
      return FieldValue(1.0F);
    default:
      return FieldValue(static_cast<std::int32_t>(below(random, 3)));
  }
}

FieldTable random_table(Random& random, std::uint32_t max) {
  FieldTable table;
  for (std::uint32_t i = 0, count = below(random, max + 1); i < count; ++i) {
    static const char* const names[] = {"a", "b", "c", "d", "x-a", "x-b"};
    const char* const name = names[below(random, 6)];
    if (table.find(name) == nullptr) table.add(name, random_value(random));
  }
  return table;
}

}  // namespace

TEST_CASE("headers bindings match by x-match") {
  const FieldTable both{{"a", 1}, {"b", "two"}};
  CHECK(is_routed(both, {{"b", "two"}, {"a", 1}, {"c", 3}}));
  CHECK_FALSE(is_routed(both, {{"a", 1}}));
  CHECK_FALSE(is_routed(both, {{"a", 1}, {"b", "three"}}));
  CHECK(is_routed({{"x-match", "all"}, {"a", 1}}, {{"a", 1}}));
  CHECK(is_routed({{"x-match", "any"}, {"a", 1}, {"b", "two"}}, {{"a", 1}}));
  CHECK_FALSE(is_routed({{"x-match", "any"}, {"a", 1}, {"b", "two"}}, {{"a", 2}}));
  CHECK_FALSE(is_routed({{"x-match", "any"}, {"a", 1}, {"b", "two"}}, {}));
}

TEST_CASE("a headers binding without conditions") {
  CHECK(is_routed({}, {}));
  CHECK(is_routed({}, {{"a", 1}}));
  CHECK(is_routed({{"x-match", "all"}}, {}));
  CHECK(is_routed({{"x-match", "all-with-x"}}, {}));
  CHECK_FALSE(is_routed({{"x-match", "any"}}, {}));
  CHECK_FALSE(is_routed({{"x-match", "any"}}, {{"a", 1}}));
  CHECK_FALSE(is_routed({{"x-match", "any-with-x"}}, {{"x-match", "any-with-x"}}));
}

TEST_CASE("x- arguments are conditions only with-x") {
  CHECK(is_routed({{"x-a", 1}}, {}));
  CHECK(is_routed({{"x-match", "all"}, {"x-a", 1}, {"b", 1}}, {{"b", 1}}));
  CHECK_FALSE(is_routed({{"x-match", "any"}, {"x-a", 1}}, {{"x-a", 1}}));
  CHECK(is_routed({{"x-match", "any-with-x"}, {"x-a", 1}}, {{"x-a", 1}}));
  CHECK(is_routed({{"x-match", "all-with-x"}, {"x-a", 1}}, {{"x-a", 1}}));
  CHECK_FALSE(is_routed({{"x-match", "all-with-x"}, {"x-a", 1}, {"b", 1}}, {{"b", 1}}));
}

TEST_CASE("a void condition matches any value of that header") {
  CHECK(is_routed({{"a", none}}, {{"a", 1}}));
  CHECK(is_routed({{"a", none}}, {{"a", "text"}}));
  CHECK(is_routed({{"a", none}}, {{"a", none}}));
  CHECK_FALSE(is_routed({{"a", none}}, {{"b", 1}}));
  CHECK_FALSE(is_routed({{"a", 1}}, {{"a", none}}));
  CHECK(is_routed({{"x-match", "any"}, {"a", none}}, {{"a", 5}}));
}

TEST_CASE("header values compare within their family of types") {
  CHECK(is_routed({{"a", 1}}, {{"a", std::int64_t{1}}}));
  CHECK(is_routed({{"a", std::uint8_t{200}}}, {{"a", std::int16_t{200}}}));
  CHECK(is_routed({{"a", std::int8_t{-1}}}, {{"a", std::int64_t{-1}}}));
  CHECK_FALSE(is_routed({{"a", std::uint8_t{255}}}, {{"a", std::int8_t{-1}}}));
  CHECK_FALSE(is_routed({{"a", 1}}, {{"a", "1"}}));
  CHECK_FALSE(is_routed({{"a", 1}}, {{"a", true}}));
  CHECK_FALSE(is_routed({{"a", 1}}, {{"a", 1.0}}));
  CHECK_FALSE(is_routed({{"a", 1}}, {{"a", FieldTimestamp{1}}}));
  CHECK(is_routed({{"a", 1.5F}}, {{"a", 1.5}}));
  CHECK(is_routed({{"a", 0.0}}, {{"a", -0.0}}));
  CHECK(is_routed({{"a", false}}, {{"a", false}}));
  CHECK_FALSE(is_routed({{"a", false}}, {{"a", true}}));
  CHECK_FALSE(is_routed({{"a", "x"}}, {{"a", FieldBinary{"x"}}}));
  CHECK(is_routed({{"a", FieldTable{{"n", 1}}}}, {{"a", FieldTable{{"n", 1}}}}));
  CHECK_FALSE(is_routed({{"a", FieldTable{{"n", 1}}}}, {{"a", FieldTable{{"n", 2}}}}));
  CHECK(is_routed({{"a", FieldArray{{1, "b"}}}}, {{"a", FieldArray{{1, "b"}}}}));
  CHECK_FALSE(is_routed({{"a", ""}}, {{"a", FieldArray{}}}));
}

TEST_CASE("of two headers with one name the first counts") {
  CHECK(is_routed({{"a", 1}}, {{"a", 1}, {"a", 2}}));
  CHECK_FALSE(is_routed({{"a", 2}}, {{"a", 1}, {"a", 2}}));
  CHECK_FALSE(is_routed({{"x-match", "any"}, {"a", 2}}, {{"a", 1}, {"a", 2}}));
}

TEST_CASE("two headers bindings of one queue that match give one copy") {
  const auto matcher = make_matcher("headers");
  matcher->bind(binding(to_queue(1), "", {{"a", 1}}));
  matcher->bind(binding(to_queue(1), "", {{"b", 1}}));
  matcher->bind(binding(to_queue(1), "", {{"x-match", "any"}, {"a", 1}, {"b", none}}));
  matcher->bind(binding(to_queue(1)));
  CHECK(route(*matcher, "", encode_entries({{"a", 1}, {"b", 1}})) == std::vector{to_queue(1)});
  CHECK(route(*matcher, "", "") == std::vector{to_queue(1)});
}

TEST_CASE("headers bindings are filed where few others are") {
  // All share one condition: filed under that, each message that has it would look at them all.
  HeadersMatcher matcher;
  for (std::uint32_t id = 0; id < 100; ++id)
    matcher.bind(binding(to_queue(id), "", {{"a", 1}, {"b", std::int64_t{id}}, {"c", none}}));
  CHECK(matcher.file_count() >= 100);
  for (std::uint32_t id = 0; id < 100; ++id)
    matcher.unbind(binding(to_queue(id), "", {{"a", 1}, {"b", std::int64_t{id}}, {"c", none}}));
  CHECK(matcher.file_count() == 0);
}

TEST_CASE("malformed headers of a message end early") {
  const auto matcher = make_matcher("headers");
  matcher->bind(binding(to_queue(1), "", {{"a", 1}}));
  matcher->bind(binding(to_queue(2), "", {{"b", 1}}));
  const std::string encoded = encode_entries({{"a", 1}, {"b", 1}});
  for (std::size_t bytes = 0; bytes < encoded.size(); ++bytes) {
    const auto targets = route(*matcher, "", encoded.substr(0, bytes));
    CHECK(targets.size() == (bytes >= encoded.size() / 2 ? 1U : 0U));
  }
}

TEST_CASE("x-match is checked before a binding is made") {
  CHECK(refusal({}).empty());
  for (const char* mode : {"all", "any", "all-with-x", "any-with-x"})
    CHECK(refusal({{"x-match", mode}}).empty());
  const std::string expected = "; expected all, any, all-with-x, or any-with-x";
  CHECK(refusal({{"x-match", "bad"}}) == "Invalid x-match field value <<\"bad\">>" + expected);
  CHECK(refusal({{"x-match", "ALL"}}) == "Invalid x-match field value <<\"ALL\">>" + expected);
  CHECK(refusal({{"x-match", "\x01\x02"}}) == "Invalid x-match field value <<1,2>>" + expected);
  CHECK(refusal({{"x-match", "a\"b"}}) == "Invalid x-match field value <<\"a\\\"b\">>" + expected);
  CHECK(refusal({{"x-match", ""}}) == "Invalid x-match field value <<>>" + expected);
  CHECK(refusal({{"x-match", 1}}) ==
        "Invalid x-match field type signedint (value 1); expected longstr");
  CHECK(check_binding("topic", {}, {"", arguments({{"x-match", "bad"}})}).has_value());
}

TEST_CASE("a headers exchange agrees with the model") {
  ModelRun run;
  run.type = "headers";
  run.matches = matches;
  run.make_pattern = [](Random& random) { return std::string(below(random, 2), 'k'); };
  run.make_key = run.make_pattern;
  run.make_arguments = [](Random& random) {
    FieldTable table = random_table(random, 3);
    static const char* const modes[] = {"all", "any", "all-with-x", "any-with-x"};
    if (below(random, 5) != 0) table.add("x-match", modes[below(random, 4)]);
    return table;
  };
  run.make_headers = [](Random& random) { return encode_entries(random_table(random, 6)); };
  for (const std::uint32_t seed : fresh_seeds(4)) run_against_model(run, seed, 1200);
}
