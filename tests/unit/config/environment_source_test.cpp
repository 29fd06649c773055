// Environment variables: ours, RabbitMQ's three, and those that container platforms add.
#include <catch2/catch.hpp>

#include "unit/config/sources_support.hpp"

namespace tern::config {

TEST_CASE("TERNMQ_ and the key in capitals sets an option") {
  const auto [config, errors] = from_environment({{"TERNMQ_AMQP_PORT", "0"},
                                                  {"TERNMQ_AMQP_BIND", "127.0.0.1 , ::1"},
                                                  {"TERNMQ_IN_MEMORY", "true"},
                                                  {"TERNMQ_LOG_FILE", ""},
                                                  {"TERNMQ_LOOPBACK_USERS", ""},
                                                  {"PATH", "/bin"}});
  CHECK(errors == Errors{});
  CHECK(config.amqp.port == 0);
  CHECK(config.amqp.bind == std::vector<std::string>{"127.0.0.1", "::1"});
  CHECK(config.in_memory);
  CHECK(config.loopback_users.empty());
}

TEST_CASE("an unknown TERNMQ_ variable is reported with the nearest one") {
  CHECK(from_environment({{"TERNMQ_AMPQ_PORT", "1"}, {"TERNMQ_CONFG", "x"}}).errors ==
        Errors{"environment: unknown variable TERNMQ_AMPQ_PORT; the nearest valid one is "
               "TERNMQ_AMQP_PORT",
               "environment: unknown variable TERNMQ_CONFG; the nearest valid one is "
               "TERNMQ_CONFIG"});
}

TEST_CASE("a wrong value in the environment is reported with what it takes") {
  CHECK(from_environment({{"TERNMQ_AMQP_PORT", ""}, {"TERNMQ_IN_MEMORY", "yes"}}).errors ==
        Errors{"environment: TERNMQ_AMQP_PORT= is not a whole number; it takes a whole number from "
               "0 to 65535",
               "environment: TERNMQ_IN_MEMORY=yes is neither true nor false; it takes true or "
               "false"});
  CHECK(from_environment({{"TERNMQ_DEFAULT_PASS", ""}}).errors ==
        Errors{"environment: the value of TERNMQ_DEFAULT_PASS is empty; it takes text that is not "
               "empty"});
}

TEST_CASE("control characters of a wrong value are escaped and a long one is cut") {
  CHECK(from_environment({{"TERNMQ_SHARDS", "\x1b[2J\n"}})
            .errors.at(0)
            .starts_with("environment: TERNMQ_SHARDS=\\x1b[2J\\x0a is not a whole number"));
  CHECK(from_environment({{"TERNMQ_SHARDS", std::string(81, 'x')}})
            .errors.at(0)
            .starts_with("environment: TERNMQ_SHARDS=" + std::string(80, 'x') + "... is not"));
}

TEST_CASE("RABBITMQ_DEFAULT_ variables are honoured, weaker than our own, in any order") {
  const auto [config, errors] = from_environment({{"TERNMQ_DEFAULT_USER", "own"},
                                                  {"RABBITMQ_DEFAULT_USER", "theirs"},
                                                  {"RABBITMQ_DEFAULT_PASS", "secret"},
                                                  {"RABBITMQ_DEFAULT_VHOST", "orders"},
                                                  {"RABBITMQ_NODENAME", "rabbit"}});
  CHECK(errors == Errors{});
  CHECK(config.default_user == "own");
  CHECK(config.default_pass == "secret");
  CHECK(config.default_vhost == "orders");
}

TEST_CASE("a user other than guest may log in from everywhere, guest only locally") {
  const auto config = from_environment({{"RABBITMQ_DEFAULT_USER", "app"}}).config;
  CHECK(config.default_user == "app");
  CHECK(config.loopback_users == std::vector<std::string>{"guest"});
}

TEST_CASE("RABBITMQ_DEFAULT_ variables set to nothing are not set, as Compose files do") {
  const auto [config, errors] =
      from_environment({{"RABBITMQ_DEFAULT_USER", ""}, {"RABBITMQ_DEFAULT_PASS", ""}});
  CHECK(errors == Errors{});
  CHECK(config.default_user == "guest");
  CHECK(config.default_pass == "guest");
}

TEST_CASE("variables that Kubernetes adds for a service named ternmq are passed over") {
  const auto [config, errors] = from_environment({{"TERNMQ_SERVICE_HOST", "10.0.0.1"},
                                                  {"TERNMQ_SERVICE_PORT", "5672"},
                                                  {"TERNMQ_SERVICE_PORT_AMQP", "5672"},
                                                  {"TERNMQ_PORT", "tcp://10.0.0.1:5672"},
                                                  {"TERNMQ_PORT_5672_TCP", "tcp://10.0.0.1:5672"},
                                                  {"TERNMQ_PORT_5672_TCP_ADDR", "10.0.0.1"},
                                                  {"TERNMQ_PORT_5672_TCP_PROTO", "tcp"},
                                                  {"TERNMQ_AMQP_PORT", "tcp://10.0.0.1:5672"}});
  CHECK(errors == Errors{});
  CHECK(config.amqp.port == 5672);
  CHECK(from_environment({{"TERNMQ_PORT", "5672"}}).errors.size() == 1);
  CHECK(from_environment({{"TERNMQ_PORT_TCP", "5672"}}).errors.size() == 1);
  CHECK(from_environment({{"TERNMQ_PORT__TCP", "5672"}}).errors.size() == 1);
  CHECK(from_environment({{"TERNMQ_DEFAULT_PASS", "tcp://"}}).config.default_pass == "tcp://");
}

}  // namespace tern::config
