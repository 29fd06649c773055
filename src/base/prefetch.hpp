// A hint to the processor: memory that will be written to soon.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tern {

constexpr std::size_t cache_line_bytes = 64;

/// Fetches `bytes` from `begin` on into the caches. Any address will do: a hint never faults.
inline void prefetch(const void* begin, std::size_t bytes = cache_line_bytes) noexcept {
  const auto at = reinterpret_cast<std::uintptr_t>(begin);
  for (std::size_t offset = 0; offset < bytes; offset += cache_line_bytes)
    __builtin_prefetch(reinterpret_cast<const void*>(at + offset), 1);
}

}  // namespace tern
