// Users: who may log in and what they may do. Every place where RabbitMQ checks a permission asks
// an Authorizer. The first one knows the single user of the configuration, who may do everything.
// An Authorizer is asked by all shards at once, so it is immutable or takes care of itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "broker/broker.hpp"

namespace tern::broker {

enum class ResourceKind : std::uint8_t { exchange, queue, topic };
enum class Permission : std::uint8_t { configure, write, read };

/// The word in RabbitMQ's texts.
[[nodiscard]] std::string_view to_text(Permission permission) noexcept;

class Authorizer {
 public:
  virtual ~Authorizer() = default;

  /// Who logs in. access_refused with the reason (for the log: the peer hears the front-end's own
  /// text, which does not tell a wrong name from a wrong password).
  [[nodiscard]] virtual Outcome<const User*> authenticate(std::string_view user,
                                                          std::string_view password,
                                                          bool peer_is_loopback) const = 0;
  [[nodiscard]] virtual bool may_access_vhost(const User& user, std::string_view vhost) const = 0;
  /// For `topic`, `name` is the exchange; whether its routing key matters is for this to say.
  /// The default exchange's name is empty. The refusal's text: texts::permission_refused.
  [[nodiscard]] virtual bool may(const User& user, std::string_view vhost, ResourceKind kind,
                                 std::string_view name, Permission permission) const = 0;
};

/// One user, who may do everything in every virtual host there is.
class SingleUser final : public Authorizer {
 public:
  struct Options {
    std::string name;
    std::string password;       ///< kept only as its salted hash
    std::uint32_t salt = 0;     ///< random
    bool loopback_only = true;  ///< may log in from this machine only
  };
  explicit SingleUser(const Options& options);

  [[nodiscard]] Outcome<const User*> authenticate(std::string_view user, std::string_view password,
                                                  bool peer_is_loopback) const override;
  [[nodiscard]] bool may_access_vhost(const User& user, std::string_view vhost) const override;
  [[nodiscard]] bool may(const User& user, std::string_view vhost, ResourceKind kind,
                         std::string_view name, Permission permission) const override;

 private:
  User user_;
  std::string password_hash_;
  bool loopback_only_;
};

}  // namespace tern::broker
