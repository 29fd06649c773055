// name_thread(): what top -H, gdb and perf call the calling thread.
#pragma once

#include <pthread.h>

namespace tern {

/// At most 15 characters; Linux ignores a longer name altogether.
inline void name_thread(const char* name) noexcept {
  ::pthread_setname_np(::pthread_self(), name);
}

}  // namespace tern
