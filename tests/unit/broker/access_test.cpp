// Access: who may log in, and what permissions and topic permissions allow.
#include "broker/access.hpp"

#include <catch2/catch.hpp>

#include "broker/local_access.hpp"
#include "broker/password_hash.hpp"

using namespace tern;
using namespace tern::broker;

namespace {

UserDefinition user(const std::string& name, const std::string& password) {
  UserDefinition made;
  made.name = name;
  made.password_hash = hash_password(7, password);
  return made;
}

struct Fixture {
  Fixture() {
    data.users["ann"] = user("ann", "secret");
    data.users["guest"] = user("guest", "guest");
    data.users["nobody"] = UserDefinition{};
    data.users["nobody"].name = "nobody";
    grant("ann", "/", "^own-", "^(own-|amq\\.default$)", ".*");
    make();
  }
  void grant(const std::string& name, const std::string& vhost, const std::string& configure,
             const std::string& write, const std::string& read) {
    data.permissions[{vhost, name}] = {name, vhost, configure, write, read, {}};
  }
  void grant_topic(const std::string& exchange, const std::string& write, const std::string& read,
                   const std::string& name = "ann") {
    data.topic_permissions[{"/", name, exchange}] = {name, "/", exchange, write, read, {}};
  }
  void make() { local.update(access = Access::make(data, {"guest"}, access.get())); }

  [[nodiscard]] std::string login(const std::string& name, const std::string& password,
                                  bool is_local = true) {
    const auto found = local.authenticate(name, password, is_local);
    if (found) return "in";
    CHECK(found.error().kind == ErrorKind::access_refused);
    return found.error().text;
  }
  [[nodiscard]] const User& ann() { return **local.authenticate("ann", "secret", true); }

  AccessData data;
  AccessPointer access;
  LocalAccess local;
};

}  // namespace

TEST_CASE("users log in with their name and password only") {
  Fixture on;
  CHECK(on.login("ann", "secret") == "in");
  CHECK(on.ann().name == "ann");
  for (const auto& [name, password] : std::initializer_list<std::pair<const char*, const char*>>{
           {"ann", "wrong"},
           {"ann", ""},
           {"other", "secret"},
           {"", ""},
           {"ANN", "secret"},
           // Without a password nobody gets in, whatever he says.
           {"nobody", ""},
           {"nobody", "nobody"}}) {
    CAPTURE(name, password);
    CHECK(on.login(name, password) == "user '" + std::string(name) + "' - invalid credentials");
  }
}

TEST_CASE("a session from another shard gets a user of this shard, with its rights here") {
  Fixture on;
  LocalAccess elsewhere;
  elsewhere.update(on.access);
  const User& there = **elsewhere.authenticate("ann", "secret", true);
  const User* const here = on.local.take_over(there.name);
  CHECK(here != &there);
  CHECK(here == &on.ann());
  CHECK(on.local.may_access_vhost(*here, "/"));
  // The account has gone while the session was on its way.
  const User* const stranger = on.local.take_over("gone");
  CHECK(stranger->name == "gone");
  CHECK_FALSE(on.local.exists(*stranger));
  CHECK_FALSE(on.local.may_access_vhost(*stranger, "/"));
}

TEST_CASE("a loopback user logs in from this machine only") {
  Fixture on;
  CHECK(on.login("guest", "guest", true) == "in");
  CHECK(on.login("guest", "guest", false) == "user 'guest' can only connect via localhost");
  CHECK(on.login("ann", "secret", false) == "in");
}

TEST_CASE("permissions are patterns over names, by kind of use") {
  Fixture on;
  const User& ann = on.ann();
  const auto may = [&](ResourceKind kind, const char* name, Permission permission) {
    return on.local.may(ann, "/", kind, name, permission);
  };
  CHECK(may(ResourceKind::queue, "own-q", Permission::configure));
  CHECK_FALSE(may(ResourceKind::queue, "q", Permission::configure));
  CHECK(may(ResourceKind::exchange, "own-x", Permission::write));
  CHECK_FALSE(may(ResourceKind::exchange, "x", Permission::write));
  CHECK(may(ResourceKind::queue, "x", Permission::read));
  // The default exchange has a name for this.
  CHECK(may(ResourceKind::exchange, "", Permission::write));
  CHECK_FALSE(may(ResourceKind::exchange, "", Permission::configure));
  CHECK_FALSE(may(ResourceKind::queue, "", Permission::write));
}

