// Topology records: there and back, keys that cannot be confused, order of a load, and damage.
#include "broker/record_codec.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

using namespace tern;
using namespace tern::broker;

namespace {

ExchangeRecord exchange(std::uint32_t vhost, std::string name) {
  ExchangeRecord record;
  record.vhost = vhost;
  record.name = std::move(name);
  record.type = "topic";
  record.durable = true;
  return record;
}

QueueRecord queue_record(std::uint32_t vhost, std::string name) {
  QueueRecord record;
  record.id = QueueId{77};
  record.vhost = vhost;
  record.name = std::move(name);
  record.durable = true;
  return record;
}

BindingRecord binding_record(std::string source, std::string destination, std::string key) {
  BindingRecord record;
  record.vhost = 1;
  record.source = std::move(source);
  record.destination = std::move(destination);
  record.durable = true;
  record.routing_key = std::move(key);
  return record;
}

template <class T>
T there_and_back(const T& thing) {
  const auto record = encode_record(thing);
  const auto decoded = decode_record(record.key, record.value.value());
  REQUIRE(decoded.has_value());
  REQUIRE(std::holds_alternative<T>(*decoded));
  return std::get<T>(*decoded);
}

std::vector<storage::Record> one_of_each() {
  auto x = exchange(3, "x");
  x.arguments = {{"alternate-exchange", "ae"}};
  auto q = queue_record(3, "q");
  q.arguments = {{"x-max-length", 5}, {"x-unknown", FieldTable{{"a", true}}}};
  auto b = binding_record("x", "q", "k");
  b.arguments = {{"x-match", "any"}, {"a", 1}};
  return {encode_record(NextIds{}), encode_record(VhostRecord{3, "/"}), encode_record(x),
          encode_record(q), encode_record(b)};
}

std::string error_text(std::string_view key, std::string_view value) {
  const auto decoded = decode_record(key, value);
  return decoded ? "decoded" : decoded.error().text;
}

}  // namespace

TEST_CASE("id counters and virtual hosts come back") {
  CHECK(there_and_back(NextIds{QueueId{0x01020304}, 9}) == NextIds{QueueId{0x01020304}, 9});
  const auto vhost = there_and_back(VhostRecord{0x01020304, "a vhost"});
  CHECK(vhost.number == 0x01020304);
  CHECK(vhost.name == "a vhost");
}

TEST_CASE("an exchange comes back with every combination of flags") {
  for (int flags = 0; flags < 8; ++flags) {
    auto record = exchange(5, std::string("x\0y", 3));
    record.durable = (flags & 1) != 0;
    record.auto_delete = (flags & 2) != 0;
    record.internal = (flags & 4) != 0;
    record.arguments = {{"alternate-exchange", "ae"}, {"n", std::int64_t{-1}}};
    const auto back = there_and_back(record);
    CHECK(back.vhost == 5);
    CHECK(back.name == record.name);
    CHECK(back.type == "topic");
    CHECK(back.durable == record.durable);
    CHECK(back.auto_delete == record.auto_delete);
    CHECK(back.internal == record.internal);
    CHECK(back.arguments == record.arguments);
  }
}

TEST_CASE("a queue comes back with every combination of flags") {
  for (int flags = 0; flags < 8; ++flags) {
    auto record = queue_record(5, std::string(300, 'q'));
    record.durable = (flags & 1) != 0;
    record.auto_delete = (flags & 2) != 0;
    record.exclusive = (flags & 4) != 0;
    record.arguments = {{"x-max-length", 5}, {"x-unknown", FieldArray{{1, "a", FieldValue{}}}}};
    const auto back = there_and_back(record);
    CHECK(back.id == QueueId{77});
    CHECK(back.vhost == 5);
    CHECK(back.name == record.name);
    CHECK(back.durable == record.durable);
    CHECK(back.auto_delete == record.auto_delete);
    CHECK(back.exclusive == record.exclusive);
    CHECK(back.arguments == record.arguments);
  }
}

TEST_CASE("a binding comes back") {
  for (const bool to_exchange : {false, true}) {
    auto record = binding_record("", "destination", "a.*.#");
    record.to_exchange = to_exchange;
    record.arguments = {{"x-match", "all"}, {"a", FieldValue{}}};
    const auto back = there_and_back(record);
    CHECK(back.vhost == 1);
    CHECK(back.source.empty());
    CHECK(back.destination == "destination");
    CHECK(back.to_exchange == to_exchange);
    CHECK(back.durable);
    CHECK(back.routing_key == "a.*.#");
    CHECK(back.arguments == record.arguments);
  }
}

