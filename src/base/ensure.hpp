// ensure(): a programmer's error stops the process, in release builds too. Never for anything that
// a client, a file or a disk can cause.
#pragma once

#include <source_location>

namespace tern {

[[noreturn]] void ensure_failed(const char* text, const std::source_location& where) noexcept;

inline void ensure(bool condition, const char* text,
                   const std::source_location& where = std::source_location::current()) noexcept {
  if (!condition) [[unlikely]]
    ensure_failed(text, where);
}

}  // namespace tern
