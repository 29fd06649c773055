// The server around the machines: listening, answering, resting, stopping. Everything a client can
// see beyond that is in tests/wire.
#include "net/server.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

using namespace tern;

namespace {

config::Config in_memory(std::uint32_t shards) {
  config::Config config;
  config.in_memory = true;
  config.shards = shards;
  config.amqp.bind = {"127.0.0.1"};
  config.amqp.port = 0;
  return config;
}

std::uint16_t port_of(const net::Server& server) {
  const std::string& endpoint = server.endpoints().front();
  return static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
}

// A plain blocking client.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_open_ =
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  [[nodiscard]] bool is_open() const { return is_open_; }
  void send(std::string_view bytes) { REQUIRE(::send(socket_, bytes.data(), bytes.size(), 0) > 0); }
  // What has come within `milliseconds`; nothing at the end of the stream or in silence.
  std::string receive(int milliseconds) {
    pollfd wanted{socket_, POLLIN, 0};
    if (::poll(&wanted, 1, milliseconds) != 1) return {};
    std::string bytes(4096, '\0');
    const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), 0);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }

 private:
  int socket_;
  bool is_open_ = false;
};

constexpr std::string_view protocol_header("AMQP\0\0\11\1", 8);
constexpr int patience = 10'000;

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

TEST_CASE("connections on every shard are answered") {
  const auto server = net::Server::start(in_memory(3));
  REQUIRE(server.has_value());
  for (int count = 0; count < 6; ++count) {
    Client client(port_of(**server));
    REQUIRE(client.is_open());
    client.send(protocol_header);
    const std::string start = client.receive(patience);
    REQUIRE(start.size() > 11);
    CHECK(start.substr(7, 4) == std::string("\0\12\0\12", 4));
  }
}

TEST_CASE("a server with nothing to do rests, also on shards without a connection") {
  const auto server = net::Server::start(in_memory(2));
  REQUIRE(server.has_value());
  Client client(port_of(**server));
  client.send(protocol_header);
  REQUIRE_FALSE(client.receive(patience).empty());
  const double before = cpu_seconds();
  // Nothing comes for half a second; a thread that spins would use all of it.
  CHECK(client.receive(500).empty());
  CHECK(cpu_seconds() - before < 0.2);
}

TEST_CASE("a stopped server is gone for its clients and for new ones") {
  const auto server = net::Server::start(in_memory(2));
  REQUIRE(server.has_value());
  const std::uint16_t port = port_of(**server);
  Client client(port);
  client.send(protocol_header);
  REQUIRE_FALSE(client.receive(patience).empty());
  (*server)->stop();
  CHECK(client.receive(patience).empty());
  CHECK_FALSE(Client(port).is_open());
  (*server)->stop();
}

TEST_CASE("a port that is taken is named") {
  const auto first = net::Server::start(in_memory(1));
  REQUIRE(first.has_value());
  config::Config config = in_memory(1);
  config.amqp.port = port_of(**first);
  const auto second = net::Server::start(config);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().text.find("127.0.0.1 port " + std::to_string(config.amqp.port)) !=
        std::string::npos);
}

TEST_CASE("connections above the maximum are closed") {
  config::Config config = in_memory(1);
  config.amqp.max_connections = 1;
  const auto server = net::Server::start(config);
  REQUIRE(server.has_value());
  Client first(port_of(**server));
  first.send(protocol_header);
  REQUIRE_FALSE(first.receive(patience).empty());
  Client second(port_of(**server));
  CHECK(second.receive(patience).empty());
  first.send("more");
  CHECK(first.receive(0).empty());
}
