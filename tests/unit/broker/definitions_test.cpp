// Definitions files: what RabbitMQ exports is read, what is wrong is named with its place, and what
// is written is read back unchanged.
#include "broker/definitions.hpp"

#include <catch2/catch.hpp>

#include "broker/definitions_merge.hpp"
#include "broker/password_hash.hpp"

namespace tern::broker {
namespace {

Definitions parsed(std::string_view json, const std::optional<std::string>& vhost = {}) {
  std::vector<std::string> warnings;
  auto definitions = parse_definitions(json, "f.json", vhost, &warnings);
  INFO((definitions ? std::string() : definitions.error().text));
  REQUIRE(definitions.has_value());
  for (const std::string& warning : warnings) UNSCOPED_INFO(warning);
  CHECK(warnings.empty());
  return std::move(*definitions);
}

std::string error_of(std::string_view json, const std::optional<std::string>& vhost = {}) {
  const auto definitions = parse_definitions(json, "f.json", vhost);
  return definitions ? "(no error)" : definitions.error().text;
}

std::vector<std::string> warnings_of(std::string_view json) {
  std::vector<std::string> warnings;
  const auto definitions = parse_definitions(json, "f.json", {}, &warnings);
  INFO((definitions ? std::string() : definitions.error().text));
  CHECK(definitions.has_value());
  return warnings;
}

// As Debian's rabbitmq-server 3.10 exports it, quirks included: pairs for what its command line has
// set, tags as text, a type beside the arguments.
constexpr std::string_view export_3_10 = R"({
  "rabbit_version": "3.10.8", "rabbitmq_version": "3.10.8",
  "product_name": "RabbitMQ", "product_version": "3.10.8",
  "users": [
    {"name": "bob", "password_hash": "LGbXNkdj+3vpuuPOyPCT0gnrfH2ADBVdIOcKYQ1X7/DKjpdU",
     "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": ["monitoring"],
     "limits": {"max-channels": 3}},
    {"name": "old", "password_hash": "", "tags": "administrator, policymaker"}],
  "vhosts": [
    {"limits": [], "metadata": {"description": "Default virtual host", "tags": []}, "name": "/"},
    {"limits": [["max-connections", 64]], "metadata": {"description": "second", "tags": ""},
     "name": "v2"}],
  "permissions": [
    {"user": "bob", "vhost": "v2", "configure": "^a", "write": ".*", "read": ""}],
  "topic_permissions": [
    {"exchange": "amq.topic", "user": "bob", "vhost": "v2", "write": "^w", "read": ".*"}],
  "global_parameters": [{"name": "gp", "value": [["a", [1, 2]]]}],
  "parameters": [
    {"component": "operator_policy", "name": "op", "vhost": "/",
     "value": {"apply-to": "all", "definition": [["max-length", 4]], "pattern": "^q",
               "priority": 0}},
    {"component": "vhost-limits", "name": "limits", "value": {"max-connections": 64},
     "vhost": "v2"}],
  "policies": [
    {"vhost": "/", "name": "p1", "pattern": "^q", "apply-to": "queues", "priority": 3,
     "definition": {"dead-letter-exchange": "un", "max-length": 5}}],
  "exchanges": [
    {"arguments": {"alternate-exchange": "un"}, "auto_delete": false, "durable": true,
     "name": "orders", "type": "topic", "vhost": "/"}],
  "queues": [
    {"arguments": {"nul": null, "x-custom": [1, "a", true, {"b": 2.5}], "x-message-ttl": 30000},
     "auto_delete": false, "durable": true, "name": "q1", "type": "classic", "vhost": "/"},
    {"arguments": {"x-delivery-limit": 3, "x-queue-type": "quorum"}, "auto_delete": false,
     "durable": true, "name": "quo", "type": "quorum", "vhost": "/"}],
  "bindings": [
    {"arguments": {"x": 1}, "destination": "q1", "destination_type": "queue",
     "routing_key": "a.#", "source": "orders", "vhost": "/"}]
})";