TEST_CASE("an empty pattern permits nothing") {
  Fixture on;
  on.grant("ann", "/", "", "", "");
  on.make();
  const User& ann = on.ann();
  CHECK(on.local.may_access_vhost(ann, "/"));
  for (const auto permission : {Permission::configure, Permission::write, Permission::read})
    CHECK_FALSE(on.local.may(ann, "/", ResourceKind::queue, "q", permission));
}

TEST_CASE("a user without permissions in a virtual host has no business there") {
  Fixture on;
  const User& ann = on.ann();
  CHECK(on.local.may_access_vhost(ann, "/"));
  CHECK_FALSE(on.local.may_access_vhost(ann, "other"));
  CHECK_FALSE(on.local.may(ann, "other", ResourceKind::queue, "own-q", Permission::read));
  CHECK(on.local.may(ann, "/", ResourceKind::queue, "own-q", Permission::read));
}

TEST_CASE("what changes counts at once for who is there already") {
  Fixture on;
  const User& ann = on.ann();
  CHECK_FALSE(on.local.may(ann, "/", ResourceKind::queue, "q", Permission::configure));
  on.grant("ann", "/", ".*", ".*", ".*");
  on.data.users["ann"].tags = {"monitoring"};
  on.make();
  CHECK(on.local.may(ann, "/", ResourceKind::queue, "q", Permission::configure));
  CHECK(ann.tags == std::vector<std::string>{"monitoring"});
  on.data.permissions.clear();
  on.make();
  CHECK_FALSE(on.local.may_access_vhost(ann, "/"));
  CHECK(on.local.exists(ann));
  on.data.users.erase("ann");
  on.make();
  CHECK_FALSE(on.local.exists(ann));
  CHECK_FALSE(on.local.may(ann, "/", ResourceKind::queue, "q", Permission::configure));
}

TEST_CASE("topic permissions narrow the exchanges that they name") {
  Fixture on;
  on.grant_topic("prices", "^stock\\.", "");
  on.make();
  const User& ann = on.ann();
  const auto may = [&](const char* exchange, const char* key, Permission permission) {
    return on.local.may_topic(ann, "/", exchange, key, permission);
  };
  CHECK(may("prices", "stock.a", Permission::write));
  CHECK_FALSE(may("prices", "bond.a", Permission::write));
  CHECK_FALSE(may("prices", "stock.a", Permission::read));
  CHECK(may("others", "bond.a", Permission::write));
  CHECK_FALSE(on.local.may_topic(ann, "other", "others", "bond.a", Permission::write));
}

TEST_CASE("topic permissions may name the user and the virtual host") {
  Fixture on;
  on.data.users["a.b"] = user("a.b", "secret");
  on.grant("a.b", "/", ".*", ".*", ".*");
  on.grant_topic("x", "^{username}\\.[0-9]{2}$", "^{vhost}-{username}$", "a.b");
  on.make();
  const User& user = **on.local.authenticate("a.b", "secret", true);
  const auto may = [&](const char* key, Permission permission) {
    return on.local.may_topic(user, "/", "x", key, permission);
  };
  CHECK(may("a.b.12", Permission::write));
  // The dot of the name is one.
  CHECK_FALSE(may("axb.12", Permission::write));
  CHECK(may("/-a.b", Permission::read));
}

TEST_CASE("what is wrong with a user or a permission is said") {
  UserDefinition wrong = user("ann", "secret");
  CHECK_FALSE(check(wrong).has_value());
  wrong.hashing_algorithm = "rabbit_password_hashing_bcrypt";
  REQUIRE(check(wrong).has_value());
  CHECK(check(wrong)->text.find("rabbit_password_hashing_bcrypt") != std::string::npos);
  wrong = user("ann", "secret");
  wrong.password_hash = "short";
  REQUIRE(check(wrong).has_value());
  wrong.password_hash.clear();
  CHECK_FALSE(check(wrong).has_value());
  wrong.name.clear();
  CHECK(check(wrong).has_value());
  CHECK_FALSE(check(PermissionDefinition{"u", "/", "a", "b", "c", {}}).has_value());
  const auto error = check(PermissionDefinition{"u", "/", "a", "b(", "c", {}});
  REQUIRE(error.has_value());
  CHECK(error->text.starts_with("write: pattern 'b(' should be a regular expression"));
  CHECK(check(TopicPermissionDefinition{"u", "/", "x", "a", "*", {}}).has_value());
}
