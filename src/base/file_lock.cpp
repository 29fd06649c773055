// flock(2): unlike fcntl's locks it belongs to the open file, so a second open in the same process
// is refused as well.
#include "base/file_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace tern {

namespace {

// The process id that the holder left in the file, or 0.
int read_holder(int descriptor) {
  char text[16];
  const auto count = ::pread(descriptor, text, sizeof(text), 0);
  int pid = 0;
  if (count > 0) std::from_chars(text, text + count, pid);
  return pid;
}

Error held_by_another(const std::string& directory, int pid) {
  const auto holder =
      pid > 0 ? fmt::format("another broker (process {})", pid) : std::string("another broker");
  return Error{fmt::format(
      "the data directory '{}' is in use by {}; stop that one, or give this one its own with "
      "--data-dir",
      directory, holder)};
}

Error unusable(const std::string& directory, const std::string& path, int code) {
  return Error{fmt::format(
      "cannot lock the data directory '{}': {}: {}; allow this user to write there, or choose "
      "another directory with --data-dir",
      directory, path, std::strerror(code))};
}

}  // namespace

Result<FileLock> FileLock::acquire(const std::string& directory) {
  const std::string path = directory + "/" + file_name;
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (descriptor < 0) return unusable(directory, path, errno);
  FileLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return held_by_another(directory, read_holder(descriptor));
    return unusable(directory, path, errno);
  }
  // Only a hint for people, so a full disk is no reason to refuse.
  const auto pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(descriptor, 0) == 0) {
    [[maybe_unused]] const auto written = ::pwrite(descriptor, pid.data(), pid.size(), 0);
  }
  return lock;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace tern
