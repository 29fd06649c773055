// Definitions as JSON, in the shape of RabbitMQ's export.
#include <nlohmann/json.hpp>

#include "base/version.hpp"
#include "broker/definitions.hpp"
#include "broker/definitions_json.hpp"
#include "broker/definitions_merge.hpp"
#include "broker/definitions_names.hpp"

namespace tern::broker {
namespace {

// What import code looks at to tell how old an export is.
constexpr const char* exported_as_version = "3.13.7";

// JSON that was kept as it came; what is no JSON (nothing makes such a value) is shown as a text.
Json from_raw(const std::string& raw) {
  Json value = Json::parse(raw, nullptr, false);
  return value.is_discarded() ? Json(raw) : value;
}

// `vhost` unless the whole file is about one.
Json entry_of(const std::string& vhost, bool is_alone) {
  Json entry = Json::object();
  if (!is_alone) entry["vhost"] = vhost;
  return entry;
}

Json format_user(const UserDefinition& user) {
  return {{"name", user.name},
          {"password_hash", user.password_hash},
          {"hashing_algorithm", user.hashing_algorithm},
          {"tags", user.tags},
          {"limits", from_raw(user.limits)}};
}

Json format_metadata(const VhostDefinition& vhost) {
  Json metadata = {{"description", vhost.description}, {"tags", vhost.tags}};
  if (!vhost.default_queue_type.empty()) metadata["default_queue_type"] = vhost.default_queue_type;
  return metadata;
}

Json format_vhost(const VhostDefinition& vhost) {
  Json entry = {{"name", vhost.name},
                {"limits", from_raw(vhost.limits)},
                {"metadata", format_metadata(vhost)}};
  if (!vhost.default_queue_type.empty()) entry["default_queue_type"] = vhost.default_queue_type;
  return entry;
}

Json format_permission(const PermissionDefinition& permission) {
  return {{"user", permission.user},
          {"vhost", permission.vhost},
          {"configure", permission.configure},
          {"write", permission.write},
          {"read", permission.read}};
}

Json format_topic_permission(const TopicPermissionDefinition& permission) {
  return {{"user", permission.user},
          {"vhost", permission.vhost},
          {"exchange", permission.exchange},
          {"write", permission.write},
          {"read", permission.read}};
}

void add_policy_settings(Json& settings, const PolicyDefinition& policy) {
  settings["pattern"] = policy.pattern;
  settings["apply-to"] = to_text(policy.apply_to);
  settings["definition"] = table_to_json(policy.definition);
  settings["priority"] = policy.priority;
}

Json format_parameter(const ParameterDefinition& parameter, bool is_alone) {
  Json entry = entry_of(parameter.vhost, is_alone);
  entry["component"] = parameter.component;
  entry["name"] = parameter.name;
  entry["value"] = from_raw(parameter.value);
  return entry;
}

Json format_operator_policy(const PolicyDefinition& policy, bool is_alone) {
  Json entry = entry_of(policy.vhost, is_alone);
  entry["component"] = operator_policy_component;
  entry["name"] = policy.name;
  add_policy_settings(entry["value"] = Json::object(), policy);
  return entry;
}

Json format_policy(const PolicyDefinition& policy, bool is_alone) {
  Json entry = entry_of(policy.vhost, is_alone);
  entry["name"] = policy.name;
  add_policy_settings(entry, policy);
  return entry;
}

Json format_exchange(const ExchangeDefinition& exchange, bool is_alone) {
  Json entry = entry_of(exchange.vhost, is_alone);
  entry["name"] = exchange.spec.name;
  entry["type"] = exchange.spec.type;
  entry["durable"] = exchange.spec.durable;
  entry["auto_delete"] = exchange.spec.auto_delete;
  entry["internal"] = exchange.spec.internal;
  entry["arguments"] = table_to_json(exchange.spec.arguments);
  return entry;
}

Json format_queue(const QueueDefinition& queue, bool is_alone) {
  Json entry = entry_of(queue.vhost, is_alone);
  entry["name"] = queue.spec.name;
  entry["durable"] = queue.spec.durable;
  entry["auto_delete"] = queue.spec.auto_delete;
  entry["arguments"] = table_to_json(queue.spec.arguments);
  return entry;
}

Json format_binding(const BindingDefinition& binding, bool is_alone) {
  Json entry = entry_of(binding.vhost, is_alone);
  entry["source"] = binding.spec.source;
  entry["destination"] = binding.spec.destination;
  entry["destination_type"] = binding.spec.to_exchange ? "exchange" : "queue";
  entry["routing_key"] = binding.spec.routing_key;
  entry["arguments"] = table_to_json(binding.spec.arguments);
  return entry;
}

// Policies of operators are parameters, all others have a section of their own.
void add_parameters_and_policies(Json& root, const Definitions& all, bool is_alone) {
  Json& parameters = root["parameters"] = Json::array();
  Json& policies = root["policies"] = Json::array();
  for (const ParameterDefinition& parameter : all.parameters) {
    if (!parameter.component.empty()) parameters.push_back(format_parameter(parameter, is_alone));
  }
  for (const PolicyDefinition& policy : all.policies) {
    if (policy.is_operator)
      parameters.push_back(format_operator_policy(policy, is_alone));
    else
      policies.push_back(format_policy(policy, is_alone));
  }
}

void add_topology(Json& root, const Definitions& all, bool is_alone) {
  for (const char* key : {"exchanges", "queues", "bindings"}) root[key] = Json::array();
  for (const auto& exchange : all.exchanges)
    root["exchanges"].push_back(format_exchange(exchange, is_alone));
  for (const auto& queue : all.queues) root["queues"].push_back(format_queue(queue, is_alone));
  for (const auto& binding : all.bindings)
    root["bindings"].push_back(format_binding(binding, is_alone));
}

// What only a whole broker has.
void add_accounts(Json& root, const Definitions& all) {
  for (const char* key :
       {"vhosts", "users", "permissions", "topic_permissions", "global_parameters"})
    root[key] = Json::array();
  for (const auto& vhost : all.vhosts) root["vhosts"].push_back(format_vhost(vhost));
  for (const auto& user : all.users) root["users"].push_back(format_user(user));
  for (const auto& permission : all.permissions)
    root["permissions"].push_back(format_permission(permission));
  for (const auto& permission : all.topic_permissions)
    root["topic_permissions"].push_back(format_topic_permission(permission));
  for (const ParameterDefinition& parameter : all.parameters) {
    if (parameter.component.empty())
      root["global_parameters"].push_back(
          {{"name", parameter.name}, {"value", from_raw(parameter.value)}});
  }
}

void add_vhost_itself(Json& root, const Definitions& all, const std::string& name) {
  root["rabbitmq_definition_format"] = "single_virtual_host";
  root["original_vhost_name"] = name;
  for (const VhostDefinition& vhost : all.vhosts) {
    if (vhost.name != name) continue;
    root["metadata"] = format_metadata(vhost);
    root["description"] = vhost.description;
    root["limits"] = from_raw(vhost.limits);
    if (!vhost.default_queue_type.empty()) root["default_queue_type"] = vhost.default_queue_type;
  }
}

// An array's first bracket and its elements a line each: a change to one thing is one line of diff.
void append_lines(std::string& out, const Json& root) {
  const auto dump = [](const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  out += "{";
  const char* separator = "\n";
  for (const auto& [key, value] : root.items()) {
    out += separator;
    separator = ",\n";
    out += "  " + dump(Json(key)) + ": ";
    if (!value.is_array() || value.empty()) {
      out += dump(value);
      continue;
    }
    out += "[";
    const char* between = "\n    ";
    for (const Json& element : value) {
      out += between + dump(element);
      between = ",\n    ";
    }
    out += "\n  ]";
  }
  out += "\n}\n";
}

}  // namespace

std::string format_definitions(const Definitions& definitions,
                               const std::optional<std::string>& vhost) {
  Definitions all = definitions;
  sort_definitions(all);
  Json root = Json::object();
  root["rabbit_version"] = exported_as_version;
  root["rabbitmq_version"] = exported_as_version;
  root["product_name"] = product_name;
  root["product_version"] = product_version;
  if (vhost)
    add_vhost_itself(root, all, *vhost);
  else
    add_accounts(root, all);
  add_parameters_and_policies(root, all, vhost.has_value());
  add_topology(root, all, vhost.has_value());
  std::string text;
  append_lines(text, root);
  return text;
}

}  // namespace tern::broker