TEST_CASE("forgetting a thing has its key and no value") {
  CHECK(forget_record(VhostRecord{1, "v"}).key == encode_record(VhostRecord{1, "v"}).key);
  CHECK(forget_record(exchange(1, "a")).key == encode_record(exchange(1, "a")).key);
  CHECK(forget_record(queue_record(1, "a")).key == encode_record(queue_record(1, "a")).key);
  auto with_arguments = binding_record("x", "q", "k");
  with_arguments.arguments = {{"a", 1}};
  CHECK(forget_record(with_arguments).key == encode_record(with_arguments).key);
  CHECK_FALSE(forget_record(queue_record(1, "a")).value.has_value());
  CHECK_FALSE(forget_record(with_arguments).value.has_value());
}

TEST_CASE("no two things share a key, however their names are cut") {
  std::set<std::string> keys;
  std::size_t count = 0;
  const auto add = [&](const storage::Record& record) {
    ++count;
    keys.insert(record.key);
  };
  const std::string names[] = {"", "a", "ab", "b", std::string("\0", 1), std::string("\0\1a", 3)};
  for (const auto& one : names) {
    add(encode_record(VhostRecord{1, one}));
    add(encode_record(exchange(1, one)));
    add(encode_record(exchange(2, one)));
    add(encode_record(queue_record(1, one)));
    for (const auto& two : names) {
      for (const auto& three : names) {
        auto record = binding_record(one, two, three);
        add(encode_record(record));
        record.arguments = {{"a", 1}};
        add(encode_record(record));
        record.to_exchange = true;
        add(encode_record(record));
      }
    }
  }
  CHECK(keys.size() == count);
}

TEST_CASE("a binding's arguments tell bindings apart, but not by their order") {
  auto one = binding_record("x", "q", "k");
  auto other = one;
  one.arguments = {{"a", 1}, {"b", 2}};
  other.arguments = {{"b", 2}, {"a", 1}};
  CHECK(encode_record(one).key == encode_record(other).key);
  other.arguments = {{"b", 1}, {"a", 2}};
  CHECK(encode_record(one).key != encode_record(other).key);
}

TEST_CASE("records in key order are in the order of a load") {
  auto records = one_of_each();
  std::reverse(records.begin(), records.end());
  std::sort(records.begin(), records.end(),
            [](const auto& left, const auto& right) { return left.key < right.key; });
  for (std::size_t at = 0; at < records.size(); ++at)
    CHECK(decode_record(records[at].key, *records[at].value)->index() == at);
}

TEST_CASE("a record cut short anywhere, or with more behind it, is damaged") {
  for (const auto& [key, value] : one_of_each()) {
    REQUIRE(decode_record(key, *value).has_value());
    for (std::size_t size = 0; size < value->size(); ++size) {
      CAPTURE(key, size);
      CHECK_FALSE(decode_record(key, value->substr(0, size)).has_value());
    }
    for (std::size_t size = 0; size < key.size(); ++size) {
      CAPTURE(key, size);
      CHECK_FALSE(decode_record(key.substr(0, size), *value).has_value());
    }
    CHECK_FALSE(decode_record(key, *value + "x").has_value());
    CHECK_FALSE(decode_record(key + "x", *value).has_value());
  }
}

TEST_CASE("flags and ids that nobody wrote are damage") {
  auto record = encode_record(queue_record(1, "q"));
  record.value->at(1) = 8;  // internal: an exchange's
  CHECK_FALSE(decode_record(record.key, *record.value).has_value());
  record = encode_record(exchange(1, "x"));
  record.value->at(1) = 2;  // exclusive: a queue's
  CHECK_FALSE(decode_record(record.key, *record.value).has_value());
  record = encode_record(queue_record(1, "q"));
  record.value->replace(2, 4, 4, '\0');
  CHECK_FALSE(decode_record(record.key, *record.value).has_value());
}

TEST_CASE("a binding leads to a queue or to an exchange, not to a third kind") {
  auto record = encode_record(binding_record("x", "q", "k"));
  const std::size_t kind_at = 1 + 4 + 2 + 1;  // kind, vhost, length and octets of the source
  record.key.at(kind_at) = 1;
  CHECK(decode_record(record.key, *record.value).has_value());
  record.key.at(kind_at) = 2;
  CHECK_FALSE(decode_record(record.key, *record.value).has_value());
}

TEST_CASE("what cannot be decoded is named") {
  const auto record = encode_record(queue_record(1, "orders"));
  const std::string where = "the topology record of a queue ('.......orders')";
  CHECK(error_text(record.key, record.value->substr(0, 4)) == where + " is damaged");
  CHECK(error_text(record.key, "\2" + record.value->substr(1)) ==
        where + " has format version 2, and only 1 is known: written by a newer version");
  CHECK(error_text("zap", *record.value) ==
        "topology record 'zap' is of unknown kind 122: damaged, or written by a newer version");
  CHECK(error_text("", "") ==
        "topology record '' is of unknown kind 0: damaged, or written by a newer version");
}
