// LocalAccess: one shard's way to ask what users may do: the current snapshot of Access, and the
// users that have logged in on this shard, each with what it may do in the virtual host it is in at
// hand. One thread; the answers to a publish cost no look-up.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "broker/access.hpp"

namespace tern::broker {

class LocalAccess {
 public:
  void update(AccessPointer access);

  /// The user stays valid as long as this object, and follows what becomes of the account: of one
  /// that is deleted nothing is permitted.
  [[nodiscard]] Outcome<const User*> authenticate(std::string_view user, std::string_view password,
                                                  bool peer_is_loopback);
  /// The user of a session that has logged in on another shard; valid as the above.
  [[nodiscard]] const User* take_over(const std::string& user);
  [[nodiscard]] bool exists(const User& user) const;
  [[nodiscard]] bool may_access_vhost(const User& user, const std::string& vhost) const;
  [[nodiscard]] bool may(const User& user, const std::string& vhost, ResourceKind kind,
                         std::string_view name, Permission permission) const;
  [[nodiscard]] bool may_topic(const User& user, const std::string& vhost,
                               std::string_view exchange, std::string_view routing_key,
                               Permission permission) const;

 private:
  struct LocalUser : User {
    mutable const Access* looked_up_in = nullptr;
    mutable std::string vhost;
    mutable const Grant* grant = nullptr;
  };
  [[nodiscard]] const Grant* grant_of(const User& user, const std::string& vhost) const;

  AccessPointer access_ = std::make_shared<const Access>();
  // By name; never emptied, as sessions point into it: as many as there are names of users.
  std::unordered_map<std::string, std::unique_ptr<LocalUser>> users_;
};

}  // namespace tern::broker
