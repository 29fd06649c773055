// Access: who may log in and what each user may do, as an immutable snapshot that the topology's
// writer makes of the definitions and all shards share. A shard asks through its LocalAccess
// (local_access.hpp), which knows the short ways.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "broker/definitions.hpp"
#include "broker/pattern.hpp"
#include "broker/users.hpp"

namespace tern::broker {

/// All that is granted, as plain data: the writer's master copy.
struct AccessData {
  using InVhost = std::pair<std::string, std::string>;                   ///< virtual host, user
  using OnExchange = std::tuple<std::string, std::string, std::string>;  ///< and exchange

  std::map<std::string, UserDefinition> users;
  std::map<InVhost, PermissionDefinition> permissions;
  std::map<OnExchange, TopicPermissionDefinition> topic_permissions;
};

/// What is wrong with a user, or with the patterns of a permission, or nothing.
[[nodiscard]] std::optional<BrokerError> check(const UserDefinition& user);
[[nodiscard]] std::optional<BrokerError> check(const PermissionDefinition& permission);
[[nodiscard]] std::optional<BrokerError> check(const TopicPermissionDefinition& permission);

/// What one user may do in one virtual host.
struct Grant {
  struct Topics {
    PatternPointer write;
    PatternPointer read;
  };
  PatternPointer configure;
  PatternPointer write;
  PatternPointer read;
  std::unordered_map<std::string, Topics> topics;  ///< by exchange
};

class Access {
 public:
  struct Account {
    User user;
    std::string password_hash;
    std::string hashing_algorithm;
    bool loopback_only = false;
    std::unordered_map<std::string, Grant> grants;  ///< by virtual host
  };

  /// Of data that was checked. Patterns of `before` are taken over, not compiled again.
  static std::shared_ptr<const Access> make(const AccessData& data,
                                            const std::vector<std::string>& loopback_users,
                                            const Access* before = nullptr);

  /// Who logs in. access_refused with the reason, for the log: the peer hears the
  /// front-end's own text, which does not tell a wrong name from a wrong password.
  [[nodiscard]] Outcome<const Account*> authenticate(std::string_view user,
                                                     std::string_view password,
                                                     bool peer_is_loopback) const;
  [[nodiscard]] const Account* find(std::string_view user) const;

 private:
  [[nodiscard]] PatternPointer pattern(const std::string& text, const Access* before);

  std::map<std::string, Account, std::less<>> accounts_;
  std::unordered_map<std::string, PatternPointer> patterns_;
};
using AccessPointer = std::shared_ptr<const Access>;

/// Whether the grant (null: there is none) permits this on a queue or exchange of that name. The
/// default exchange's name is empty.
[[nodiscard]] bool permits(const Grant* grant, ResourceKind kind, std::string_view name,
                           Permission permission);
/// Whether it permits to write or read that routing key on a topic exchange: it does unless there
/// are topic permissions for the exchange.
[[nodiscard]] bool permits_topic(const Grant* grant, std::string_view exchange,
                                 std::string_view routing_key, Permission permission);

}  // namespace tern::broker