// What a 4.x broker adds around one virtual host's entries.
constexpr std::string_view export_of_vhost = R"({
  "rabbit_version": "4.1.0", "rabbitmq_version": "4.1.0", "product_name": "RabbitMQ",
  "product_version": "4.1.0", "rabbitmq_definition_format": "single_virtual_host",
  "original_vhost_name": "shop", "explanation": "…", "metadata": {"tags": []},
  "description": "", "default_queue_type": "classic", "limits": [],
  "parameters": [], "policies": [{"name": "p", "pattern": "", "apply-to": "streams",
  "definition": {"max-age": "1D"}, "priority": -1}],
  "queues": [{"name": "q", "durable": true, "auto_delete": false, "arguments": {}}],
  "exchanges": [], "bindings": []
})";

}  // namespace

TEST_CASE("definitions: an export of RabbitMQ 3.10 is read") {
  const Definitions all = parsed(export_3_10);
  REQUIRE(all.users.size() == 2);
  CHECK(all.users[0].tags == std::vector<std::string>{"monitoring"});
  CHECK(all.users[0].limits == R"({"max-channels":3})");
  CHECK(all.users[1].tags == std::vector<std::string>{"administrator", "policymaker"});
  REQUIRE(all.vhosts.size() == 2);
  CHECK(all.vhosts[0].description == "Default virtual host");
  CHECK(all.vhosts[1].limits == R"([["max-connections",64]])");
  REQUIRE(all.permissions.size() == 1);
  CHECK(all.permissions[0].configure == "^a");
  CHECK(all.permissions[0].read.empty());
  REQUIRE(all.topic_permissions.size() == 1);
  CHECK(all.topic_permissions[0].exchange == "amq.topic");
  REQUIRE(all.parameters.size() == 2);
  CHECK(all.parameters[0].component.empty());
  CHECK(all.parameters[0].value == R"([["a",[1,2]]])");
  CHECK(all.parameters[1].vhost == "v2");
  REQUIRE(all.exchanges.size() == 1);
  CHECK(all.exchanges[0].spec.type == "topic");
  REQUIRE(all.bindings.size() == 1);
  CHECK(all.bindings[0].spec.routing_key == "a.#");
  CHECK(all.bindings[0].origin == "f.json: $.bindings[0]");
}

TEST_CASE("definitions: policies of operators are parameters, their settings pairs or an object") {
  const Definitions all = parsed(export_3_10);
  REQUIRE(all.policies.size() == 2);
  CHECK(all.policies[0].is_operator);
  CHECK(all.policies[0].name == "op");
  CHECK(all.policies[0].definition == FieldTable{{"max-length", std::int64_t{4}}});
  CHECK_FALSE(all.policies[1].is_operator);
  CHECK(all.policies[1].apply_to == ApplyTo::queues);
  CHECK(all.policies[1].priority == 3);
}

TEST_CASE("definitions: JSON values become field values as RabbitMQ has them") {
  const Definitions all = parsed(export_3_10);
  REQUIRE(all.queues.size() == 2);
  const FieldTable& arguments = all.queues[0].spec.arguments;
  CHECK(arguments ==
        FieldTable{
            {"nul", FieldValue()},
            {"x-custom", FieldArray{{FieldValue(std::int64_t{1}), FieldValue("a"), FieldValue(true),
                                     FieldValue(FieldTable{{"b", 2.5}})}}},
            {"x-message-ttl", std::int64_t{30000}},
        });
}

TEST_CASE("definitions: one virtual host's entries go where they are told") {
  const Definitions named = parsed(export_of_vhost);
  REQUIRE(named.queues.size() == 1);
  CHECK(named.queues[0].vhost == "shop");
  CHECK(named.policies[0].apply_to == ApplyTo::streams);
  const Definitions moved = parsed(export_of_vhost, "other");
  CHECK(moved.queues[0].vhost == "other");
  CHECK(moved.policies[0].vhost == "other");
  CHECK(error_of(R"({"queues": [{"name": "q"}]})") ==
        "f.json: $.queues[0]: expected the key \"vhost\", which is missing; if this is the export "
        "of one virtual host, import it with --vhost NAME");
}

