#include "broker/users.hpp"

#include "broker/password_hash.hpp"

namespace tern::broker {

std::string_view to_text(Permission permission) noexcept {
  switch (permission) {
    case Permission::configure:
      return "configure";
    case Permission::write:
      return "write";
    case Permission::read:
      return "read";
  }
  return "unknown";
}

SingleUser::SingleUser(const Options& options)
    : user_{options.name, {"administrator"}},
      password_hash_(hash_password(options.salt, options.password)),
      loopback_only_(options.loopback_only) {}

Outcome<const User*> SingleUser::authenticate(std::string_view user, std::string_view password,
                                              bool peer_is_loopback) const {
  // The password is hashed for unknown users too: the time taken tells nobody who exists.
  const bool is_right = is_password(password, password_hash_);
  if (user != user_.name || !is_right) {
    return BrokerError{ErrorKind::access_refused,
                       "user '" + std::string(user) + "' - invalid credentials"};
  }
  if (loopback_only_ && !peer_is_loopback) {
    return BrokerError{ErrorKind::access_refused,
                       "user '" + user_.name + "' can only connect via localhost"};
  }
  return &user_;
}

bool SingleUser::may_access_vhost(const User& user, std::string_view) const {
  return user.name == user_.name;
}

bool SingleUser::may(const User& user, std::string_view, ResourceKind, std::string_view,
                     Permission) const {
  return user.name == user_.name;
}

}  // namespace tern::broker
