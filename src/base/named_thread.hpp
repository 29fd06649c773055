// named_thread(): a thread that top -H, gdb and perf call by what it does.
#pragma once

#include <pthread.h>

#include <string>
#include <thread>
#include <utility>

namespace tern {

/// `name` has at most 15 characters; Linux ignores a longer one altogether.
template <class Work>
[[nodiscard]] std::thread named_thread(std::string name, Work work) {
  return std::thread([name = std::move(name), work = std::move(work)]() mutable {
    ::pthread_setname_np(::pthread_self(), name.c_str());
    work();
  });
}

}  // namespace tern
