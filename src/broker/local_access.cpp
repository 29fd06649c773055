#include "broker/local_access.hpp"

#include "base/ensure.hpp"

namespace tern::broker {

void LocalAccess::update(AccessPointer access) {
  ensure(access != nullptr, "no access at all");
  // Grants in use lie in the old snapshot: forgotten here, before it goes.
  for (auto& [name, user] : users_) {
    user->looked_up_in = nullptr;
    user->grant = nullptr;
    if (const Access::Account* account = access->find(name)) user->tags = account->user.tags;
  }
  access_ = std::move(access);
}

Outcome<const User*> LocalAccess::authenticate(std::string_view user, std::string_view password,
                                               bool peer_is_loopback) {
  const auto account = access_->authenticate(user, password, peer_is_loopback);
  if (!account) return account.error();
  auto& local = users_[(*account)->user.name];
  if (!local) local = std::make_unique<LocalUser>();
  static_cast<User&>(*local) = (*account)->user;
  return local.get();
}

const User* LocalAccess::take_over(const std::string& user) {
  auto& local = users_[user];
  if (!local) {
    local = std::make_unique<LocalUser>();
    local->name = user;
  }
  if (const Access::Account* account = access_->find(user))
    static_cast<User&>(*local) = account->user;
  return local.get();
}

bool LocalAccess::exists(const User& user) const {
  return access_->find(user.name) != nullptr;
}

const Grant* LocalAccess::grant_of(const User& user, const std::string& vhost) const {
  const auto& local = static_cast<const LocalUser&>(user);
  if (local.looked_up_in == access_.get() && local.vhost == vhost) return local.grant;
  local.looked_up_in = access_.get();
  local.vhost = vhost;
  local.grant = nullptr;
  const Access::Account* account = access_->find(user.name);
  if (account == nullptr) return nullptr;
  const auto at = account->grants.find(vhost);
  if (at != account->grants.end()) local.grant = &at->second;
  return local.grant;
}

bool LocalAccess::may_access_vhost(const User& user, const std::string& vhost) const {
  return grant_of(user, vhost) != nullptr;
}

bool LocalAccess::may(const User& user, const std::string& vhost, ResourceKind kind,
                      std::string_view name, Permission permission) const {
  return permits(grant_of(user, vhost), kind, name, permission);
}

bool LocalAccess::may_topic(const User& user, const std::string& vhost, std::string_view exchange,
                            std::string_view routing_key, Permission permission) const {
  return permits_topic(grant_of(user, vhost), exchange, routing_key, permission);
}

}  // namespace tern::broker
