// Users: password hashes as RabbitMQ makes them, and the single user of the configuration.
#include "broker/users.hpp"

#include <catch2/catch.hpp>

#include "base/base64.hpp"
#include "broker/password_hash.hpp"

using namespace tern;
using namespace tern::broker;

namespace {

std::string hex(Bytes bytes) {
  std::string text;
  for (const char octet : bytes) {
    text += "0123456789abcdef"[static_cast<std::uint8_t>(octet) >> 4];
    text += "0123456789abcdef"[static_cast<std::uint8_t>(octet) & 15];
  }
  return text;
}

SingleUser guest(bool loopback_only) {
  return SingleUser(
      {.name = "guest", .password = "secret", .salt = 7, .loopback_only = loopback_only});
}

}  // namespace

TEST_CASE("sha256 gives the example of FIPS 180") {
  CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("a password hash is base64 of the salt and the digest of salt and password") {
  const std::string hash = hash_password(0x908DC60AU, "test12");
  // The worked example of RabbitMQ's documentation on password hashing.
  CHECK(hash == "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR");
  CHECK(is_password("test12", hash));
  CHECK_FALSE(is_password("test1", hash));
  CHECK_FALSE(is_password("", hash));
}

TEST_CASE("nothing is the password of what is no hash") {
  const std::string hash = hash_password(1, "a");
  CHECK_FALSE(is_password("a", ""));
  CHECK_FALSE(is_password("a", "not base64"));
  CHECK_FALSE(is_password("a", encode_base64(std::string(35, 'x'))));
  CHECK_FALSE(is_password("a", encode_base64(*decode_base64(hash) + "x")));
}

TEST_CASE("the single user logs in with name and password only") {
  const SingleUser users = guest(false);
  const auto user = users.authenticate("guest", "secret", false);
  REQUIRE(user.has_value());
  CHECK((*user)->name == "guest");
  for (const auto& [name, password] : std::initializer_list<std::pair<const char*, const char*>>{
           {"guest", "wrong"}, {"guest", ""}, {"other", "secret"}, {"", ""}, {"GUEST", "secret"}}) {
    const auto refused = users.authenticate(name, password, true);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == ErrorKind::access_refused);
    CHECK(refused.error().text == "user '" + std::string(name) + "' - invalid credentials");
  }
}

TEST_CASE("a loopback user logs in from this machine only") {
  const SingleUser users = guest(true);
  CHECK(users.authenticate("guest", "secret", true).has_value());
  const auto refused = users.authenticate("guest", "secret", false);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind == ErrorKind::access_refused);
  CHECK(refused.error().text == "user 'guest' can only connect via localhost");
}

TEST_CASE("the single user may do everything and nobody else anything") {
  const SingleUser users = guest(false);
  const User other{"other", {}};
  const User& user = **users.authenticate("guest", "secret", true);
  CHECK(users.may_access_vhost(user, "/"));
  CHECK_FALSE(users.may_access_vhost(other, "/"));
  for (const auto kind : {ResourceKind::exchange, ResourceKind::queue, ResourceKind::topic}) {
    for (const auto permission : {Permission::configure, Permission::write, Permission::read}) {
      CHECK(users.may(user, "/", kind, "x", permission));
      CHECK_FALSE(users.may(other, "/", kind, "x", permission));
    }
  }
}
