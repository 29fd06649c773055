#include "broker/node_management.hpp"

#include <random>
#include <utility>

#include "broker/password_hash.hpp"
#include "broker/topology.hpp"

namespace tern::broker {
namespace {

// A refusal is answered at once, everything else when it has happened.
template <class Change>
void carry_out(Management::Done done, const Change& change) {
  auto told = std::make_shared<Management::Done>(std::move(done));
  auto refusal = change([told] {
    if (*told) (*told)(std::nullopt);
  });
  if (refusal && *told) (*told)(std::move(refusal));
}

}  // namespace

Definitions NodeManagement::export_definitions(const std::optional<std::string>& vhost) const {
  return topology_.export_definitions(vhost);
}

void NodeManagement::set_user(const std::string& name, const std::string& password,
                              const std::vector<std::string>& tags, Done done) {
  UserDefinition user;
  user.name = name;
  user.tags = tags;
  if (!password.empty()) user.password_hash = hash_password(std::random_device{}(), password);
  set_user(user, std::move(done));
}

Outcome<User> NodeManagement::authenticate(const std::string& name, const std::string& password,
                                           bool peer_is_loopback) const {
  const AccessPointer access = topology_.access();
  const auto account = access->authenticate(name, password, peer_is_loopback);
  if (!account) return account.error();
  return (*account)->user;
}

Outcome<std::vector<EffectiveArgument>> NodeManagement::effective_arguments(
    const std::string& vhost, const std::string& name, bool is_exchange) const {
  return topology_.effective_arguments(vhost, name, is_exchange);
}

void NodeManagement::import(const Definitions& definitions, Done done) {
  carry_out(std::move(done), [&](Topology::Done arrived) {
    return topology_.import(definitions, std::move(arrived));
  });
}

void NodeManagement::set_policy(const PolicyDefinition& policy, Done done) {
  carry_out(std::move(done), [&](Topology::Done arrived) {
    return topology_.set_policy(policy, std::move(arrived));
  });
}

void NodeManagement::clear_policy(const std::string& vhost, const std::string& name,
                                  bool is_operator, Done done) {
  carry_out(std::move(done), [&](Topology::Done arrived) {
    return topology_.clear_policy(vhost, name, is_operator, std::move(arrived));
  });
}

void NodeManagement::set_user(const UserDefinition& user, Done done) {
  carry_out(std::move(done),
            [&](Topology::Done arrived) { return topology_.set_user(user, std::move(arrived)); });
}

void NodeManagement::delete_user(const std::string& name, Done done) {
  carry_out(std::move(done), [&](Topology::Done arrived) {
    return topology_.delete_user(name, std::move(arrived));
  });
}

void NodeManagement::set_vhost(const VhostDefinition& vhost, Done done) {
  carry_out(std::move(done),
            [&](Topology::Done arrived) { return topology_.set_vhost(vhost, std::move(arrived)); });
}

void NodeManagement::delete_vhost(const std::string& name, Done done) {
  carry_out(std::move(done), [&](Topology::Done arrived) {
    return topology_.delete_vhost(name, std::move(arrived));
  });
}

void NodeManagement::set_permission(const PermissionDefinition& permission, Done done) {
  carry_out(std::move(done), [&](Topology::Done arrived) {
    return topology_.set_permission(permission, std::move(arrived));
  });
}

void NodeManagement::clear_permission(const std::string& vhost, const std::string& user,
                                      Done done) {
  carry_out(std::move(done), [&](Topology::Done arrived) {
    return topology_.clear_permission(vhost, user, std::move(arrived));
  });
}

void NodeManagement::set_topic_permission(const TopicPermissionDefinition& permission, Done done) {
  carry_out(std::move(done), [&](Topology::Done arrived) {
    return topology_.set_topic_permission(permission, std::move(arrived));
  });
}

void NodeManagement::clear_topic_permission(const std::string& vhost, const std::string& user,
                                            const std::optional<std::string>& exchange, Done done) {
  carry_out(std::move(done), [&](Topology::Done arrived) {
    return topology_.clear_topic_permission(vhost, user, exchange, std::move(arrived));
  });
}

void NodeManagement::set_parameter(const ParameterDefinition& parameter, Done done) {
  carry_out(std::move(done), [&](Topology::Done arrived) {
    return topology_.set_parameter(parameter, std::move(arrived));
  });
}

void NodeManagement::clear_parameter(const std::string& vhost, const std::string& component,
                                     const std::string& name, Done done) {
  carry_out(std::move(done), [&](Topology::Done arrived) {
    return topology_.clear_parameter(vhost, component, name, std::move(arrived));
  });
}

}  // namespace tern::broker