TEST_CASE("definitions: a plain password is hashed at once") {
  const Definitions all = parsed(R"({"users": [{"name": "u", "password": "secret"}]})");
  CHECK(is_password("secret", all.users[0].password_hash));
  CHECK_FALSE(is_password("other", all.users[0].password_hash));
  CHECK(error_of(R"({"users": [{"name": "u", "password": "a", "password_hash": ""}]})") ==
        "f.json: $.users[0]: expected either password or password_hash, found both");
  CHECK(error_of(R"({"users": [{"name": "u", "password_hash": "!"}]})") ==
        "f.json: $.users[0].password_hash: expected base64 of a salt and a hash, found something "
        "else");
}

TEST_CASE("definitions: errors name the file, the place, what was expected and what was found") {
  const auto argument = [](const std::string& text) {
    return error_of(R"({"queues": [{"vhost": "/", "name": "q", "arguments": )" + text + "}]}");
  };
  const std::string at = "f.json: $.queues[0].arguments";
  CHECK(argument(R"({"x-message-ttl": "abc"})") ==
        at + R"(.x-message-ttl: expected an integer from 0 to 315360000000, found "abc")");
  CHECK(argument(R"({"x-max-length": -1})") ==
        at + ".x-max-length: expected an integer of at least 0, found -1");
  CHECK(argument(R"({"x-overflow": "drop"})") ==
        at + ".x-overflow: expected one of drop-head, reject-publish, reject-publish-dlx, found "
             "\"drop\"");
  CHECK(argument(R"({"x-single-active-consumer": 1})") ==
        at + ".x-single-active-consumer: expected true or false, found 1");
  CHECK(argument("[1]") == at + ": expected an object, found [1]");
  CHECK(argument(R"({"my.key": 18446744073709551615})") ==
        at + R"(["my.key"]: expected an integer of at most 64 bits, found 18446744073709551615)");
  CHECK(error_of("[]") ==
        "f.json: $: expected an object with \"queues\", \"exchanges\", …, found []");
  CHECK(error_of(R"({"queues": {}})") == "f.json: $.queues: expected a list, found {}");
  CHECK(error_of(R"({"queues": [7]})") == "f.json: $.queues[0]: expected an object, found 7");
  CHECK(error_of(R"({"vhosts": [{"name": ""}, {}]})") ==
        "f.json: $.vhosts[0].name: expected a string of 1 to 255 bytes, found \"\"\n"
        "f.json: $.vhosts[1]: expected the key \"name\", which is missing");
  CHECK(error_of(R"({"policies": [{"vhost": "/", "name": "p", "pattern": "", "definition": {},
                    "apply-to": "queue"}]})") ==
        "f.json: $.policies[0].apply-to: expected all, queues, classic_queues, quorum_queues, "
        "streams or exchanges, found \"queue\"");
}

TEST_CASE("definitions: limits are whole numbers under names that are known") {
  const auto user = [](const std::string& limits) {
    return error_of(R"({"users": [{"name": "u", "limits": )" + limits + "}]}");
  };
  CHECK(user(R"({"max-connections": 5, "max-channels": -1})") == "(no error)");
  CHECK(user("[]") == "(no error)");
  CHECK(user(R"({"max-channels": "5"})") ==
        "f.json: $.users[0].limits.max-channels: expected an integer, found \"5\"");
  CHECK(user(R"({"max-queues": 5})") ==
        "f.json: $.users[0].limits.max-queues: expected one of max-connections, max-channels");
  CHECK(user("5") == "f.json: $.users[0].limits: expected an object with limits, found 5");
  CHECK(error_of(R"({"parameters": [{"vhost": "/", "component": "vhost-limits", "name": "limits",
                    "value": {"max-channels": 5}}]})") ==
        "f.json: $.parameters[0].value.max-channels: expected one of max-connections, max-queues");
}

