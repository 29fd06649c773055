// Management: the door for what operators do, next to broker.hpp, the door for what clients do. The
// control socket uses it, and later the HTTP API. Any thread may call; changes are durable and
// visible on every shard before `done` runs (on any thread).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/definitions.hpp"
#include "broker/error.hpp"

namespace tern::broker {

/// Where the effective value of one argument of a queue or exchange comes from.
struct EffectiveArgument {
  std::string key;     ///< policy key, without `x-`
  std::string value;   ///< as text
  std::string source;  ///< "argument", "policy NAME", "operator policy NAME" or "default"
};

class Management {
 public:
  using Done = std::function<void(std::optional<BrokerError>)>;

  virtual ~Management() = default;

  /// Takes over definitions: all or nothing, idempotent. What exists and is equal stays; a queue or
  /// exchange that exists with other properties is an error (precondition_failed, its origin first
  /// in the text); users, permissions, parameters and policies are replaced by name. Nothing is
  /// removed.
  virtual void import(const Definitions& definitions, Done done) = 0;
  /// Everything durable that there is, of one virtual host or all; server-named and exclusive
  /// queues, predeclared exchanges and implicit bindings left out, as RabbitMQ does.
  [[nodiscard]] virtual Definitions export_definitions(
      const std::optional<std::string>& vhost) const = 0;

  // Each sets what has that name anew, or removes it (not_found if it is not there).
  virtual void set_policy(const PolicyDefinition& policy, Done done) = 0;
  virtual void clear_policy(const std::string& vhost, const std::string& name, bool is_operator,
                            Done done) = 0;
  virtual void set_user(const UserDefinition& user, Done done) = 0;
  /// The same with a password, which is hashed here. An empty one: the user cannot log in.
  virtual void set_user(const std::string& name, const std::string& password,
                        const std::vector<std::string>& tags, Done done) = 0;
  /// Its connections are closed.
  virtual void delete_user(const std::string& name, Done done) = 0;
  virtual void set_vhost(const VhostDefinition& vhost, Done done) = 0;
  /// With all that is in it; connections to it are closed.
  virtual void delete_vhost(const std::string& name, Done done) = 0;
  virtual void set_permission(const PermissionDefinition& permission, Done done) = 0;
  virtual void clear_permission(const std::string& vhost, const std::string& user, Done done) = 0;
  virtual void set_topic_permission(const TopicPermissionDefinition& permission, Done done) = 0;
  /// Without `exchange`: those of all exchanges.
  virtual void clear_topic_permission(const std::string& vhost, const std::string& user,
                                      const std::optional<std::string>& exchange, Done done) = 0;
  virtual void set_parameter(const ParameterDefinition& parameter, Done done) = 0;
  virtual void clear_parameter(const std::string& vhost, const std::string& component,
                               const std::string& name, Done done) = 0;

  /// Whether name and password are those of a user, who then is handed out: for front-ends other
  /// than AMQP. access_refused with the reason, for the log.
  [[nodiscard]] virtual Outcome<User> authenticate(const std::string& name,
                                                   const std::string& password,
                                                   bool peer_is_loopback) const = 0;
  /// The settings in force for a queue (or exchange), key by key, with their source; not_found if
  /// it is not there.
  [[nodiscard]] virtual Outcome<std::vector<EffectiveArgument>> effective_arguments(
      const std::string& vhost, const std::string& name, bool is_exchange) const = 0;
};

}  // namespace tern::broker
