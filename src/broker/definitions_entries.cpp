#include "broker/definitions_entries.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>

#include "base/base64.hpp"
#include "broker/arguments.hpp"
#include "broker/definitions_names.hpp"
#include "broker/password_hash.hpp"

namespace tern::broker {
namespace {

// One section being read: its entries and what they stand for.
struct Context {
  const std::optional<std::string>& vhost;
  Definitions& out;
};

DefinitionOrigin origin_of(JsonObject& entry) {
  return fmt::format("{}: {}", entry.findings().file(), entry.path());
}

// With a virtual host given, it is that one whatever the entry says, as RabbitMQ has it.
std::string vhost_of(JsonObject& entry, const Context& context) {
  if (context.vhost) {
    static_cast<void>(entry.find("vhost"));
    return *context.vhost;
  }
  if (entry.has("vhost")) return entry.name("vhost");
  entry.findings().error(entry.path(),
                         "expected the key \"vhost\", which is missing; if this is the export of "
                         "one virtual host, import it with --vhost NAME");
  return {};
}

void check_hash(JsonObject& entry, const UserDefinition& user) {
  if (user.password_hash.empty()) return;
  const auto decoded = decode_base64(user.password_hash);
  // The hash itself is not for logs.
  if (!decoded)
    entry.error("password_hash", "expected base64 of a salt and a hash, found something else");
  const std::size_t digest = user.hashing_algorithm == hashing_names[0]   ? 32
                             : user.hashing_algorithm == hashing_names[1] ? 64
                                                                          : 16;
  constexpr std::size_t salt = 4;
  if (!decoded || decoded->size() == salt + digest) return;
  entry.findings().warning(
      child_path(entry.path(), "password_hash"),
      fmt::format("expected a salt of 4 bytes and {} bytes of hash, found {} bytes: nobody can log "
                  "in with it",
                  digest, decoded->size()));
}

void read_user(JsonObject& entry, Context& context) {
  UserDefinition user;
  user.name = entry.name("name");
  user.tags = entry.words("tags");
  user.limits = entry.limits("limits", {"max-connections", "max-channels"});
  user.hashing_algorithm = entry.text("hashing_algorithm", hashing_names[0]);
  if (std::find(std::begin(hashing_names), std::end(hashing_names), user.hashing_algorithm) ==
      std::end(hashing_names))
    entry.mismatch("hashing_algorithm", fmt::format("one of {}", fmt::join(hashing_names, ", ")));
  user.password_hash = entry.text("password_hash", "");
  const bool has_password = entry.has("password");
  if (has_password && entry.has("password_hash")) {
    entry.findings().error(entry.path(), "expected either password or password_hash, found both");
  } else if (has_password) {
    user.password_hash = hash_password(std::random_device{}(), entry.text("password"));
    user.hashing_algorithm = hashing_names[0];
  }
  check_hash(entry, user);
  user.origin = origin_of(entry);
  entry.finish();
  context.out.users.push_back(std::move(user));
}

void read_vhost(JsonObject& entry, Context& context) {
  VhostDefinition vhost;
  vhost.name = entry.name("name");
  vhost.description = entry.text("description", "");
  vhost.tags = entry.words("tags");
  vhost.default_queue_type = entry.text("default_queue_type", "");
  vhost.limits = entry.raw("limits", "[]");
  if (const Json* metadata = entry.find("metadata"); metadata != nullptr && metadata->is_object()) {
    JsonObject inner(*metadata, child_path(entry.path(), "metadata"), entry.findings());
    if (vhost.description.empty()) vhost.description = inner.text("description", "");
    if (vhost.tags.empty()) vhost.tags = inner.words("tags");
    if (vhost.default_queue_type.empty())
      vhost.default_queue_type = inner.text("default_queue_type", "");
  }
  if (vhost.default_queue_type == "undefined") vhost.default_queue_type.clear();
  const auto& kind = vhost.default_queue_type;
  if (!kind.empty() && kind != "classic" && kind != "quorum" && kind != "stream")
    entry.mismatch("default_queue_type", "classic, quorum or stream");
  vhost.origin = origin_of(entry);
  entry.finish({"tracing", "cluster_state", "protected_from_deletion"});
  context.out.vhosts.push_back(std::move(vhost));
}

void read_permission(JsonObject& entry, Context& context) {
  PermissionDefinition permission;
  permission.user = entry.name("user");
  permission.vhost = vhost_of(entry, context);
  permission.configure = entry.text("configure");
  permission.write = entry.text("write");
  permission.read = entry.text("read");
  permission.origin = origin_of(entry);
  entry.finish();
  context.out.permissions.push_back(std::move(permission));
}

void read_topic_permission(JsonObject& entry, Context& context) {
  TopicPermissionDefinition permission;
  permission.user = entry.name("user");
  permission.vhost = vhost_of(entry, context);
  permission.exchange = entry.name("exchange", true);
  permission.write = entry.text("write");
  permission.read = entry.text("read");
  permission.origin = origin_of(entry);
  entry.finish();
  context.out.topic_permissions.push_back(std::move(permission));
}

// A policy's settings stand in the entry itself, an operator policy's in a parameter's value.
void read_policy_settings(JsonObject& settings, PolicyDefinition& policy) {
  policy.pattern = settings.text("pattern");
  const std::string applied = settings.text("apply-to", "all");
  const auto apply_to = parse_apply_to(applied);
  if (apply_to)
    policy.apply_to = *apply_to;
  else
    settings.mismatch("apply-to",
                      "all, queues, classic_queues, quorum_queues, streams or exchanges");
  policy.priority = settings.integer("priority", 0);
  if (!settings.has("definition"))
    settings.findings().error(settings.path(), "expected the key \"definition\", which is missing");
  policy.definition = settings.table("definition");
}

void read_policy(JsonObject& entry, Context& context) {
  PolicyDefinition policy;
  policy.vhost = vhost_of(entry, context);
  policy.name = entry.name("name");
  read_policy_settings(entry, policy);
  policy.origin = origin_of(entry);
  entry.finish();
  context.out.policies.push_back(std::move(policy));
}

void read_parameter(JsonObject& entry, Context& context) {
  const std::string component = entry.name("component");
  const std::string vhost = vhost_of(entry, context);
  const std::string name = entry.name("name");
  const Json* value = entry.find("value");
  const bool is_operator = component == operator_policy_component;
  if (!is_operator && component != policy_component) {
    const bool is_limits = component == vhost_limits_component;
    std::string content = is_limits ? entry.limits("value", {"max-connections", "max-queues"})
                                    : entry.raw("value", "null");
    context.out.parameters.push_back(
        {vhost, component, name, std::move(content), origin_of(entry)});
  } else if (value == nullptr || !value->is_object()) {
    entry.mismatch("value", "an object with the policy");
  } else {
    PolicyDefinition policy;
    policy.vhost = vhost;
    policy.name = name;
    policy.is_operator = is_operator;
    JsonObject settings(*value, child_path(entry.path(), "value"), entry.findings());
    read_policy_settings(settings, policy);
    settings.finish();
    policy.origin = origin_of(entry);
    context.out.policies.push_back(std::move(policy));
  }
  entry.finish();
}

void read_global_parameter(JsonObject& entry, Context& context) {
  ParameterDefinition parameter;
  parameter.name = entry.name("name");
  parameter.value = entry.raw("value", "null");
  parameter.origin = origin_of(entry);
  entry.finish();
  context.out.parameters.push_back(std::move(parameter));
}

std::string expectation(const QueueArgument& argument) {
  switch (argument.type) {
    case ArgumentType::boolean:
      return "true or false";
    case ArgumentType::text:
      if (!argument.form.empty()) return fmt::format("a string: {}", argument.form);
      if (argument.choices.empty()) return "a string";
      return fmt::format("one of {}", fmt::join(argument.choices, ", "));
    case ArgumentType::integer:
      break;
  }
  if (argument.max == std::numeric_limits<std::int64_t>::max())
    return fmt::format("an integer of at least {}", argument.min);
  return fmt::format("an integer from {} to {}", argument.min, argument.max);
}

void check_queue_arguments(JsonObject& entry, const FieldTable& arguments) {
  for (const FieldEntry& given : arguments.entries()) {
    const QueueArgument* argument = find_queue_argument(given.name);
    if (argument == nullptr || !find_fault(*argument, given.value)) continue;
    entry.findings().mismatch(child_path(child_path(entry.path(), "arguments"), given.name),
                              expectation(*argument), (*entry.find("arguments"))[given.name]);
  }
}

void read_queue(JsonObject& entry, Context& context) {
  QueueDefinition queue;
  queue.vhost = vhost_of(entry, context);
  queue.spec.name = entry.name("name");
  queue.spec.durable = entry.flag("durable", true);
  queue.spec.auto_delete = entry.flag("auto_delete", false);
  queue.spec.arguments = entry.table("arguments");
  check_queue_arguments(entry, queue.spec.arguments);
  // Newer exports say the type twice; hand-made files may say it here only.
  const std::string type = entry.text("type", "");
  if ((type == "quorum" || type == "stream") &&
      queue.spec.arguments.find("x-queue-type") == nullptr)
    queue.spec.arguments.add("x-queue-type", FieldValue(type));
  queue.origin = origin_of(entry);
  entry.finish({"exclusive", "policy", "operator_policy", "node", "state"});
  context.out.queues.push_back(std::move(queue));
}

void read_exchange(JsonObject& entry, Context& context) {
  ExchangeDefinition exchange;
  exchange.vhost = vhost_of(entry, context);
  exchange.spec.name = entry.name("name", true);
  exchange.spec.type = entry.name("type");
  exchange.spec.durable = entry.flag("durable", true);
  exchange.spec.auto_delete = entry.flag("auto_delete", false);
  exchange.spec.internal = entry.flag("internal", false);
  exchange.spec.arguments = entry.table("arguments");
  exchange.origin = origin_of(entry);
  entry.finish({"policy"});
  context.out.exchanges.push_back(std::move(exchange));
}

void read_binding(JsonObject& entry, Context& context) {
  BindingDefinition binding;
  binding.vhost = vhost_of(entry, context);
  binding.spec.source = entry.name("source", true);
  binding.spec.destination = entry.name("destination");
  const std::string kind = entry.text("destination_type", "queue");
  if (kind != "queue" && kind != "exchange")
    entry.mismatch("destination_type", "queue or exchange");
  binding.spec.to_exchange = kind == "exchange";
  if (entry.has("routing_key")) binding.spec.routing_key = entry.name("routing_key", true);
  binding.spec.arguments = entry.table("arguments");
  binding.origin = origin_of(entry);
  entry.finish({"properties_key"});
  if (binding.spec.source.empty()) {
    entry.findings().warning(entry.path(),
                             "bindings of the default exchange are implicit; it is ignored");
    return;
  }
  context.out.bindings.push_back(std::move(binding));
}

struct Section {
  std::string_view key;
  void (*read)(JsonObject&, Context&);
};

constexpr Section sections[] = {
    {"vhosts", read_vhost},
    {"users", read_user},
    {"permissions", read_permission},
    {"topic_permissions", read_topic_permission},
    {"global_parameters", read_global_parameter},
    {"parameters", read_parameter},
    {"policies", read_policy},
    {"exchanges", read_exchange},
    {"queues", read_queue},
    {"bindings", read_binding},
};

void read_section(const Section& section, const Json& entries, Context& context,
                  Findings& findings) {
  const std::string path = child_path("$", section.key);
  if (!entries.is_array()) {
    findings.mismatch(path, "a list", entries);
    return;
  }
  for (std::size_t index = 0; index < entries.size(); ++index) {
    const std::string at = fmt::format("{}[{}]", path, index);
    if (!entries[index].is_object()) {
      findings.mismatch(at, "an object", entries[index]);
      continue;
    }
    JsonObject entry(entries[index], at, findings);
    section.read(entry, context);
  }
}

}  // namespace

bool is_section(std::string_view key) noexcept {
  return std::any_of(std::begin(sections), std::end(sections),
                     [&](const Section& section) { return section.key == key; });
}

Definitions read_sections(const Json& root, const std::optional<std::string>& vhost,
                          Findings& findings) {
  Definitions definitions;
  Context context{vhost, definitions};
  for (const Section& section : sections) {
    const auto found = root.find(section.key);
    if (found != root.end() && !found->is_null()) read_section(section, *found, context, findings);
  }
  return definitions;
}

}  // namespace tern::broker
