#include "cli/control_client.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/file_lock.hpp"

namespace tern::cli {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const noexcept { return number_; }

 private:
  int number_;
};

// The process that seems to hold the directory's lock; 0: nobody. Trying the lock itself would keep
// a broker that starts at this moment from getting it.
int broker_of(const std::string& data_dir) {
  const std::string path = data_dir + "/" + FileLock::file_name;
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char text[16];
  const auto count = file.get() < 0 ? 0 : ::pread(file.get(), text, sizeof text, 0);
  int process = 0;
  if (count > 0) std::from_chars(text, text + count, process);
  const bool is_alive = process > 0 && (::kill(process, 0) == 0 || errno == EPERM);
  return is_alive ? process : 0;
}

Error unreachable(const ControlPlace& place, int code) {
  const std::string looked =
      fmt::format("no broker answers at {} ({})", place.socket, std::strerror(code));
  if (code == EACCES) return Error{looked + "; run this as the user that runs the broker"};
  if (place.data_dir.empty())
    return Error{looked + "; is the broker running, and with this control.socket?"};
  struct stat found {};
  if (::stat(place.data_dir.c_str(), &found) != 0) {
    return Error{
        fmt::format("{}: there is no data directory '{}'; name the broker's with "
                    "--data-dir DIR, or its socket with --socket PATH",
                    looked, place.data_dir)};
  }
  const int process = broker_of(place.data_dir);
  if (process == 0) {
    return Error{
        fmt::format("{}: no broker uses the data directory '{}'; start one with `ternmq "
                    "serve --data-dir {}`, or name another with --data-dir DIR",
                    looked, place.data_dir, place.data_dir)};
  }
  return Error{
      fmt::format("{}, though process {} uses the data directory '{}': it is starting or "
                  "stopping, or has another control.socket; name that with --socket PATH",
                  looked, process, place.data_dir)};
}

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

Result<std::string> read_line(int socket) {
  std::string line;
  char buffer[65536];
  while (true) {
    const auto count = ::recv(socket, buffer, sizeof buffer, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0)
      return Error{"the broker closed the connection before it replied; its log may say why"};
    line.append(buffer, static_cast<std::size_t>(count));
    if (line.back() != '\n') continue;
    line.pop_back();
    return Result<std::string>(boost::system::in_place_value, std::move(line));
  }
}

}  // namespace

Result<std::string> ask_broker(const ControlPlace& place, const std::string& request) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (place.socket.size() >= sizeof address.sun_path)
    return Error{fmt::format("the path of the control socket is too long: {}", place.socket)};
  place.socket.copy(address.sun_path, place.socket.size());
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return Error{fmt::format("no socket: {}", std::strerror(errno))};
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(socket.get(), generic, sizeof address) != 0) return unreachable(place, errno);
  if (!send_all(socket.get(), request + "\n"))
    return Error{"the broker closed the connection; the request may be too large"};
  return read_line(socket.get());
}

}  // namespace tern::cli
