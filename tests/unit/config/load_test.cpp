// All sources together: which wins, and that the mistakes of all are reported.
#include "config/load.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "config/sources.hpp"

namespace tern::config {

namespace {

// A file that is gone when the test ends.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text) {
    std::string pattern = (std::filesystem::temp_directory_path() / "ternmq-test-XXXXXX").string();
    const int descriptor = ::mkstemp(pattern.data());
    REQUIRE(descriptor >= 0);
    ::close(descriptor);
    name = pattern;
    std::ofstream(name) << text;
  }
  ~TemporaryFile() { std::filesystem::remove(name); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  std::string name;
};

}  // namespace

TEST_CASE("flags win over TERNMQ_, that over RABBITMQ_, that over the file, that over defaults") {
  const TemporaryFile file(
      "default_user = 'file'\ndefault_pass = 'file'\ndefault_vhost = 'file'\n"
      "shards = 7\n");
  const auto loaded = load({.flags = {"--default-user", "flag", "--config", file.name},
                            .environment = {{"TERNMQ_DEFAULT_USER", "own"},
                                            {"TERNMQ_DEFAULT_PASS", "own"},
                                            {"RABBITMQ_DEFAULT_PASS", "theirs"},
                                            {"RABBITMQ_DEFAULT_VHOST", "theirs"}}});
  CHECK(loaded.errors == Errors{});
  CHECK(loaded.file == file.name);
  CHECK(loaded.config.default_user == "flag");
  CHECK(loaded.config.default_pass == "own");
  CHECK(loaded.config.default_vhost == "theirs");
  CHECK(loaded.config.shards == 7);
  CHECK(loaded.config.amqp.port == 5672);
}

TEST_CASE("TERNMQ_CONFIG names the file unless a flag does") {
  const TemporaryFile one("shards = 1");
  const TemporaryFile two("shards = 2");
  const Environment environment{{"TERNMQ_CONFIG", one.name}};
  CHECK(load({{}, environment}).config.shards == 1);
  CHECK(load({{}, environment}).errors == Errors{});
  CHECK(load({{"--config=" + two.name}, environment}).config.shards == 2);
}

TEST_CASE("nothing given is the defaults and no file") {
  const auto loaded = load({});
  CHECK(loaded.errors == Errors{});
  CHECK(loaded.file.empty());
  CHECK(loaded.config.data_dir == "ternmq-data");
}

TEST_CASE("mistakes of all sources are reported in one go") {
  const TemporaryFile file("shards = 5000");
  const auto loaded = load({{"--amqp-port", "x", "--config", file.name}, {{"TERNMQ_X", "1"}}});
  REQUIRE(loaded.errors.size() == 3);
  CHECK(loaded.errors[0].starts_with(file.name + ":1: shards = 5000"));
  CHECK(loaded.errors[1].starts_with("environment: unknown variable TERNMQ_X"));
  CHECK(loaded.errors[2].starts_with("command line: --amqp-port x"));
}

TEST_CASE("a file that cannot be read is an error that says which and why") {
  CHECK(load({{"--config", "/nowhere/ternmq.toml"}, {}}).errors ==
        Errors{"/nowhere/ternmq.toml: cannot read this configuration file: No such file or "
               "directory; correct the path given with --config or TERNMQ_CONFIG"});
  CHECK(load({{"--config", "/"}, {}}).errors.at(0).find("Is a directory") != std::string::npos);
  CHECK(load({{"--config", "/dev/zero"}, {}}).errors.at(0).find("larger than 4 MiB") !=
        std::string::npos);
}

TEST_CASE("settings that contradict each other are named together") {
  CHECK(load({{"--store-pending-bytes-max", "2MiB", "--store-epoch-bytes", "1MiB", "--amqp-bind="},
              {}})
            .errors ==
        Errors{"amqp.bind is empty, so nobody could connect; name at least one address",
               "store.epoch_bytes = 1MiB is smaller than store.commit_bytes_max = 4MiB; raise the "
               "first or lower the second",
               "store.pending_bytes_max = 2MiB is smaller than store.commit_bytes_max = 4MiB; "
               "raise the first or lower the second"});
}

TEST_CASE("the environment is read from the block that main gets") {
  const char* const variables[] = {"A=1", "B=x=y", "C=", "odd", nullptr};
  CHECK(read_environment(variables) == Environment{{"A", "1"}, {"B", "x=y"}, {"C", ""}});
}

}  // namespace tern::config
