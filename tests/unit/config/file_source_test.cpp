// The TOML file: every kind of value, and every kind of mistake with its line.
#include <catch2/catch.hpp>

#include "unit/config/sources_support.hpp"

namespace tern::config {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("a file sets every kind of value") {
  const auto [config, errors] = from_file(R"(
data_dir = "/srv/mq"
in_memory = true
shards = 3
loopback_users = []

[log]
level = "debug"

[amqp]
bind = ["127.0.0.1", "[::1]"]
port = 0
heartbeat = "30s"
frame_max = "4KiB"
handshake_timeout = "1500ms"
max_message_size = 1048576
)");
  CHECK(errors == Errors{});
  CHECK(config.data_dir == "/srv/mq");
  CHECK(config.in_memory);
  CHECK(config.shards == 3);
  CHECK(config.loopback_users.empty());
  CHECK(config.log.level == LogLevel::debug);
  CHECK(config.amqp.bind == std::vector<std::string>{"127.0.0.1", "::1"});
  CHECK(config.amqp.port == 0);
  CHECK(config.amqp.heartbeat == seconds(30));
  CHECK(config.amqp.frame_max == 4096);
  CHECK(config.amqp.handshake_timeout == milliseconds(1500));
  CHECK(config.amqp.max_message_size == MiB);
}

TEST_CASE("a list of one may be written without brackets") {
  CHECK(from_file("amqp.bind = '127.0.0.1'").config.amqp.bind ==
        std::vector<std::string>{"127.0.0.1"});
}

TEST_CASE("an unknown key is reported with its line and the nearest key") {
  CHECK(from_file("shards = 1\n[amqp]\nport = 5673\nframemax = 8192\n").errors ==
        Errors{"ternmq.toml:4: unknown key 'amqp.framemax'; the nearest valid key is "
               "'amqp.frame_max'"});
  CHECK(from_file("port = 5673").errors ==
        Errors{"ternmq.toml:1: unknown key 'port'; the nearest valid key is 'amqp.port'"});
  CHECK(from_file("[amqp.tls]\nport = 5671").errors ==
        Errors{"ternmq.toml:1: unknown key 'amqp.tls'; the nearest valid key is 'amqp.bind'"});
}

TEST_CASE("an unknown section is one mistake, whatever is in it") {
  CHECK(from_file("[ampq]\nport = 1\nbind = '::'\n").errors ==
        Errors{"ternmq.toml:1: unknown section [ampq]; the nearest valid one is [amqp]"});
}

TEST_CASE("a value of the wrong type is reported with what the key takes") {
  CHECK(from_file("\namqp.port = '5672'").errors ==
        Errors{"ternmq.toml:2: amqp.port = '5672' is a string (write it without quotes); it takes "
               "a whole number from 0 to 65535"});
  CHECK(from_file("in_memory = 1").errors ==
        Errors{"ternmq.toml:1: in_memory = 1 is an integer; it takes true or false"});
  CHECK(from_file("data_dir = true").errors ==
        Errors{"ternmq.toml:1: data_dir = true is a boolean; it takes a directory"});
  CHECK(from_file("shards = 1.5").errors ==
        Errors{"ternmq.toml:1: shards = 1.5 is a number with a fraction; it takes a whole number "
               "from 0 to 1024"});
  CHECK(from_file("log.level = ['info']").errors ==
        Errors{"ternmq.toml:1: log.level = [ 'info' ] is a list; it takes one of error, warn, "
               "info, debug"});
  CHECK(from_file("amqp.heartbeat = 60").errors ==
        Errors{"ternmq.toml:1: amqp.heartbeat = 60 has no unit (units: ms, s, m, h, d); it takes "
               "a duration from 0s to 65535s, such as \"60s\""});
  CHECK(from_file("amqp.bind = [1]").errors ==
        Errors{"ternmq.toml:1: amqp.bind = [ 1 ] holds something other than strings; it takes a "
               "list of IP addresses"});
  CHECK(from_file("amqp = 1").errors ==
        Errors{"ternmq.toml:1: 'amqp' is a section, not a key; write [amqp] on a line of its own "
               "and its keys below"});
  CHECK(from_file("shards = 2020-01-01").errors ==
        Errors{"ternmq.toml:1: shards = 2020-01-01 is a date or a time; it takes a whole number "
               "from 0 to 1024"});
}

TEST_CASE("a value out of range is reported with the range") {
  CHECK(from_file("amqp.port = 70000").errors ==
        Errors{"ternmq.toml:1: amqp.port = 70000 is out of range; it takes a whole number from 0 "
               "to 65535"});
  CHECK(from_file("shards = -1").errors ==
        Errors{"ternmq.toml:1: shards = -1 is out of range; it takes a whole number from 0 to "
               "1024"});
  CHECK(from_file("amqp.frame_max = 4095").errors ==
        Errors{"ternmq.toml:1: amqp.frame_max = 4095 is out of range; it takes a size from 4KiB "
               "to 16MiB, such as \"128KiB\""});
  CHECK(from_file("amqp.handshake_timeout = '2h'").errors ==
        Errors{"ternmq.toml:1: amqp.handshake_timeout = '2h' is out of range; it takes a duration "
               "from 100ms to 3600s, such as \"10s\""});
  CHECK(from_file("amqp.heartbeat = '1500ms'").errors ==
        Errors{"ternmq.toml:1: amqp.heartbeat = '1500ms' is not in whole seconds; it takes a "
               "duration from 0s to 65535s, such as \"60s\""});
}

TEST_CASE("texts are checked too") {
  CHECK(from_file("amqp.bind = ['::', 'localhost']").errors ==
        Errors{"ternmq.toml:1: amqp.bind = [ '::', 'localhost' ] holds \"localhost\", which is not "
               "an IP address; it takes a list of IP addresses"});
  CHECK(from_file("data_dir = ''").errors ==
        Errors{"ternmq.toml:1: data_dir = '' is empty; it takes a directory"});
  CHECK(from_file("default_vhost = ''").errors ==
        Errors{"ternmq.toml:1: default_vhost = '' is empty; it takes a name of 1 to 255 bytes"});
  CHECK(from_file("amqp.bind = 'fe80::1%eth0'").errors == Errors{});
  CHECK(from_file("data_dir = \"a\\u0000b\"").errors.at(0).find("contains a zero byte") !=
        std::string::npos);
  CHECK(from_file("default_user = '" + std::string(256, 'u') + "'")
            .errors.at(0)
            .find("... is longer than 255 bytes; it takes a name of 1 to 255 bytes") !=
        std::string::npos);
}

TEST_CASE("all mistakes are reported, from the top of the file to its end") {
  const auto errors = from_file("shards = 5000\n[log]\nlevel = 'loud'\n[amqp]\nprot = 1\n").errors;
  REQUIRE(errors.size() == 3);
  CHECK(errors[0].starts_with("ternmq.toml:1: shards = 5000 is out of range"));
  CHECK(errors[1].starts_with("ternmq.toml:3: log.level = 'loud' is not a level"));
  CHECK(errors[2].starts_with("ternmq.toml:5: unknown key 'amqp.prot'"));
}

TEST_CASE("a wrong value changes nothing") {
  CHECK(from_file("amqp.port = 70000").config.amqp.port == 5672);
  CHECK(from_file("amqp.heartbeat = '1500ms'").config.amqp.heartbeat == seconds(60));
}

TEST_CASE("what is not TOML is reported with its line") {
  const auto errors = from_file("shards = 1\nport: 5672\n").errors;
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].starts_with("ternmq.toml:2: this is not TOML: "));
}

TEST_CASE("a text of any characters is written as TOML reads it") {
  const auto config = from_file("log.file = \"a\\\"b\\\\\\u0001\\u007F\"").config;
  REQUIRE(config.log.file == "a\"b\\\x01\x7F");
  const Option* option = find_option("log.file");
  const auto again = from_file("log.file = " + format_value(*option, config, Notation::file));
  CHECK(again.errors == Errors{});
  CHECK(again.config.log.file == config.log.file);
}

TEST_CASE("a password is never printed") {
  CHECK(from_file("default_pass = 12345").errors ==
        Errors{"ternmq.toml:1: the value of default_pass is an integer; it takes text that is not "
               "empty"});
}

}  // namespace tern::config
