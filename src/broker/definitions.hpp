// Definitions: what a node is configured to be, as plain data: what RabbitMQ's definitions files
// hold. Made from files (definitions.cpp reads and writes their JSON), taken over and handed out by
// Management (management.hpp). Plain values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "broker/broker.hpp"

namespace tern::broker {

/// Names travel as AMQP short strings.
inline constexpr std::size_t name_bytes_max = 255;

/// Where in which file something was defined, for errors: "shop.json: $.queues[3].arguments".
/// Empty for what did not come from a file.
using DefinitionOrigin = std::string;

struct UserDefinition {
  std::string name;
  std::string password_hash;  ///< base64 of salt (4 octets) and hash; empty: cannot log in
  std::string hashing_algorithm = "rabbit_password_hashing_sha256";  ///< also …_sha512, …_md5
  std::vector<std::string> tags;
  std::string limits = "{}";  ///< JSON: max-connections, max-channels; see limit_in
  DefinitionOrigin origin{};
};

struct VhostDefinition {
  std::string name;
  std::string description;
  std::vector<std::string> tags;
  std::string default_queue_type;  ///< empty: classic
  std::string limits = "[]";       ///< JSON, kept as it came
  DefinitionOrigin origin{};
};

/// The limit of that name in the JSON of a user or of a virtual host's parameter; nothing if there
/// is none, or a negative one.
[[nodiscard]] std::optional<std::uint64_t> limit_in(const std::string& limits,
                                                    std::string_view name);

/// Regular expressions over names, as RabbitMQ's; an empty one matches nothing.
struct PermissionDefinition {
  std::string user;
  std::string vhost;
  std::string configure;
  std::string write;
  std::string read;
  DefinitionOrigin origin{};
};

struct TopicPermissionDefinition {
  std::string user;
  std::string vhost;
  std::string exchange;
  std::string write;
  std::string read;
  DefinitionOrigin origin{};
};

/// A runtime parameter of some component (shovel, federation-upstream, …); not interpreted here.
struct ParameterDefinition {
  std::string vhost;  ///< empty: a global parameter, which has no component either
  std::string component;
  std::string name;
  std::string value;  ///< JSON, kept as it came
  DefinitionOrigin origin{};
};

enum class ApplyTo : std::uint8_t {
  all,
  queues,
  classic_queues,
  quorum_queues,
  streams,
  exchanges
};

struct PolicyDefinition {
  std::string vhost;
  std::string name;
  std::string pattern;  ///< regular expression over names, searched (not anchored)
  ApplyTo apply_to = ApplyTo::all;
  FieldTable definition;  ///< policy key -> value, keys without `x-`
  std::int64_t priority = 0;
  bool is_operator = false;
  DefinitionOrigin origin{};
};

struct QueueDefinition {
  std::string vhost;
  QueueSpec spec;
  DefinitionOrigin origin{};
};

struct ExchangeDefinition {
  std::string vhost;
  ExchangeSpec spec;
  DefinitionOrigin origin{};
};

struct BindingDefinition {
  std::string vhost;
  BindingSpec spec;
  DefinitionOrigin origin{};
};

struct Definitions {
  std::vector<VhostDefinition> vhosts;
  std::vector<UserDefinition> users;
  std::vector<PermissionDefinition> permissions;
  std::vector<TopicPermissionDefinition> topic_permissions;
  std::vector<ParameterDefinition> parameters;  ///< global ones too
  std::vector<PolicyDefinition> policies;       ///< operator policies too
  std::vector<ExchangeDefinition> exchanges;
  std::vector<QueueDefinition> queues;
  std::vector<BindingDefinition> bindings;
};

/// Bounds of what parse_definitions takes: bytes of one file, and how deep its JSON may nest.
inline constexpr std::size_t definitions_bytes_max = 64U << 20;
inline constexpr int definitions_depth_max = 48;

/// Reads a definitions file of RabbitMQ 3.x or 4.x (a whole broker's or, with `vhost`, one virtual
/// host's, whose entries name none; a 4.x export of one says itself which it was). `file` is its
/// name for errors, which say file, JSON path, what was found and what was expected, a line each.
/// What is odd but harmless (a key nobody knows) is added to `warnings`, in the same form.
[[nodiscard]] Result<Definitions> parse_definitions(std::string_view json, std::string_view file,
                                                    const std::optional<std::string>& vhost = {},
                                                    std::vector<std::string>* warnings = nullptr);
/// The JSON that RabbitMQ would export: loads into RabbitMQ and back into TernMQ unchanged. Sorted,
/// so that equal definitions make equal text. With `vhost`, the form of one virtual host's export.
[[nodiscard]] std::string format_definitions(const Definitions& definitions,
                                             const std::optional<std::string>& vhost = {});

}  // namespace tern::broker
