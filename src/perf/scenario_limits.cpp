// What bounds any broker on this machine: messages of the same size on the wire through loopback,
// into a sink and through a relay that looks at nothing, and a log synced on the disk.
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <thread>

#include "perf/failure.hpp"
#include "perf/interrupt.hpp"
#include "perf/message_template.hpp"
#include "perf/scenarios.hpp"

namespace tern::perf {
namespace {

[[noreturn]] void throw_system(const std::string& what) {
  throw Failure(what + ": " + std::generic_category().message(errno));
}

// A descriptor that is closed at the end.
class File {
 public:
  explicit File(int descriptor, const char* what) : descriptor_(descriptor) {
    if (descriptor < 0) throw_system(what);
  }
  ~File() { ::close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int get() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

// The two ends of a TCP connection over loopback.
struct Pair {
  static int listen_socket() { return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }
  static int connected(sockaddr_in& address, const File& listener) {
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener.get(), generic, length) != 0 || ::listen(listener.get(), 1) != 0 ||
        ::getsockname(listener.get(), generic, &length) != 0)
      throw_system("cannot listen on loopback");
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(socket, generic, length) != 0) throw_system("cannot connect over loopback");
    return socket;
  }

  sockaddr_in address{};
  File listener{listen_socket(), "no socket"};
  File from{connected(address, listener), "no socket"};
  File to{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC), "no connection"};
};

void send_all(int socket, const char* from, std::size_t bytes) {
  while (bytes != 0) {
    const ssize_t sent = ::send(socket, from, bytes, MSG_NOSIGNAL);
    if (sent <= 0) return;
    from += sent;
    bytes -= static_cast<std::size_t>(sent);
  }
}

void produce(int socket, const MessageTemplate& message, Nanos end) {
  std::vector<char> buffer(std::max<std::size_t>(64 << 10, message.bytes()) + message.bytes());
  for (Nanos now = now_nanos(); now < end && !is_interrupted(); now = now_nanos()) {
    char* to = buffer.data();
    do to = message.write(to, {}, now);
    while (static_cast<std::size_t>(to - buffer.data()) + message.bytes() <= 64 << 10);
    send_all(socket, buffer.data(), static_cast<std::size_t>(to - buffer.data()));
  }
  ::shutdown(socket, SHUT_WR);
}

void relay(int from, int to) {
  std::vector<char> buffer(256 << 10);
  for (;;) {
    const ssize_t received = ::recv(from, buffer.data(), buffer.size(), 0);
    if (received <= 0) break;
    send_all(to, buffer.data(), static_cast<std::size_t>(received));
  }
  ::shutdown(to, SHUT_WR);
}

std::uint64_t count_bytes(int socket) {
  std::vector<char> buffer(1 << 20);
  std::uint64_t bytes = 0;
  for (;;) {
    const ssize_t received = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (received <= 0) return bytes;
    bytes += static_cast<std::uint64_t>(received);
  }
}

// Messages per second.
double measure_loopback(const Options& options, bool with_relay) {
  const MessageTemplate message(options, 0, options.target.frame_max);
  Pair first, second;
  const Nanos started = now_nanos();
  std::thread producer(produce, first.from.get(), std::cref(message),
                       started + to_nanos(options.seconds));
  std::thread middle;
  if (with_relay) middle = std::thread(relay, first.to.get(), second.from.get());
  const std::uint64_t bytes = count_bytes(with_relay ? second.to.get() : first.to.get());
  const double seconds = seconds_between(started, now_nanos());
  producer.join();
  if (middle.joinable()) middle.join();
  return static_cast<double>(bytes) / static_cast<double>(message.bytes()) / seconds;
}

// Writes and syncs blocks one after the other; with `prewritten`, over what is there already, so
// that a sync has no change of the file's size to note.
void measure_log(const Options& options, std::size_t block_bytes, bool prewritten, Report& report) {
  constexpr std::size_t prewritten_bytes = 256 << 20;
  const std::string path = fmt::format("{}/{}-log.tmp", options.directory, options.name);
  const File log(::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644),
                 "cannot write to --directory");
  ::unlink(path.c_str());
  const std::string block(block_bytes, '\x77');
  if (prewritten) {
    const std::string zeros(1 << 20, '\0');
    for (std::size_t bytes = 0; bytes < prewritten_bytes; bytes += zeros.size()) {
      if (::write(log.get(), zeros.data(), zeros.size()) < 0) throw_system("cannot write");
    }
    if (::fsync(log.get()) != 0) throw_system("cannot sync");
  }
  Histogram latency;
  const Nanos started = now_nanos(), end = started + to_nanos(options.seconds);
  off_t at = 0;
  std::uint64_t bytes = 0;
  while (now_nanos() < end && !is_interrupted()) {
    const Nanos before = now_nanos();
    if (::pwrite(log.get(), block.data(), block.size(), at) < 0 || ::fdatasync(log.get()) != 0)
      throw_system("cannot write and sync");
    latency.add(now_nanos() - before);
    bytes += block_bytes;
    at += static_cast<off_t>(block_bytes);
    if (prewritten && static_cast<std::size_t>(at) + block_bytes > prewritten_bytes) at = 0;
  }
  const std::string name =
      fmt::format("log_{}_{}kib", prewritten ? "prewritten" : "appending", block_bytes >> 10);
  report.add(name + "_mb_per_second",
             static_cast<double>(bytes) / 1e6 / seconds_between(started, now_nanos()));
  report.add(name + "_sync_us", latency);
}

}  // namespace

void run_limits(const Options& options, Progress&, Report& report) {
  report.add("size", std::uint64_t{options.size});
  report.add("sink_per_second", measure_loopback(options, false));
  report.add("relay_per_second", measure_loopback(options, true));
  for (const bool prewritten : {false, true}) {
    for (const std::size_t block_bytes : {std::size_t{4} << 10, std::size_t{1} << 20})
      measure_log(options, block_bytes, prewritten, report);
  }
}

}  // namespace tern::perf
