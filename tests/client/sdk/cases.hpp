// A list of test cases for programs that use the client as people do: coroutines on one thread,
// against a broker that runs. Each case has queues of its own; none may take longer than its time.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "ternmq/ternmq.hpp"

namespace sdk {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using asio::awaitable;
inline constexpr auto tuple = asio::as_tuple(asio::use_awaitable);

struct Target {
  std::string url;
  std::string kind;
  [[nodiscard]] bool is_ternmq() const { return kind != "reference"; }
};

struct Failed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

#define EXPECT(condition)                                                                \
  do {                                                                                   \
    if (!(condition))                                                                    \
      throw sdk::Failed(std::string(#condition) + ", line " + std::to_string(__LINE__)); \
  } while (false)

inline std::chrono::milliseconds patient(std::chrono::milliseconds time) {
  const char* factor = std::getenv("TERNMQ_TEST_PATIENCE");
  return factor != nullptr ? time * std::max(1, static_cast<int>(std::strtol(factor, nullptr, 10)))
                           : time;
}

/// A connection with the case's queue, empty; everything ends with it.
struct Life {
  explicit Life(const Target& target, const std::string& name)
      : queue("sdk." + name),
        connection(io.get_executor(), ternmq::connection_options::from_url(target.url)) {}

  /// Runs `body` to its end; throws what it throws, or Failed if it does not end in time.
  void run(std::function<awaitable<void>(Life&)> body) {
    std::exception_ptr error;
    bool is_done = false;
    asio::co_spawn(io, live(std::move(body)), [&](std::exception_ptr failed) {
      error = failed;
      is_done = true;
      io.stop();
    });
    io.run_for(patient(30s));
    if (error) std::rethrow_exception(error);
    if (!is_done) throw Failed("not done in time");
  }
  [[nodiscard]] awaitable<void> declare(ternmq::table arguments) {
    ternmq::topology topology;
    topology.add_queue(queue, std::move(arguments));
    co_await connection.declare(std::move(topology));
  }

  std::string queue;
  asio::io_context io{1};
  ternmq::connection connection;

 private:
  awaitable<void> live(std::function<awaitable<void>(Life&)> body) {
    co_await connection.open();
    co_await connection.delete_queue(queue);
    co_await body(*this);
    co_await connection.delete_queue(queue);
    co_await connection.close();
  }
};

struct Case {
  const char* name;
  void (*run)(const Target&);
};

/// Runs all, or the one called `only`; says which fail, ends with the counts; the exit code.
inline int run_cases(const std::vector<Case>& cases, const Target& target,
                     std::string_view only = {}) {
  int passed = 0;
  int failed = 0;
  for (const Case& one : cases) {
    if (!only.empty() && only != one.name) continue;
    try {
      one.run(target);
      ++passed;
    } catch (const std::exception& error) {
      ++failed;
      std::printf("FAIL %s: %s\n", one.name, error.what());
    }
    std::fflush(stdout);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace sdk
