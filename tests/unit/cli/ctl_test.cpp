// ternmq ctl: the request that a command line makes, the reply as it is printed, and what is said
// when no broker answers. The broker is a thread that has one reply.
#include "cli/ctl.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace tern::cli {
namespace {

struct Scratch {
  std::string path;
  Scratch() {
    std::string name = std::filesystem::temp_directory_path() / "ternmq-ctl-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Scratch() { std::filesystem::remove_all(path); }
};

struct CtlOutcome {
  int code;
  std::string out;
  std::string err;
};

CtlOutcome ctl(std::vector<std::string> arguments, config::Environment environment = {}) {
  std::ostringstream out;
  std::ostringstream err;
  const Invocation invocation{{}, std::move(environment), out, err, nullptr};
  const int code = run_ctl(invocation, arguments);
  return {code, out.str(), err.str()};
}

// Takes one connection, keeps what it asks and replies.
class OneReply {
 public:
  OneReply(const std::string& path, std::string reply) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, path.size());
    listener_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_, 1) == 0);
    thread_ = std::thread([this, reply = std::move(reply)] {
      const int peer = ::accept(listener_, nullptr, nullptr);
      char byte = 0;
      while (::read(peer, &byte, 1) == 1 && byte != '\n') request_ += byte;
      if (!reply.empty()) static_cast<void>(::write(peer, reply.data(), reply.size()) == 0);
      ::close(peer);
    });
  }
  ~OneReply() {
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
  }
  const std::string& request() {
    thread_.join();
    return request_;
  }

 private:
  int listener_ = -1;
  std::thread thread_;
  std::string request_;
};

}  // namespace

TEST_CASE("ctl: flags and positions become a request") {
  Scratch scratch;
  const std::string socket = scratch.path + "/s";
  OneReply broker(socket, "{\"ok\": true}\n");
  const auto outcome = ctl({"--socket", socket, "policy", "set", "p", "--priority", "-3", "^q",
                            R"({"max-length": 5})", "--operator", "--vhost=v"});
  CHECK(outcome.err.empty());
  CHECK(outcome.code == 0);
  CHECK(broker.request() ==
        R"({"command":"policy.set","definition":{"max-length":5},"name":"p","operator":true,)"
        R"("pattern":"^q","priority":-3,"vhost":"v"})");
}

TEST_CASE("ctl: one virtual host is meant where none is named, and all by lists") {
  Scratch scratch;
  {
    OneReply broker(scratch.path + "/control.sock", "{\"ok\": true}\n");
    CHECK(ctl({"policy", "clear", "p", "--data-dir", scratch.path}).code == 0);
    CHECK(broker.request() == R"({"command":"policy.clear","name":"p","vhost":"/"})");
  }
  std::filesystem::remove(scratch.path + "/control.sock");
  OneReply broker(scratch.path + "/control.sock", "{\"ok\": true}\n");
  CHECK(ctl({"policy", "list"}, {{"TERNMQ_DATA_DIR", scratch.path}}).code == 0);
  CHECK(broker.request() == R"({"command":"policy.list"})");
}

TEST_CASE("ctl: a table has columns, and no spaces at the end") {
  Scratch scratch;
  OneReply broker(scratch.path + "/s",
                  R"({"ok":true,"columns":["name","tags"],"rows":[["a-long-name",""],["b","x"]]})"
                  "\n");
  const auto outcome = ctl({"user", "list", "--socket", scratch.path + "/s"});
  CHECK(outcome.code == 0);
  CHECK(outcome.out == "name         tags\na-long-name\nb            x\n");
}

TEST_CASE("ctl: what the broker refuses is printed as it is") {
  Scratch scratch;
  OneReply broker(scratch.path + "/s", R"({"error":"f.json: $.queues[0]: no"})"
                                       "\n");
  const auto outcome = ctl({"user", "list", "--socket", scratch.path + "/s"});
  CHECK(outcome.code == exit_failure);
  CHECK(outcome.out.empty());
  CHECK(outcome.err == "f.json: $.queues[0]: no\n");
}

