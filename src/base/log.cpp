// Lines are put together on the caller's stack and written with one write(2) under a lock, so that
// lines of several threads never mix.
#include "base/log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <iterator>
#include <mutex>

namespace tern {

namespace {

std::mutex sink_mutex;
int sink = STDERR_FILENO;  // Guarded by sink_mutex.

using Line = fmt::basic_memory_buffer<char, 512>;

void append_timestamp(Line& line) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  gmtime_r(&now.tv_sec, &parts);
  fmt::format_to(std::back_inserter(line), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                 parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                 parts.tm_sec, now.tv_nsec / 1'000'000);
}

void append_escaped(Line& line, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      line.push_back(c);
    } else if (c == '\n') {
      line.append(std::string_view("\\n"));
    } else {
      fmt::format_to(std::back_inserter(line), "\\x{:02x}", byte);
    }
  }
}

// A log that cannot be written must not stop the broker: what does not fit is lost.
void write_whole(const Line& line) noexcept {
  const std::lock_guard lock(sink_mutex);
  std::size_t done = 0;
  while (done < line.size()) {
    const auto written = ::write(sink, line.data() + done, line.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    done += static_cast<std::size_t>(written);
  }
}

void replace_sink(int descriptor) noexcept {
  const std::lock_guard lock(sink_mutex);
  if (sink != STDERR_FILENO) ::close(sink);
  sink = descriptor;
}

}  // namespace

std::string_view log_level_name(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::error:
      return "error";
    case LogLevel::warn:
      return "warn";
    case LogLevel::info:
      return "info";
    case LogLevel::debug:
      return "debug";
  }
  return "?";
}

void set_log_level(LogLevel level) noexcept {
  detail::log_threshold.store(level, std::memory_order_relaxed);
}

Result<void> set_log_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  if (descriptor < 0) {
    return Error{fmt::format(
        "cannot open the log file '{}': {}; create its directory, allow this user to write there, "
        "or leave log.file empty to log to standard error",
        path, std::strerror(errno))};
  }
  replace_sink(descriptor);
  return {};
}

void set_log_to_stderr() noexcept {
  replace_sink(STDERR_FILENO);
}

void write_log_line(LogLevel level, std::string_view area, std::string_view text) noexcept {
  try {
    Line line;
    append_timestamp(line);
    fmt::format_to(std::back_inserter(line), " {} {}: ", log_level_name(level), area);
    append_escaped(line, text);
    line.push_back('\n');
    write_whole(line);
  } catch (...) {
    // Out of memory while logging: the event goes on without its line.
  }
}

void write_log_format(LogLevel level, std::string_view area, std::uint64_t suppressed,
                      fmt::string_view format, fmt::format_args arguments) noexcept {
  try {
    Line text;
    fmt::vformat_to(std::back_inserter(text), format, arguments);
    if (suppressed != 0) fmt::format_to(std::back_inserter(text), " suppressed={}", suppressed);
    write_log_line(level, area, {text.data(), text.size()});
  } catch (...) {
    // As above.
  }
}

std::optional<std::uint64_t> LogLimiter::admit(Steady::time_point now) noexcept {
  const auto now_ticks = now.time_since_epoch().count();
  auto end = window_end_.load(std::memory_order_relaxed);
  if (now_ticks >= end) {
    const auto next = (now + window_).time_since_epoch().count();
    if (window_end_.compare_exchange_strong(end, next, std::memory_order_relaxed)) {
      admitted_.store(0, std::memory_order_relaxed);
    }
  }
  if (admitted_.fetch_add(1, std::memory_order_relaxed) >= lines_) {
    admitted_.fetch_sub(1, std::memory_order_relaxed);
    suppressed_.fetch_add(1, std::memory_order_relaxed);
    return std::nullopt;
  }
  return suppressed_.exchange(0, std::memory_order_relaxed);
}

}  // namespace tern
