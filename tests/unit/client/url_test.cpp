// AMQP URLs: every part, and what is none.
#include <catch2/catch.hpp>

#include "ternmq/options.hpp"

using ternmq::connection_options;
using ternmq::endpoint;

TEST_CASE("an AMQP URL says where, who and how") {
  const auto all = connection_options::from_url(
      "amqps://u%73er:p%40ss@host.example:1234/v%2Fhost"
      "?heartbeat=7&connection_timeout=250&channel_max=9&frame_max=8192&verify=verify_none"
      "&cacertfile=/a%20b/ca.pem&auth_mechanism=external&connection_name=me&unknown=1");
  CHECK(all.endpoints == std::vector{endpoint{"host.example", 1234, true}});
  CHECK(all.user == "user");
  CHECK(all.password == "p@ss");
  CHECK(all.vhost == "v/host");
  CHECK(all.heartbeat == std::chrono::seconds(7));
  CHECK(all.connect_timeout == std::chrono::milliseconds(250));
  CHECK(all.channel_max == 9);
  CHECK(all.frame_max == 8192);
  CHECK_FALSE(all.tls.verify_peer);
  CHECK(all.tls.ca_file == "/a b/ca.pem");
  CHECK(all.mechanism == ternmq::auth_mechanism::external);
  CHECK(all.connection_name == "me");
}

TEST_CASE("parts of an AMQP URL that are left out have their defaults") {
  const auto least = connection_options::from_url("amqp://");
  CHECK(least.endpoints == std::vector{endpoint{"localhost", 5672, false}});
  CHECK(least.user == "guest");
  CHECK(least.vhost == "/");
  CHECK(least.tls.verify_peer);
  CHECK(connection_options::from_url("amqps://h").endpoints.front().port == 5671);
  CHECK(connection_options::from_url("amqp://h/").vhost == "/");
  CHECK(connection_options::from_url("amqp://only-user@h").password == "guest");
  const auto v6 = connection_options::from_url("amqp://u:p@[::1]:99/x").endpoints.front();
  CHECK(v6 == endpoint{"::1", 99, false});
}

TEST_CASE("several hosts share one login") {
  const auto two = connection_options::from_urls({"amqp://me:pw@a", "amqps://b:7"});
  CHECK(two.endpoints == std::vector{endpoint{"a", 5672, false}, endpoint{"b", 7, true}});
  CHECK(two.user == "me");
}

TEST_CASE("what is no AMQP URL changes nothing and does not show the password") {
  const std::string bad = GENERATE(
      as<std::string>(), "", "http://host", "amqp:/host", "amqp://h:port", "amqp://h:70000",
      "amqp://u%zz@h", "amqp://h/%4", "amqp://[::1", "amqp://h?heartbeat=x", "amqp://h?frame_max",
      "amqp://h?verify=maybe", "amqp://h?heartbeat=-1");
  connection_options options;
  options.user = "kept";
  const auto error = parse_url(bad, options);
  CHECK(error.code == ternmq::errc::invalid_url);
  CHECK(options.user == "kept");
  CHECK_THROWS_AS(connection_options::from_url("amqp://u:secret@h:x"), ternmq::failure);
  CHECK(parse_url("amqp://u:secret@h:x", options).text.find("secret") == std::string::npos);
}
