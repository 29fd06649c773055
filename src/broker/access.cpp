#include "broker/access.hpp"

#include <algorithm>

#include "base/ensure.hpp"
#include "broker/password_hash.hpp"

namespace tern::broker {
namespace {

std::optional<BrokerError> check_pattern(const std::string& what, const std::string& pattern) {
  const auto compiled = Pattern::compile(pattern);
  if (compiled) return std::nullopt;
  return invalid(what + ": " + compiled.error().text);
}

// RabbitMQ's: an empty permission is one for the empty name alone, which nothing has.
std::string anchored_if_empty(const std::string& pattern) {
  return pattern.empty() ? "^$" : pattern;
}

// A topic permission may name who is asking. The names are quoted: a dot in one is a dot.
std::string expand_variables(std::string pattern, const TopicPermissionDefinition& permission) {
  const auto replace_all = [&](std::string_view variable, std::string_view value) {
    const std::string quoted = quote_for_pattern(value);
    for (std::size_t at = 0; (at = pattern.find(variable, at)) != std::string::npos;
         at += quoted.size())
      pattern.replace(at, variable.size(), quoted);
  };
  replace_all("{username}", permission.user);
  replace_all("{vhost}", permission.vhost);
  return anchored_if_empty(pattern);
}

BrokerError refused(std::string text) {
  return {ErrorKind::access_refused, std::move(text)};
}

}  // namespace

std::optional<BrokerError> check(const UserDefinition& user) {
  if (user.name.empty() || user.name.size() > name_bytes_max)
    return invalid("a user's name has from 1 to 255 octets");
  if (!is_hashing_algorithm(user.hashing_algorithm)) {
    return invalid("user '" + user.name + "' has a password of the unknown hashing algorithm '" +
                   user.hashing_algorithm + "'");
  }
  if (!user.password_hash.empty() && !is_password_hash(user.password_hash, user.hashing_algorithm))
    return invalid("the password hash of user '" + user.name + "' is no base64 of a salt and a " +
                   user.hashing_algorithm + " digest");
  return std::nullopt;
}

std::optional<BrokerError> check(const PermissionDefinition& permission) {
  if (auto error = check_pattern("configure", permission.configure)) return error;
  if (auto error = check_pattern("write", permission.write)) return error;
  return check_pattern("read", permission.read);
}

std::optional<BrokerError> check(const TopicPermissionDefinition& permission) {
  if (auto error = check_pattern("write", expand_variables(permission.write, permission)))
    return error;
  return check_pattern("read", expand_variables(permission.read, permission));
}

PatternPointer Access::pattern(const std::string& text, const Access* before) {
  PatternPointer& found = patterns_[text];
  if (found) return found;
  if (before != nullptr) {
    const auto at = before->patterns_.find(text);
    if (at != before->patterns_.end()) return found = at->second;
  }
  auto compiled = Pattern::compile(text);
  ensure(compiled.has_value(), "a permission's pattern was checked");
  return found = std::move(*compiled);
}

AccessPointer Access::make(const AccessData& data, const std::vector<std::string>& loopback_users,
                           const Access* before) {
  auto access = std::make_shared<Access>();
  for (const auto& [name, user] : data.users) {
    Account& account = access->accounts_[name];
    account.user = {user.name, user.tags};
    account.password_hash = user.password_hash;
    account.hashing_algorithm = user.hashing_algorithm;
    account.loopback_only =
        std::find(loopback_users.begin(), loopback_users.end(), name) != loopback_users.end();
  }
  const auto compiled = [&](const std::string& text) {
    return access->pattern(anchored_if_empty(text), before);
  };
  for (const auto& [key, permission] : data.permissions) {
    const auto account = access->accounts_.find(permission.user);
    ensure(account != access->accounts_.end(), "a permission of nobody");
    Grant& grant = account->second.grants[permission.vhost];
    grant.configure = compiled(permission.configure);
    grant.write = compiled(permission.write);
    grant.read = compiled(permission.read);
  }
  for (const auto& [key, permission] : data.topic_permissions) {
    const auto account = access->accounts_.find(permission.user);
    ensure(account != access->accounts_.end(), "a topic permission of nobody");
    const auto grant = account->second.grants.find(permission.vhost);
    // Without a permission in the virtual host it has nothing to narrow.
    if (grant == account->second.grants.end()) continue;
    Grant::Topics& topics = grant->second.topics[permission.exchange];
    topics.write = compiled(expand_variables(permission.write, permission));
    topics.read = compiled(expand_variables(permission.read, permission));
  }
  return access;
}

const Access::Account* Access::find(std::string_view user) const {
  const auto at = accounts_.find(user);
  return at == accounts_.end() ? nullptr : &at->second;
}

Outcome<const Access::Account*> Access::authenticate(std::string_view user,
                                                     std::string_view password,
                                                     bool peer_is_loopback) const {
  const Account* account = find(user);
  // A password is hashed for unknown users too: the time taken tells nobody who exists.
  static const std::string nobody = hash_password(0, "nobody");
  const bool is_right = account == nullptr ? is_password(password, nobody) && false
                                           : is_password(password, account->password_hash,
                                                         account->hashing_algorithm);
  if (!is_right) return refused("user '" + std::string(user) + "' - invalid credentials");
  if (account->loopback_only && !peer_is_loopback)
    return refused("user '" + std::string(user) + "' can only connect via localhost");
  return account;
}

bool permits(const Grant* grant, ResourceKind kind, std::string_view name, Permission permission) {
  if (grant == nullptr) return false;
  // As RabbitMQ: the default exchange is matched by the name that its texts give it.
  if (kind == ResourceKind::exchange && name.empty()) name = "amq.default";
  const Pattern& pattern = permission == Permission::configure ? *grant->configure
                           : permission == Permission::write   ? *grant->write
                                                               : *grant->read;
  return pattern.matches(name);
}

bool permits_topic(const Grant* grant, std::string_view exchange, std::string_view routing_key,
                   Permission permission) {
  ensure(permission != Permission::configure, "topics are written and read only");
  if (grant == nullptr) return false;
  if (grant->topics.empty()) return true;
  const auto at = grant->topics.find(std::string(exchange));
  if (at == grant->topics.end()) return true;
  return (permission == Permission::write ? at->second.write : at->second.read)
      ->matches(routing_key);
}

}  // namespace tern::broker
