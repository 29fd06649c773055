// The log: one line per event, `2026-01-01T12:00:00.123Z info area: text key=value`, to standard
// error or to a file. Any thread may log. A line below the level costs one relaxed load.
//
// What goes in: life-cycle at info, what someone should look at on warn. Never a body, a password
// or a token, and nothing per message. Lines that a client can cause go through a LogLimiter.
#pragma once

#include <fmt/core.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace tern {

/// Most important first: a level admits itself and everything before it.
enum class LogLevel : std::uint8_t { error, warn, info, debug };

/// "error", "warn", "info" or "debug".
[[nodiscard]] std::string_view log_level_name(LogLevel level) noexcept;

namespace detail {
inline constinit std::atomic<LogLevel> log_threshold{LogLevel::info};
}  // namespace detail

/// True if a line of this level is written. Use it before work that only a log line needs.
[[nodiscard]] inline bool log_enabled(LogLevel level) noexcept {
  return level <= detail::log_threshold.load(std::memory_order_relaxed);
}

/// The least important level that is written from now on (info until it is set).
void set_log_level(LogLevel level) noexcept;

/// Appends to `path` from now on (made with mode 0640 when missing). On error the log stays where
/// it was; the text names the file and the system's reason.
[[nodiscard]] Result<void> set_log_file(const std::string& path);

/// Back to standard error.
void set_log_to_stderr() noexcept;

/// Writes one line, whatever the level. Control characters in it are escaped, so that a name sent
/// by a client cannot forge a second line.
void write_log_line(LogLevel level, std::string_view area, std::string_view text) noexcept;

/// Formats and writes one line, whatever the level; `suppressed` is added when it is not 0.
void write_log_format(LogLevel level, std::string_view area, std::uint64_t suppressed,
                      fmt::string_view format, fmt::format_args arguments) noexcept;

/// Writes one line if the level is on. `area` is one word: config, store, amqp, net, …
template <class... Args>
void log(LogLevel level, std::string_view area, fmt::format_string<Args...> format,
         Args&&... args) noexcept {
  if (!log_enabled(level)) return;
  write_log_format(level, area, 0, format, fmt::make_format_args(args...));
}

template <class... Args>
void log_error(std::string_view area, fmt::format_string<Args...> format, Args&&... args) noexcept {
  log(LogLevel::error, area, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_warn(std::string_view area, fmt::format_string<Args...> format, Args&&... args) noexcept {
  log(LogLevel::warn, area, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_info(std::string_view area, fmt::format_string<Args...> format, Args&&... args) noexcept {
  log(LogLevel::info, area, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_debug(std::string_view area, fmt::format_string<Args...> format, Args&&... args) noexcept {
  log(LogLevel::debug, area, format, std::forward<Args>(args)...);
}

/// Admits at most `lines` lines in each `window`, and counts what it turned away. One static per
/// place in the code that logs something a client can cause:
///
///   static LogLimiter limiter;
///   log_limited(limiter, LogLevel::warn, "amqp", "bad frame peer={}", peer);
class LogLimiter {
 public:
  using Steady = std::chrono::steady_clock;

  constexpr explicit LogLimiter(std::uint32_t lines = 5,
                                std::chrono::milliseconds window = std::chrono::seconds(10))
      : lines_(lines), window_(window) {}

  /// Nothing: do not log. Otherwise log, and say how many lines were turned away since the last
  /// one that was admitted. Threads that race at the edge of a window may admit a line too many.
  [[nodiscard]] std::optional<std::uint64_t> admit(Steady::time_point now) noexcept;

 private:
  const std::uint32_t lines_;
  const std::chrono::milliseconds window_;
  std::atomic<std::int64_t> window_end_{0};
  std::atomic<std::uint32_t> admitted_{0};
  std::atomic<std::uint64_t> suppressed_{0};
};

/// Writes one line if the level is on and the limiter admits it; `suppressed=N` is added when
/// lines were turned away since the last one.
template <class... Args>
void log_limited(LogLimiter& limiter, LogLevel level, std::string_view area,
                 fmt::format_string<Args...> format, Args&&... args) noexcept {
  if (!log_enabled(level)) return;
  const auto suppressed = limiter.admit(LogLimiter::Steady::now());
  if (!suppressed) return;
  write_log_format(level, area, *suppressed, format, fmt::make_format_args(args...));
}

}  // namespace tern