TEST_CASE("ctl: a broker that goes without a reply") {
  Scratch scratch;
  OneReply broker(scratch.path + "/s", "");
  const auto outcome = ctl({"status", "--socket", scratch.path + "/s"});
  CHECK(outcome.code == exit_failure);
  CHECK(outcome.err.find("closed the connection before it replied") != std::string::npos);
}

TEST_CASE("ctl: exports go to a file that only its owner may read") {
  Scratch scratch;
  OneReply broker(scratch.path + "/s", R"({"ok":true,"text":"{}\n"})"
                                       "\n");
  const std::string file = scratch.path + "/out.json";
  CHECK(ctl({"definitions", "export", file, "--socket", scratch.path + "/s"}).code == 0);
  std::ifstream input(file);
  CHECK(std::string(std::istreambuf_iterator<char>(input), {}) == "{}\n");
  CHECK(std::filesystem::status(file).permissions() == std::filesystem::perms(0600));
}

TEST_CASE("ctl: imports carry the files with their names") {
  Scratch scratch;
  const std::string file = scratch.path + "/in.json";
  std::ofstream(file) << "{}";
  OneReply broker(scratch.path + "/s", R"({"ok":true,"warnings":["w"]})"
                                       "\n");
  const auto outcome = ctl({"definitions", "import", file, "--socket", scratch.path + "/s"});
  CHECK(outcome.code == 0);
  CHECK(outcome.err == "warning: w\n");
  CHECK(broker.request() ==
        R"({"command":"definitions.import","files":[{"name":")" + file + R"(","text":"{}"}]})");
}

TEST_CASE("ctl: wrong command lines say what would be right") {
  CHECK(ctl({"polcy", "set"}).err ==
        "ternmq ctl: unknown action 'polcy set'; the nearest one is 'policy set' (`ternmq ctl "
        "--help` lists all)\n");
  CHECK(ctl({"policy", "clear", "p", "--vhst", "v"}).err ==
        "ternmq ctl: unknown flag --vhst; the nearest valid one is --vhost\n");
  CHECK(ctl({"policy", "clear"}).err ==
        "ternmq ctl: no name is given; usage: ternmq ctl policy clear NAME [--vhost NAME] "
        "[--operator]\n");
  CHECK(ctl({"vhost", "delete", "a", "b"})
            .err.starts_with("ternmq ctl: unexpected argument 'b'; usage: "));
  CHECK(ctl({"policy", "set", "p", "q", "{"}).err.starts_with("ternmq ctl: DEFINITION is a JSON"));
  CHECK(ctl({"definitions", "import"}).err.starts_with("ternmq ctl: no file is named; usage: "));
  CHECK(ctl({"definitions", "import", "/nowhere"}).err ==
        "ternmq ctl: /nowhere: cannot read this file\n");
  CHECK(ctl({"status", "--socket"}).err == "ternmq ctl: --socket needs a value\n");
  for (const auto& wrong : {std::vector<std::string>{}, {"polcy"}, {"--socket", "s"}, {"vhost"}})
    CHECK(ctl(wrong).code == exit_usage);
  CHECK(ctl({"--help"}).code == 0);
}

TEST_CASE("ctl: without a broker it says where it looked and what to do") {
  Scratch scratch;
  const std::string none = scratch.path + "/none";
  auto outcome = ctl({"status", "--data-dir", none});
  CHECK(outcome.code == exit_failure);
  CHECK(outcome.err ==
        "ternmq ctl: no broker answers at " + none +
            "/control.sock (No such file or directory): there is no data directory '" + none +
            "'; name the broker's with --data-dir DIR, or its socket with "
            "--socket PATH\n");
  outcome = ctl({"status", "--data-dir", scratch.path});
  CHECK(outcome.err.find("no broker uses the data directory '" + scratch.path + "'") !=
        std::string::npos);
  std::ofstream(scratch.path + "/ternmq.lock") << ::getpid() << '\n';
  outcome = ctl({"status", "--data-dir", scratch.path});
  CHECK(outcome.err.find("though process " + std::to_string(::getpid()) + " uses") !=
        std::string::npos);
  outcome = ctl({"status", "--socket", none});
  CHECK(outcome.err.find("is the broker running, and with this control.socket?") !=
        std::string::npos);
}

}  // namespace tern::cli
