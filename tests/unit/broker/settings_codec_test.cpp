// Records of what operators set: there and back, keys that cannot be confused, and damage.
#include <catch2/catch.hpp>
#include <set>

#include "broker/record_codec.hpp"

using namespace tern;
using namespace tern::broker;

namespace {

std::vector<storage::Record> one_setting_of_each() {
  UserDefinition user;
  user.name = "ann";
  user.password_hash = "hash";
  user.tags = {"administrator", ""};
  user.limits = "{\"max-connections\":5}";
  PolicyDefinition policy;
  policy.vhost = "/";
  policy.name = "p";
  policy.pattern = "^a";
  policy.apply_to = ApplyTo::quorum_queues;
  policy.priority = -7;
  policy.definition = {{"max-length", 5}, {"overflow", "drop-head"}};
  policy.is_operator = true;
  VhostRecord vhost{3, "shop"};
  vhost.description = "all of it";
  vhost.default_queue_type = "quorum";
  vhost.tags = {"a", "b"};
  return {encode_record(vhost),
          encode_record(user),
          encode_record(PermissionDefinition{"ann", "/", "a", "b", "c", "file: $.x"}),
          encode_record(TopicPermissionDefinition{"ann", "/", "x", "a", "b", {}}),
          encode_record(ParameterDefinition{"/", "shovel", "s", "{\"a\":1}", {}}),
          encode_record(policy),
          encode_record(SetupDone{})};
}

}  // namespace

TEST_CASE("every setting comes back as it was") {
  for (const storage::Record& record : one_setting_of_each()) {
    const auto decoded = decode_record(record.key, *record.value);
    REQUIRE(decoded.has_value());
    const auto again = std::visit([](const auto& each) { return encode_record(each); }, *decoded);
    CHECK(again.key == record.key);
    CHECK(again.value == record.value);
  }
}

TEST_CASE("fields of settings come back in their places") {
  const auto records = one_setting_of_each();
  const auto decoded = [&](std::size_t at) {
    return *decode_record(records[at].key, *records[at].value);
  };
  const auto vhost = std::get<VhostRecord>(decoded(0));
  CHECK(vhost.number == 3);
  CHECK(vhost.description == "all of it");
  CHECK(vhost.default_queue_type == "quorum");
  CHECK(vhost.limits == "[]");
  CHECK(vhost.tags == std::vector<std::string>{"a", "b"});
  const auto user = std::get<UserDefinition>(decoded(1));
  CHECK(user.name == "ann");
  CHECK(user.password_hash == "hash");
  CHECK(user.hashing_algorithm == "rabbit_password_hashing_sha256");
  CHECK(user.tags == std::vector<std::string>{"administrator", ""});
  CHECK(user.limits == "{\"max-connections\":5}");
  const auto permission = std::get<PermissionDefinition>(decoded(2));
  CHECK(permission.user == "ann");
  CHECK(permission.vhost == "/");
  CHECK(permission.configure + permission.write + permission.read == "abc");
  CHECK(permission.origin.empty());
  const auto topic = std::get<TopicPermissionDefinition>(decoded(3));
  CHECK(topic.exchange + topic.write + topic.read == "xab");
  const auto parameter = std::get<ParameterDefinition>(decoded(4));
  CHECK(parameter.vhost + parameter.component + parameter.name + parameter.value ==
        "/shovels{\"a\":1}");
  const auto policy = std::get<PolicyDefinition>(decoded(5));
  CHECK(policy.name == "p");
  CHECK(policy.pattern == "^a");
  CHECK(policy.apply_to == ApplyTo::quorum_queues);
  CHECK(policy.priority == -7);
  CHECK(policy.is_operator);
  CHECK(policy.definition == FieldTable{{"max-length", 5}, {"overflow", "drop-head"}});
}

TEST_CASE("settings that differ in any part of their name have keys of their own") {
  std::set<std::string> keys;
  for (const storage::Record& record : one_setting_of_each()) keys.insert(record.key);
  CHECK(keys.size() == 7);
  keys.clear();
  for (const auto& [vhost, user] : std::initializer_list<std::pair<const char*, const char*>>{
           {"a", "bc"}, {"ab", "c"}, {"abc", ""}, {"", "abc"}}) {
    keys.insert(encode_record(PermissionDefinition{user, vhost, "", "", "", {}}).key);
    keys.insert(encode_record(TopicPermissionDefinition{user, vhost, "", "", "", {}}).key);
    keys.insert(encode_record(ParameterDefinition{vhost, user, "", "", {}}).key);
    PolicyDefinition policy;
    policy.vhost = vhost;
    policy.name = user;
    keys.insert(encode_record(policy).key);
    policy.is_operator = true;
    keys.insert(encode_record(policy).key);
  }
  CHECK(keys.size() == 20);
}

TEST_CASE("a setting cut short anywhere, or with more behind it, is damaged") {
  for (const storage::Record& record : one_setting_of_each()) {
    const std::string& value = *record.value;
    // A virtual host of which nothing but its number is known is whole.
    const std::size_t whole = record.key[0] == 2 ? 5 : value.size();
    for (std::size_t length = 0; length < value.size(); ++length) {
      CAPTURE(int(record.key[0]), length);
      CHECK(decode_record(record.key, value.substr(0, length)).has_value() == (length == whole));
    }
    CHECK_FALSE(decode_record(record.key, value + "x").has_value());
    CHECK_FALSE(decode_record(record.key + "x", value).has_value());
  }
}

TEST_CASE("settings sort behind everything that they are for") {
  for (const storage::Record& record : one_setting_of_each()) {
    const bool is_vhost = record.key[0] == 2;
    CHECK(is_vhost_key(record.key) == is_vhost);
    CHECK(is_setting_key(record.key) == !is_vhost);
  }
  CHECK(is_vhost_key(encode_record(NextIds{}).key));
  CHECK_FALSE(is_vhost_key(""));
  CHECK_FALSE(is_setting_key(""));
}
