#include "outbox/stop_signal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>

#include "base/ensure.hpp"

namespace tern::outbox {
namespace {

volatile std::sig_atomic_t write_end = -1;

void ask_to_stop(int number) {
  const char octet = 1;
  // The pipe is empty, so the octet has room: who reads, only looks whether it is there.
  static_cast<void>(::write(write_end, &octet, 1));
  std::signal(number, SIG_DFL);
}

bool is_readable(int descriptor, std::chrono::milliseconds time) {
  pollfd wanted{descriptor, POLLIN, 0};
  return ::poll(&wanted, 1, static_cast<int>(time.count())) > 0;
}

}  // namespace

StopSignal::StopSignal() {
  ensure(write_end < 0, "one object per process catches signals");
  int ends[2];
  ensure(::pipe2(ends, O_CLOEXEC) == 0, "a process that has just begun has descriptors left");
  read_end_ = ends[0];
  write_end = ends[1];
  std::signal(SIGINT, ask_to_stop);
  std::signal(SIGTERM, ask_to_stop);
  // A connection that is gone is an error of the write, not the end of the program.
  std::signal(SIGPIPE, SIG_IGN);
}

StopSignal::~StopSignal() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  ::close(write_end);
  write_end = -1;
  ::close(read_end_);
}

bool StopSignal::is_asked() const {
  return is_readable(read_end_, std::chrono::milliseconds(0));
}

void StopSignal::pause(std::chrono::milliseconds time) {
  is_readable(read_end_, time);
}

}  // namespace tern::outbox
