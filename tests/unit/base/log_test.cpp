// The log: form of a line, levels, escaping, the limiter, and lines of many threads.
#include "base/log.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <thread>
#include <vector>

namespace tern {

namespace {

// Catches the log in a file of its own and puts everything back.
class CaughtLog {
 public:
  CaughtLog() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ternmq-log-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    directory_ = pattern;
    REQUIRE(set_log_file(directory_ + "/log").has_value());
  }
  ~CaughtLog() {
    set_log_to_stderr();
    set_log_level(LogLevel::info);
    std::filesystem::remove_all(directory_);
  }
  CaughtLog(const CaughtLog&) = delete;
  CaughtLog& operator=(const CaughtLog&) = delete;

  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> result;
    std::ifstream file(directory_ + "/log");
    for (std::string line; std::getline(file, line);) result.push_back(line);
    return result;
  }

 private:
  std::string directory_;
};

std::string after_timestamp(const std::string& line) {
  return line.substr(line.find(' ') + 1);
}

}  // namespace

TEST_CASE("a line has a time in UTC with milliseconds, a level, an area and a text") {
  const CaughtLog caught;
  log_info("net", "listening port={}", 5672);
  const auto lines = caught.lines();
  REQUIRE(lines.size() == 1);
  CHECK(std::regex_match(lines[0], std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z )"
                                              R"(info net: listening port=5672)")));
}

TEST_CASE("the time of a line is the time of day") {
  using std::chrono::milliseconds;
  const auto now = [] {
    return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
  };
  const CaughtLog caught;
  // At a whole second, a time cut to the second would look right.
  while (now().time_since_epoch().count() % 1000 == 0) continue;
  const auto begin = now();
  log_info("a", "b");
  const auto end = now();
  std::tm parts{};
  int fraction = 0;
  REQUIRE(std::sscanf(caught.lines().at(0).c_str(), "%d-%d-%dT%d:%d:%d.%dZ", &parts.tm_year,
                      &parts.tm_mon, &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec,
                      &fraction) == 7);
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  const std::chrono::sys_time<milliseconds> logged{std::chrono::seconds(::timegm(&parts)) +
                                                   milliseconds(fraction)};
  CHECK(logged >= begin);
  CHECK(logged <= end);
}

TEST_CASE("a level admits itself and what is more important") {
  const CaughtLog caught;
  set_log_level(LogLevel::warn);
  log_error("a", "1");
  log_warn("a", "2");
  log_info("a", "3");
  log_debug("a", "4");
  CHECK(caught.lines().size() == 2);
  CHECK(log_enabled(LogLevel::warn));
  CHECK_FALSE(log_enabled(LogLevel::info));
  set_log_level(LogLevel::debug);
  log_debug("a", "5");
  REQUIRE(caught.lines().size() == 3);
  CHECK(after_timestamp(caught.lines()[2]) == "debug a: 5");
}

TEST_CASE("a name sent by a client cannot forge a line") {
  const CaughtLog caught;
  log_warn("amqp", "no queue '{}'", "x\nerror\r\x1b[2J\x7f caf\xc3\xa9");
  const auto lines = caught.lines();
  REQUIRE(lines.size() == 1);
  CHECK(after_timestamp(lines[0]) ==
        "warn amqp: no queue 'x\\nerror\\x0d\\x1b[2J\\x7f caf\xc3\xa9'");
}

TEST_CASE("a line longer than the buffer on the stack is written whole") {
  const CaughtLog caught;
  const std::string text(10'000, 'x');
  log_info("a", "{}", text);
  REQUIRE(caught.lines().size() == 1);
  CHECK(after_timestamp(caught.lines()[0]) == "info a: " + text);
}

TEST_CASE("lines of several threads do not mix") {
  const CaughtLog caught;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([i] {
      for (int n = 0; n < 200; ++n)
        log_info("a", "{}", std::string(200, static_cast<char>('a' + i)));
    });
  }
  for (auto& thread : threads) thread.join();
  const auto lines = caught.lines();
  CHECK(lines.size() == 800);
  for (const auto& line : lines) {
    const auto text = after_timestamp(line);
    REQUIRE(text.size() == std::string("info a: ").size() + 200);
    REQUIRE(text.find_first_not_of(text.back(), std::string("info a: ").size()) ==
            std::string::npos);
  }
}

TEST_CASE("a log file that cannot be opened says which, why and what to do, and changes nothing") {
  const CaughtLog caught;
  const auto opened = set_log_file("/nowhere/log");
  REQUIRE(opened.has_error());
  CHECK(opened.error().text ==
        "cannot open the log file '/nowhere/log': No such file or directory; create its "
        "directory, allow this user to write there, or leave log.file empty to log to standard "
        "error");
  log_info("a", "still here");
  CHECK(caught.lines().size() == 1);
}

TEST_CASE("a limiter admits so many lines in a window and counts the others") {
  using std::chrono::seconds;
  LogLimiter limiter(2, seconds(10));
  const auto start = LogLimiter::Steady::time_point(seconds(1000));
  CHECK(limiter.admit(start) == 0);
  CHECK(limiter.admit(start + seconds(1)) == 0);
  CHECK_FALSE(limiter.admit(start + seconds(2)));
  CHECK_FALSE(limiter.admit(start + seconds(9)));
  CHECK(limiter.admit(start + seconds(10)) == 2);
  CHECK(limiter.admit(start + seconds(10)) == 0);
  CHECK_FALSE(limiter.admit(start + seconds(10)));
}

TEST_CASE("a limited line says how many like it were left out") {
  const CaughtLog caught;
  LogLimiter limiter(1, std::chrono::seconds(1000));
  log_limited(limiter, LogLevel::warn, "amqp", "bad frame peer={}", 1);
  log_limited(limiter, LogLevel::warn, "amqp", "bad frame peer={}", 2);
  log_limited(limiter, LogLevel::debug, "amqp", "below the level");
  const auto much_later = LogLimiter::Steady::now() + std::chrono::seconds(5000);
  const auto suppressed = limiter.admit(much_later);
  REQUIRE(suppressed == 1);
  write_log_format(LogLevel::warn, "amqp", *suppressed, "bad frame", {});
  const auto lines = caught.lines();
  REQUIRE(lines.size() == 2);
  CHECK(after_timestamp(lines[0]) == "warn amqp: bad frame peer=1");
  CHECK(after_timestamp(lines[1]) == "warn amqp: bad frame suppressed=1");
}

}  // namespace tern
