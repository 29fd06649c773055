// The command line of `ternmq perf`, its help and its errors, and the result's two forms.
#include "perf/perf.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "perf/options.hpp"
#include "perf/report.hpp"

using namespace tern::perf;

namespace {

struct Outcome {
  int code;
  std::string out;
  std::string err;
};

Outcome perf(const std::vector<std::string>& arguments) {
  std::ostringstream out, err;
  const int code = run({arguments, out, err, false});
  return {code, out.str(), err.str()};
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

constexpr Scenario everything{"everything", "", ~0U, [](Options&) {}};

Options parsed(const std::vector<std::string>& arguments) {
  const auto options = parse_options(everything, arguments);
  REQUIRE(options.has_value());
  return *options;
}

std::string refused(const std::vector<std::string>& arguments) {
  const auto options = parse_options(everything, arguments);
  REQUIRE_FALSE(options.has_value());
  return options.error().text;
}

// A socket on a loopback port of its own; what connects hears `answer` and then the end.
class Listener {
 public:
  explicit Listener(std::string answer) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(::bind(socket_, generic, length) == 0);
    REQUIRE(::getsockname(socket_, generic, &length) == 0);
    port_ = std::to_string(ntohs(address.sin_port));
    REQUIRE(::listen(socket_, 1) == 0);
    thread_ = std::thread([this, answer = std::move(answer)] {
      const int peer = ::accept(socket_, nullptr, nullptr);
      char header[8];
      static_cast<void>(::recv(peer, header, sizeof header, MSG_WAITALL) == 0);
      static_cast<void>(::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL) == 0);
      ::close(peer);
    });
  }
  ~Listener() {
    thread_.join();
    ::close(socket_);
  }
  [[nodiscard]] const std::string& port() const { return port_; }

 private:
  int socket_ = -1;
  std::string port_;
  std::thread thread_;
};

std::string unused_port() {
  const Listener listener("");
  const std::string port = listener.port();
  std::ostringstream ignored;
  const std::vector<std::string> arguments = {"churn", "--port", port};
  run({arguments, ignored, ignored, false});
  return port;
}

}  // namespace

TEST_CASE("flags take values behind a blank or an equals sign") {
  const Options options =
      parsed({"--port", "7000", "--size=2048", "--persistent", "--queue-argument",
              "x-max-length=10", "--queue-argument=x-queue-type=quorum", "--queue-argument",
              "x-single-active-consumer=true", "--pid", "12,345", "--rate", "0.5"});
  CHECK(options.target.port == 7000);
  CHECK(options.size == 2048);
  CHECK(options.persistent);
  CHECK_FALSE(options.durable);
  CHECK(options.queue_arguments.find("x-max-length")->integer() == 10);
  CHECK(*options.queue_arguments.find("x-queue-type")->as<std::string>() == "quorum");
  CHECK(*options.queue_arguments.find("x-single-active-consumer")->as<bool>());
  CHECK(options.pids == std::vector{12, 345});
  CHECK(options.rate == 0.5);
}

TEST_CASE("what is wrong with a flag is said with its name") {
  CHECK(contains(refused({"--sise", "1"}), "everything has no flag '--sise'"));
  CHECK(refused({"--size"}) == "--size needs a value: --size BYTES");
  CHECK(refused({"--size", "12x"}) == "--size: a number from 0 to 134217728 is wanted, not '12x'");
  CHECK(contains(refused({"--size", ""}), "a number from 0"));
  CHECK(contains(refused({"--port", "0"}), "a number from 1 to 65535"));
  CHECK(contains(refused({"--port", "65536"}), "a number from 1 to 65535"));
  CHECK(contains(refused({"--seconds", "nan"}), "--seconds: a number"));
  CHECK(refused({"--json=yes"}) == "--json takes no value");
  CHECK(contains(refused({"--exchange", "fan"}), "default, direct, topic, fanout or headers"));
  CHECK(contains(refused({"--queue-argument", "x"}), "KEY=VALUE"));
  CHECK(contains(refused({"--pid", "1,x"}), "not 'x'"));
  CHECK(contains(refused({"--prefetch", "3", "--ack-every", "4"}), "never come"));
  CHECK(contains(refused({"--bindings", "5"}), "--bindings needs --exchange"));
  CHECK(contains(refused({"--producers", "0", "--consumers", "0"}), "nothing to do"));
}

TEST_CASE("a scenario takes its own flags only, and has its own defaults") {
  CHECK(perf({"churn", "--bindings", "3"}).code == 2);
  CHECK(contains(perf({"churn", "--bindings", "3"}).err, "churn has no flag '--bindings'"));
  CHECK(contains(perf({"throughput", "--help"}).out, "--bindings N"));
  CHECK_FALSE(contains(perf({"churn", "--help"}).out, "--bindings"));
}

TEST_CASE("help goes to the output, wrong usage to the errors") {
  CHECK(perf({"--help"}).code == 0);
  CHECK(contains(perf({"--help"}).out, "throughput"));
  CHECK(perf({}).code == 2);
  CHECK(perf({}).out.empty());
  CHECK(perf({"nonsense"}).code == 2);
  CHECK(contains(perf({"nonsense"}).err, "no scenario 'nonsense'"));
}

TEST_CASE("a broker that is not there") {
  const auto outcome = perf({"throughput", "--port", unused_port()});
  CHECK(outcome.code == 1);
  CHECK(contains(outcome.err, "connection refused"));
  CHECK(contains(outcome.err, "--port"));
  CHECK(outcome.out.empty());
}

TEST_CASE("something else on the port") {
  const Listener listener("HTTP/1.1 400 Bad Request\r\n\r\n");
  CHECK(contains(perf({"churn", "--port", listener.port()}).err, "does not speak AMQP 0-9-1"));
}

TEST_CASE("a process that is not there") {
  CHECK(contains(perf({"churn", "--pid", "1073741824"}).err, "no process 1073741824"));
}

TEST_CASE("with --json an error is a result, too") {
  const auto outcome = perf({"throughput", "--json", "--label", "a\"b", "--port", unused_port()});
  CHECK(outcome.code == 1);
  const auto json = nlohmann::json::parse(outcome.out);
  CHECK(json["scenario"] == "throughput");
  CHECK(json["label"] == "a\"b");
  CHECK(contains(json["error"].get<std::string>(), "connection refused"));
}

TEST_CASE("a report prints the digits that mean something") {
  Report report;
  report.add("a_rate", 123456.789);
  report.add("share", 0.123456);
  report.add("sent", std::uint64_t{1234567890123});
  std::ostringstream text, json;
  report.print_text(text);
  report.print_json(json);
  CHECK(text.str() == "a rate  123457\nshare   0.1235\nsent    1234567890123\n");
  CHECK(json.str() == "{\"a_rate\":123457.0,\"share\":0.1235,\"sent\":1234567890123}\n");
  CHECK_FALSE(report.has_error());
}
