#include "perf/connection.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "amqp/methods_connection.hpp"
#include "base/version.hpp"
#include "message/field_table.hpp"

namespace tern::perf {
namespace {

constexpr double answer_seconds_max = 120;

std::string describe(int code) {
  return std::generic_category().message(code);
}

[[noreturn]] void throw_dial_failure(const Target& target, int code) {
  const std::string place = fmt::format("{}:{}", target.host, target.port);
  if (code == ECONNREFUSED)
    throw Failure(
        fmt::format("nobody listens on {} (connection refused): is the broker running? "
                    "--host and --port name another",
                    place));
  throw Failure(fmt::format("cannot connect to {}: {}", place, describe(code)));
}

// What a broker that closes the connection during log-in means by it.
[[noreturn]] void throw_log_in_failure(const Target& target, const std::string& what) {
  if (what.find("403") != std::string::npos || what.find("closed the socket") != std::string::npos)
    throw Failure(
        fmt::format("user '{}' may not log in ({}): check --user and --password; many "
                    "brokers take 'guest' from their own machine only",
                    target.user, what));
  if (what.find("530") != std::string::npos || what.find("vhost") != std::string::npos)
    throw Failure(
        fmt::format("virtual host '{}' cannot be opened ({}): check --vhost, and the "
                    "user's permissions there",
                    target.vhost, what));
  throw Failure(what);
}

std::string client_properties() {
  FieldTable capabilities;
  for (const char* name : {"publisher_confirms", "basic.nack", "consumer_cancel_notify",
                           "connection.blocked", "authentication_failure_close"})
    capabilities.add(name, FieldValue{true});
  FieldTable properties;
  properties.add("product", FieldValue{std::string(product_name) + " perf"});
  properties.add("version", FieldValue{std::string(product_version)});
  properties.add("capabilities", FieldValue{std::move(capabilities)});
  return encode_entries(properties);
}

}  // namespace

int dial(const Target& target) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(target.port);
  if (const int code = ::getaddrinfo(target.host.c_str(), port.c_str(), &hints, &found); code != 0)
    throw Failure(
        fmt::format("unknown host '{}' ({}): check --host", target.host, ::gai_strerror(code)));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, ::freeaddrinfo);
  int code = 0;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    const int socket = ::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket >= 0 && ::connect(socket, one->ai_addr, one->ai_addrlen) == 0) {
      const int on = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return socket;
    }
    code = errno;
    if (socket >= 0) ::close(socket);
  }
  throw_dial_failure(target, code);
}

Connection::Connection(const Target& target, std::size_t receive_bytes)
    : socket_(dial(target)), buffer_(new char[receive_bytes]), capacity_(receive_bytes) {
  try {
    set_receive_timeout(answer_seconds_max);
    log_in(target);
    ask<amqp::ChannelOpenOk>(amqp::ChannelOpen{});
  } catch (...) {
    ::close(socket_);
    throw;
  }
}

Connection::~Connection() {
  ::close(socket_);
}

void Connection::log_in(const Target& target) {
  send_all(amqp::protocol_header);
  try {
    wait_for<amqp::ConnectionStart>();
    const std::string secret = '\0' + target.user + '\0' + target.password;
    const std::string properties = client_properties();
    put(amqp::ConnectionStartOk{properties, "PLAIN", secret, "en_US"}, 0);
    flush();
    const auto tune = wait_for<amqp::ConnectionTune>();
    frame_max_ =
        tune.frame_max != 0 ? std::min(tune.frame_max, target.frame_max) : target.frame_max;
    put(amqp::ConnectionTuneOk{tune.channel_max, frame_max_, 0}, 0);
    put(amqp::ConnectionOpen{target.vhost}, 0);
    flush();
    wait_for<amqp::ConnectionOpenOk>();
  } catch (const Failure& failure) {
    throw_log_in_failure(target, failure.what());
  }
}

void Connection::flush() {
  send_all(output_);
  output_.clear();
}

void Connection::send_all(Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      throw Failure(fmt::format("cannot send to the broker: {}", describe(errno)));
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

ssize_t Connection::receive(int flags) noexcept {
  if (begin_ != 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  const ssize_t received = ::recv(socket_, buffer_.get() + end_, capacity_ - end_, flags);
  if (received > 0) end_ += static_cast<std::size_t>(received);
  return received;
}

amqp::FrameCut Connection::next_frame() {
  for (;;) {
    const amqp::FrameCut frame = amqp::cut_frame(unread(), 1U << 20);
    if (frame.status == amqp::FrameStatus::complete) {
      use(frame.bytes);
      check_close(frame);
      return frame;
    }
    if (frame.status != amqp::FrameStatus::need_more)
      throw Failure("what answers there does not speak AMQP 0-9-1: check --port");
    if (end_ - begin_ == capacity_ || frame.bytes > capacity_)
      throw Failure(
          fmt::format("the broker sent a frame of {} octets, too large here", frame.bytes));
    const ssize_t received = receive(0);
    if (received == 0) throw Failure("the broker closed the socket without a word");
    if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      throw Failure(fmt::format("the broker has not answered for {} s", answer_seconds_max));
    if (received < 0 && errno != EINTR)
      throw Failure(fmt::format("cannot read from the broker: {}", describe(errno)));
  }
}

void Connection::check_close(const amqp::FrameCut& frame) {
  if (frame.type() != amqp::FrameType::method) return;
  const auto id = amqp::read_method_id(frame.payload);
  const bool is_channel = id == amqp::ChannelClose::info.id;
  if (!is_channel && id != amqp::ConnectionClose::info.id) return;
  amqp::ConnectionClose close;  // Both have the same fields.
  static_cast<void>(amqp::decode_arguments(frame.payload.substr(4), close));
  throw Failure(fmt::format("the broker closed the {}: {} {}",
                            is_channel ? "channel" : "connection", close.reply_code,
                            close.reply_text));
}

void Connection::set_receive_timeout(double seconds) noexcept {
  timeval time{};
  time.tv_sec = static_cast<time_t>(seconds);
  time.tv_usec = static_cast<suseconds_t>((seconds - static_cast<double>(time.tv_sec)) * 1e6);
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
}

void Connection::close() {
  set_receive_timeout(answer_seconds_max);
  try {
    ask<amqp::ChannelCloseOk>(amqp::ChannelClose{200, "done"});
    say_good_bye();
  } catch (const Failure&) {
    // The run's figures do not depend on how the broker takes leave.
  }
}

void Connection::say_good_bye() {
  set_receive_timeout(3);
  put(amqp::ConnectionClose{200, "done"}, 0);
  flush();
  wait_for<amqp::ConnectionCloseOk>();
}

}  // namespace tern::perf
