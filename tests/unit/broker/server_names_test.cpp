// Server-made names: their form, and that no two are alike.
#include "broker/server_names.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace tern::broker;

TEST_CASE("a server-made name is its prefix and 22 characters of base64url") {
  RandomSource random(1);
  for (const std::string_view prefix : {queue_name_prefix, consumer_tag_prefix}) {
    const std::string name = make_server_name(prefix, random);
    CHECK(name.starts_with(prefix));
    const std::string rest = name.substr(prefix.size());
    CHECK(rest.size() == 22);
    CHECK(rest.find_first_not_of(
              "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
          std::string::npos);
  }
  CHECK(queue_name_prefix == "amq.gen-");
  CHECK(consumer_tag_prefix == "amq.ctag-");
}

TEST_CASE("all 128 bits of a server-made name are random") {
  RandomSource random(7);
  std::set<std::string> names;
  std::vector<std::set<char>> seen(22);
  for (int i = 0; i < 1000; ++i) {
    const std::string name = make_server_name("", random);
    names.insert(name);
    for (std::size_t at = 0; at < name.size(); ++at) seen[at].insert(name[at]);
  }
  CHECK(names.size() == 1000);
  // Every place but the last (two bits) takes nearly all of its 64 characters.
  for (std::size_t at = 0; at < 21; ++at) CHECK(seen[at].size() > 50);
  CHECK(seen[21].size() == 4);
}

TEST_CASE("the same seed makes the same names") {
  RandomSource one(42);
  RandomSource other(42);
  CHECK(make_server_name(queue_name_prefix, one) == make_server_name(queue_name_prefix, other));
}
