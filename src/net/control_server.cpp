#include "net/control_server.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <mutex>
#include <set>
#include <thread>

#include "base/log.hpp"
#include "base/named_thread.hpp"

namespace tern::net {
namespace {

using boost::asio::local::stream_protocol;
using boost::system::error_code;

// A listener that has no file descriptor left tries again after this.
constexpr std::chrono::milliseconds control_accept_retry{100};

}  // namespace

// What outlives the server while a reply is on its way: it comes on a thread of the broker's.
struct ControlServer::Room {
  // Replies that come after the end find nobody.
  struct Gate {
    std::mutex mutex;
    Room* room = nullptr;
  };
  struct Session;

  Room(std::string path, broker::Control given)
      : socket_path(std::move(path)), control(std::move(given)), gate(std::make_shared<Gate>()) {
    gate->room = this;
  }

  Result<void> listen();
  void accept();
  void accepted(const error_code& error, stream_protocol::socket socket);

  std::string socket_path;
  broker::Control control;
  std::shared_ptr<Gate> gate;
  boost::asio::io_context context{1};
  stream_protocol::acceptor acceptor{context};
  boost::asio::steady_timer retry{context};
  std::set<std::shared_ptr<Session>> sessions;
  std::thread thread;
  bool is_bound = false;
};

// One connection: reads a line, waits for its reply, writes it, reads the next.
struct ControlServer::Room::Session : std::enable_shared_from_this<Session> {
  Session(Room& owner, stream_protocol::socket given) : room(owner), socket(std::move(given)) {}

  void read() {
    auto self = shared_from_this();
    boost::asio::async_read_until(
        socket, boost::asio::dynamic_buffer(input, line_bytes_max), '\n',
        [self](const error_code& error, std::size_t bytes) { self->on_read(error, bytes); });
  }

  void on_read(const error_code& error, std::size_t bytes) {
    if (error) return end();
    const std::string line = input.substr(0, bytes - 1);
    input.erase(0, bytes);
    // Weak, so that a connection can end while its request is being worked on.
    std::weak_ptr<Session> weak = weak_from_this();
    room.control.handle(line, [weak, gate = room.gate](std::string reply) {
      const std::lock_guard lock(gate->mutex);
      if (gate->room == nullptr) return;
      boost::asio::post(gate->room->context, [weak, reply = std::move(reply)]() mutable {
        if (const auto self = weak.lock()) self->write(std::move(reply));
      });
    });
  }

  void write(std::string reply) {
    if (reply.size() >= line_bytes_max) reply = R"({"error": "the reply is too long"})";
    output = std::move(reply);
    output += '\n';
    auto self = shared_from_this();
    boost::asio::async_write(socket, boost::asio::buffer(output),
                             [self](const error_code& error, std::size_t) {
                               self->output.clear();
                               if (error) return self->end();
                               self->read();
                             });
  }

  void end() {
    error_code ignored;
    socket.close(ignored);
    room.sessions.erase(shared_from_this());
  }

  Room& room;
  stream_protocol::socket socket;
  std::string input;
  std::string output;
};

Result<void> ControlServer::Room::listen() {
  const auto failed = [&](std::string_view what, std::string_view reason) {
    return Error{
        fmt::format("cannot open the control socket {}: {}: {}; choose another place with "
                    "control.socket",
                    socket_path, what, reason)};
  };
  sockaddr_un limits{};
  if (socket_path.size() >= sizeof limits.sun_path) {
    return failed("path", fmt::format("it is longer than the {} bytes that the system allows",
                                      sizeof limits.sun_path - 1));
  }
  struct stat found {};
  if (::lstat(socket_path.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode)) return failed("path", "something that is no socket is there");
    ::unlink(socket_path.c_str());
  }
  error_code error;
  acceptor.open(stream_protocol(), error);
  if (error) return failed("socket", error.message());
  // Nobody else may connect, not even between bind and chmod. What other threads make meanwhile
  // (files of the store) may be as private.
  const mode_t mask = ::umask(0177);
  acceptor.bind(stream_protocol::endpoint(socket_path), error);
  ::umask(mask);
  if (error) return failed("bind", error.message());
  is_bound = true;
  acceptor.listen(static_cast<int>(connections_max), error);
  if (error) return failed("listen", error.message());
  return {};
}

void ControlServer::Room::accept() {
  acceptor.async_accept([this](const error_code& error, stream_protocol::socket socket) {
    accepted(error, std::move(socket));
  });
}

void ControlServer::Room::accepted(const error_code& error, stream_protocol::socket socket) {
  static LogLimiter limiter;
  if (error == boost::asio::error::operation_aborted) return;
  if (error) {
    log_limited(limiter, LogLevel::warn, "control", "cannot accept a connection: {}",
                error.message());
    retry.expires_after(control_accept_retry);
    retry.async_wait([this](const error_code& ended) {
      if (!ended) accept();
    });
    return;
  }
  if (sessions.size() < connections_max) {
    auto session = std::make_shared<Session>(*this, std::move(socket));
    sessions.insert(session);
    session->read();
  } else {
    log_limited(limiter, LogLevel::warn, "control", "more than {} connections; one is closed",
                connections_max);
  }
  accept();
}

Result<std::unique_ptr<ControlServer>> ControlServer::start(const std::string& path,
                                                            broker::Control control) {
  auto room = std::make_unique<Room>(path, std::move(control));
  if (auto listening = room->listen(); !listening) return listening.error();
  room->accept();
  room->thread = named_thread("control", [raw = room.get()] { raw->context.run(); });
  return std::unique_ptr<ControlServer>(new ControlServer(std::move(room)));
}

ControlServer::ControlServer(std::unique_ptr<Room> room) : room_(std::move(room)) {}

ControlServer::~ControlServer() {
  {
    const std::lock_guard lock(room_->gate->mutex);
    room_->gate->room = nullptr;
  }
  room_->context.stop();
  if (room_->thread.joinable()) room_->thread.join();
  room_->sessions.clear();
  if (room_->is_bound) ::unlink(room_->socket_path.c_str());
}

}  // namespace tern::net
