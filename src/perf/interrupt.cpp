#include "perf/interrupt.hpp"

#include <atomic>
#include <csignal>

namespace tern::perf {
namespace {

std::atomic<bool> interrupted{false};

void on_signal(int number) {
  interrupted.store(true, std::memory_order_relaxed);
  std::signal(number, SIG_DFL);
}

}  // namespace

void catch_interrupts() noexcept {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  std::signal(SIGPIPE, SIG_IGN);
}

bool is_interrupted() noexcept {
  return interrupted.load(std::memory_order_relaxed);
}

}  // namespace tern::perf
