// ternmq check with definitions: what it prints and when it fails.
#include "cli/check.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace tern::cli {
namespace {

class Directory {
 public:
  Directory() {
    std::string name = std::filesystem::temp_directory_path() / "ternmq-check-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(path_ + "/" + name) << text;
    return path_ + "/" + name;
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct CheckOutcome {
  int code;
  std::string out;
  std::string err;
};

CheckOutcome check(std::vector<std::string> arguments) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = run_check({{}, {}, out, err, nullptr}, arguments);
  return {code, out.str(), err.str()};
}

constexpr const char* valid = "no file: the configuration is valid\n";

}  // namespace

TEST_CASE("check: notes and warnings pass, and warnings do not when it is strict") {
  Directory directory;
  const auto file = directory.write(
      "a.json", R"({"quues": [], "queues": [{"vhost": "/", "name": "q"}], "policies": [
                   {"vhost": "/", "name": "p", "pattern": "^x", "definition": {"expires": 1}}]})");
  const auto outcome = check({"--definitions", file});
  CHECK(outcome.code == 0);
  CHECK(outcome.err.empty());
  CHECK(outcome.out == valid + file + ": $.quues: warning: unknown key; it is ignored\n" + file +
                           ": $.policies[0]: warning: the policy 'p' matches nothing that is "
                           "defined here\n" +
                           file +
                           ": $.queues[0]: note: nothing is routed to queue 'q' but by its name, "
                           "through the default exchange\n" +
                           file + ": 1 file, 0 errors, 2 warnings, 1 notes\n");
  CHECK(check({"--strict", "--definitions", file}).code == exit_failure);
}

TEST_CASE("check: errors of the linter and of the reader fail") {
  Directory directory;
  const auto lost = directory.write(
      "lost.json", R"({"bindings": [{"vhost": "/", "source": "amq.topic", "destination": "q"}]})");
  auto outcome = check({"--definitions=" + lost});
  CHECK(outcome.code == exit_failure);
  CHECK(outcome.out.find(lost + ": $.bindings[0].destination: error: queue 'q' is not defined\n") !=
        std::string::npos);
  const auto broken = directory.write("broken.json", R"({"queues": 7})");
  outcome = check({"--definitions", broken});
  CHECK(outcome.code == exit_failure);
  CHECK(outcome.err == broken + ": $.queues: error: expected a list, found 7\n");
  // Both files of a directory are spoken of.
  outcome = check({"--definitions", directory.path()});
  CHECK(outcome.err.find("broken.json: $.queues") != std::string::npos);
  CHECK(check({"--definitions", directory.path() + "/none"}).code == exit_failure);
}

TEST_CASE("check: prints the page of arguments") {
  const auto outcome = check({"--print-arguments"});
  CHECK(outcome.code == 0);
  CHECK(outcome.out.starts_with("# "));
  CHECK(outcome.out.find("x-message-ttl") != std::string::npos);
}

TEST_CASE("check: one virtual host's file needs its name") {
  Directory directory;
  const auto file = directory.write("v.json", R"({"queues": [{"name": "q"}]})");
  CHECK(check({"--definitions", file}).code == exit_failure);
  CHECK(check({"--definitions", file, "--vhost", "/"}).code == 0);
  CHECK(check({"--definitions", file, "--vhost=/"}).code == 0);
  CHECK(check({"--definitions", file, "--vhost"}).code == exit_failure);
}

}  // namespace tern::cli
