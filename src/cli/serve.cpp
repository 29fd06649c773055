// The broker's start and stop in order.
#include "cli/serve.hpp"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include <sstream>
#include <string>

#include "base/log.hpp"
#include "base/version.hpp"
#include "net/server.hpp"

namespace tern::cli {
namespace {

// Slabs and write batches come and go by the hundred kilobytes: giving each back to the kernel
// costs more than the commit itself (measured: 1.13 to 0.86 µs of CPU per message).
void keep_big_blocks() {
  ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
  ::mallopt(M_TRIM_THRESHOLD, 256 << 20);
  // One arena per core is plenty for one thread per core, and keeps idle memory small.
  ::mallopt(M_ARENA_MAX, 8);
}

// A connection is a file descriptor: take as many as the system lets this process have.
void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Blocked before any thread starts, so that all threads inherit it and only this one waits.
sigset_t block_stop_signals() {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

}  // namespace

int serve(const config::Config& config) {
  keep_big_blocks();
  raise_file_limit();
  const sigset_t stop_signals = block_stop_signals();

  log_info("serve", "{} {} starting data_dir={}", product_name, product_version,
           config.in_memory ? "(in memory)" : config.data_dir);
  auto server = net::Server::start(config);
  if (!server) {
    // A line of the log for each thing that is wrong.
    std::istringstream lines(server.error().text);
    for (std::string line; std::getline(lines, line);) log_error("serve", "{}", line);
    return server.error().is_by_definitions ? exit_definitions : 1;
  }
  for (const std::string& endpoint : (*server)->endpoints())
    log_info("serve", "listening for AMQP 0-9-1 address={}", endpoint);
  log_info("serve", "Server startup complete");

  int signal_number = 0;
  ::sigwait(&stop_signals, &signal_number);
  log_info("serve", "stopping signal={}", signal_number == SIGTERM ? "SIGTERM" : "SIGINT");
  (*server)->stop();
  log_info("serve", "stopped");
  return 0;
}

}  // namespace tern::cli
