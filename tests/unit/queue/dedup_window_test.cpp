// Keys of what was published lately.
#include "queue/dedup_window.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "unit/queue/null_sink.hpp"
#include "unit/queue/times.hpp"

namespace tern::queue::test {

namespace {
class KeyStore : public NullSink {
 public:
  void remember_key(QueueId queue, std::string_view key, Time seen, bool) override {
    REQUIRE(queue == QueueId{5});
    REQUIRE(keys.emplace(key, seen).second);
  }
  void forget_key(QueueId, std::string_view key) override {
    REQUIRE(keys.erase(std::string(key)) == 1);
  }
  std::map<std::string, Time> keys;
};

Deduplication bounds(std::optional<Millis> window, std::uint64_t keys_max = 100'000,
                     const std::string& header = "") {
  Deduplication rules;
  rules.enabled = true;
  rules.header = header;
  rules.window = window;
  rules.keys_max = keys_max;
  return rules;
}

struct WindowBench {
  KeyStore store;
  DedupWindow window{QueueId{5}, store};

  explicit WindowBench(Deduplication rules = {}) {
    rules.enabled = true;
    window.configure(rules, at(0));
  }
  /// Publishes: true if it was new.
  bool publish(std::string_view key, std::int64_t now) {
    if (window.is_known(key, at(now))) return false;
    window.remember(key, at(now));
    return true;
  }
};

MessageRef with_id(const std::string& id) {
  static const std::string names{"\0\1q", 3};
  Properties properties;
  properties.message_id = id;
  const std::string encoded = encode_properties(properties);
  return MessageRef::gather({.names = names, .properties = encoded, .body = "x"});
}
}  // namespace

TEST_CASE("a key is known until the window in time has passed; duplicates do not renew it") {
  WindowBench bench(bounds(Millis{100}));
  CHECK(bench.publish("a", 1000));
  CHECK_FALSE(bench.publish("a", 1050));
  CHECK_FALSE(bench.publish("a", 1099));
  CHECK(bench.publish("b", 1099));
  CHECK(bench.publish("a", 1100));
  CHECK_FALSE(bench.publish("b", 1198));
  CHECK(bench.store.keys.size() == 2);
  CHECK(bench.store.keys["a"] == at(1100));
}

TEST_CASE("the oldest keys go when there are too many") {
  WindowBench bench(bounds(std::nullopt, 3));
  for (const char* key : {"a", "b", "c", "d"}) CHECK(bench.publish(key, 1));
  CHECK(bench.window.size() == 3);
  CHECK_FALSE(bench.publish("b", 2));
  CHECK(bench.publish("a", 3));
  CHECK(bench.publish("b", 4));
  CHECK_FALSE(bench.publish("a", 5));
  CHECK(bench.store.keys.size() == 3);
}

TEST_CASE("keys that the store kept are known after a restart") {
  KeyStore store;
  store.keys = {{"old", at(10)}, {"new", at(500)}};
  DedupWindow window(QueueId{5}, store);
  window.restore("old", at(10));
  window.restore("new", at(500));
  window.configure(bounds(Millis{300}), at(600));
  CHECK(window.is_known("new", at(600)));
  CHECK_FALSE(window.is_known("old", at(600)));
  CHECK(store.keys.size() == 1);
  // The clock went back meanwhile: the order of keys does not.
  window.remember("newest", at(400));
  CHECK(store.keys["newest"] == at(500));
}

TEST_CASE("keys are forgotten when their rule ends, and when it narrows") {
  WindowBench bench;
  for (const char* key : {"a", "b", "c", "d"}) CHECK(bench.publish(key, 1));
  bench.window.configure(bounds(std::nullopt, 2), at(2));
  CHECK(bench.store.keys.size() == 2);
  bench.window.configure(bounds(std::nullopt, 2, "other"), at(2));
  CHECK(bench.store.keys.empty());
  CHECK(bench.publish("a", 3));
  bench.window.configure({}, at(4));
  CHECK(bench.store.keys.empty());
  // Keys of a queue whose rule ended while the broker was down go, too.
  KeyStore store;
  store.keys = {{"a", at(1)}};
  DedupWindow window(QueueId{5}, store);
  window.restore("a", at(1));
  window.configure({}, at(2));
  CHECK(store.keys.empty());
}

TEST_CASE("the message id is a key, and long keys are cut without being confused") {
  WindowBench bench;
  CHECK(bench.window.key_of(*with_id("m1")) == "m1");
  CHECK_FALSE(bench.window.key_of(*MessageRef::gather(
      {.names = std::string_view("\0\1q", 3), .properties = no_properties, .body = "x"})));
  WindowBench headers(bounds(std::nullopt, 100, "key"));
  const auto with_header = [](const std::string& value) {
    Properties properties;
    properties.headers = FieldTable{{"key", value}};
    const std::string encoded = encode_properties(properties);
    return MessageRef::gather(
        {.names = std::string_view("\0\1q", 3), .properties = encoded, .body = ""});
  };
  const std::string one = std::string(1000, 'x') + "1";
  const std::string two = std::string(1000, 'x') + "2";
  const std::string first(*headers.window.key_of(*with_header(one)));
  const std::string second(*headers.window.key_of(*with_header(two)));
  CHECK(first.size() == DedupWindow::key_bytes_max);
  CHECK(first != second);
}

}  // namespace tern::queue::test
