// Command-line flags.
#include <catch2/catch.hpp>

#include "unit/config/sources_support.hpp"

namespace tern::config {

TEST_CASE("a flag's value stands after it or behind an equals sign") {
  const auto [config, errors] =
      from_flags({"--data-dir", "/srv/mq", "--amqp-port=0", "--queue-window-head-bytes", "64KiB"});
  CHECK(errors == Errors{});
  CHECK(config.data_dir == "/srv/mq");
  CHECK(config.amqp.port == 0);
  CHECK(config.queue.window_head_bytes == 64 * KiB);
}

TEST_CASE("a boolean flag alone is true and never takes the next argument") {
  CHECK(from_flags({"--in-memory"}).config.in_memory);
  CHECK(from_flags({"--in-memory", "--shards", "2"}).config.shards == 2);
  CHECK_FALSE(from_flags({"--compat-present-as-rabbitmq=false"}).config.compat.present_as_rabbitmq);
  CHECK(from_flags({"--in-memory", "true"}).errors ==
        Errors{"command line: unexpected argument 'true'; flags start with --, as in --amqp-port "
               "5672"});
}

TEST_CASE("the last of several flags wins, the values of a list add up") {
  CHECK(from_flags({"--shards", "1", "--shards", "2"}).config.shards == 2);
  CHECK(from_flags({"--amqp-bind", "::1", "--amqp-bind", "127.0.0.1"}).config.amqp.bind ==
        std::vector<std::string>{"::1", "127.0.0.1"});
}

TEST_CASE("an unknown flag is one mistake, reported with the nearest flag") {
  CHECK(from_flags({"--amqp-prot", "5673", "--confg=x"}).errors ==
        Errors{"command line: unknown flag --amqp-prot; the nearest valid one is --amqp-port",
               "command line: unknown flag --confg; the nearest valid one is --config"});
}

TEST_CASE("a wrong or missing value is reported with what the flag takes") {
  CHECK(from_flags({"--amqp-port", "70000"}).errors ==
        Errors{"command line: --amqp-port 70000 is out of range; it takes a whole number from 0 to "
               "65535"});
  CHECK(from_flags({"--amqp-port", "--in-memory"}).errors ==
        Errors{"command line: --amqp-port needs a value: a whole number from 0 to 65535"});
  CHECK(from_flags({"--amqp-frame-max=1"}).errors ==
        Errors{"command line: --amqp-frame-max 1 is out of range; it takes a size from 4KiB to "
               "16MiB, such as 128KiB"});
  CHECK(from_flags({"--config"}).errors ==
        Errors{"command line: --config needs a value: a TOML file"});
  CHECK(from_flags({"--default-pass="}).errors ==
        Errors{"command line: the value of --default-pass is empty; it takes text that is not "
               "empty"});
}

}  // namespace tern::config