TEST_CASE("definitions: broken JSON is named by line and column") {
  CHECK(error_of("{\n  \"queues\": [,]\n}").starts_with("f.json:2:14: this is not JSON: "));
  CHECK(error_of("").starts_with("f.json:1:1: this is not JSON: "));
  CHECK(error_of("{\"a\": \"\xff\"}").starts_with("f.json:1:8: this is not JSON: "));
  CHECK(error_of("{} x").starts_with("f.json:1:4: this is not JSON: "));
  CHECK(error_of(R"({"queues": [], "queues": []})") ==
        "f.json: $.queues: this key stands there twice");
}

TEST_CASE("definitions: depth and size have bounds") {
  const auto nested = [](int depth) {
    return R"({"x": )" + std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']') + "}";
  };
  CHECK(warnings_of(nested(definitions_depth_max - 1)).size() == 1);
  CHECK(error_of(nested(definitions_depth_max)) ==
        "f.json: this JSON cannot be read: nested more than 48 deep");
  CHECK(error_of(nested(200'000)) == "f.json: this JSON cannot be read: nested more than 48 deep");
  CHECK(error_of(std::string(definitions_bytes_max + 1, ' ')) ==
        "f.json: a definitions file has at most 64 MiB, this one is larger");
}

TEST_CASE("definitions: keys nobody knows are warned of, RabbitMQ's own are not") {
  CHECK(warnings_of(R"({"rabbitmq_version": "3.8.0", "quues": []})") ==
        std::vector<std::string>{"f.json: $.quues: unknown key; it is ignored"});
  CHECK(warnings_of(R"({"queues": [{"vhost": "/", "name": "q", "argumnts": {}}]})") ==
        std::vector<std::string>{"f.json: $.queues[0].argumnts: unknown key; it is ignored"});
}

TEST_CASE("definitions: the same thing twice is once, two different ones are an error") {
  const Definitions all = parsed(R"({"queues": [{"vhost": "/", "name": "q"},
                                     {"vhost": "/", "name": "q", "durable": true},
                                     {"vhost": "v", "name": "q", "durable": false}]})");
  CHECK(all.queues.size() == 2);
  CHECK(error_of(R"({"queues": [{"vhost": "/", "name": "q"},
                     {"vhost": "/", "name": "q", "durable": false}]})") ==
        "f.json: $.queues[1]: queue 'q' in vhost '/' is defined differently at f.json: "
        "$.queues[0]");
}

TEST_CASE("definitions: two files that disagree are named both") {
  Definitions all = *parse_definitions(R"({"vhosts": [{"name": "v"}]})", "a.json");
  Definitions same = *parse_definitions(R"({"vhosts": [{"name": "v"}]})", "b.json");
  Definitions other =
      *parse_definitions(R"({"vhosts": [{"name": "v", "description": "x"}]})", "c.json");
  CHECK(merge_definitions(all, std::move(same)).has_value());
  CHECK(all.vhosts.size() == 1);
  const auto merged = merge_definitions(all, std::move(other));
  REQUIRE_FALSE(merged.has_value());
  CHECK(merged.error().text ==
        "c.json: $.vhosts[0]: vhost 'v' is defined differently at a.json: $.vhosts[0]");
}

TEST_CASE("definitions: what is written is read back unchanged") {
  Definitions all = parsed(export_3_10);
  const std::string text = format_definitions(all);
  const Definitions again = parsed(text);
  sort_definitions(all);
  CHECK(is_same(all, again));
  CHECK(format_definitions(again) == text);
}

TEST_CASE("definitions: one virtual host's export can go to another") {
  const Definitions all = parsed(export_of_vhost);
  const std::string text = format_definitions(all, "shop");
  CHECK(text.find("\"vhost\"") == std::string::npos);
  CHECK(is_same(parsed(text), all));
  CHECK(is_same(parsed(text, "other"), parsed(export_of_vhost, "other")));
}

}  // namespace tern::broker
