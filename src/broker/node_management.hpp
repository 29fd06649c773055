// NodeManagement: the node's Management: hands everything to the topology's writer. Owned by Node;
// any thread.
#pragma once

#include "broker/management.hpp"

namespace tern::broker {

class Topology;

class NodeManagement final : public Management {
 public:
  explicit NodeManagement(Topology& topology) : topology_(topology) {}

  void import(const Definitions& definitions, Done done) override;
  [[nodiscard]] Definitions export_definitions(
      const std::optional<std::string>& vhost) const override;

  void set_policy(const PolicyDefinition& policy, Done done) override;
  void clear_policy(const std::string& vhost, const std::string& name, bool is_operator,
                    Done done) override;
  void set_user(const UserDefinition& user, Done done) override;
  void set_user(const std::string& name, const std::string& password,
                const std::vector<std::string>& tags, Done done) override;
  void delete_user(const std::string& name, Done done) override;
  void set_vhost(const VhostDefinition& vhost, Done done) override;
  void delete_vhost(const std::string& name, Done done) override;
  void set_permission(const PermissionDefinition& permission, Done done) override;
  void clear_permission(const std::string& vhost, const std::string& user, Done done) override;
  void set_topic_permission(const TopicPermissionDefinition& permission, Done done) override;
  void clear_topic_permission(const std::string& vhost, const std::string& user,
                              const std::optional<std::string>& exchange, Done done) override;
  void set_parameter(const ParameterDefinition& parameter, Done done) override;
  void clear_parameter(const std::string& vhost, const std::string& component,
                       const std::string& name, Done done) override;

  [[nodiscard]] Outcome<User> authenticate(const std::string& name, const std::string& password,
                                           bool peer_is_loopback) const override;
  [[nodiscard]] Outcome<std::vector<EffectiveArgument>> effective_arguments(
      const std::string& vhost, const std::string& name, bool is_exchange) const override;

 private:
  Topology& topology_;
};

}  // namespace tern::broker
