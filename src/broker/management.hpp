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
  std::string source;  ///< "argument", "policy NAME" or "operator policy NAME"
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

  virtual void set_policy(const PolicyDefinition& policy, Done done) = 0;
  virtual void clear_policy(const std::string& vhost, const std::string& name, bool is_operator,
                            Done done) = 0;
  /// The settings in force for a queue (or exchange), key by key, with their source; not_found if
  /// it is not there.
  [[nodiscard]] virtual Outcome<std::vector<EffectiveArgument>> effective_arguments(
      const std::string& vhost, const std::string& name, bool is_exchange) const = 0;
};

}  // namespace tern::broker
