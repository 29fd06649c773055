// Bytes on the wire and on disk: views, and big-endian loads and stores.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace tern {

/// A view of raw bytes. It never outlives the turn in which it was made unless the owner says so.
using Bytes = std::string_view;

/// Loads an unsigned big-endian integer; the caller has checked that sizeof(T) bytes are there.
template <class T>
[[nodiscard]] inline T load_big_endian(const char* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof(T));
  if constexpr (sizeof(T) == 2) return __builtin_bswap16(value);
  if constexpr (sizeof(T) == 4) return __builtin_bswap32(value);
  if constexpr (sizeof(T) == 8) return __builtin_bswap64(value);
  return value;
}

/// Stores an unsigned big-endian integer; the caller has checked that sizeof(T) bytes are there.
template <class T>
inline void store_big_endian(char* to, T value) noexcept {
  if constexpr (sizeof(T) == 2) value = __builtin_bswap16(value);
  if constexpr (sizeof(T) == 4) value = __builtin_bswap32(value);
  if constexpr (sizeof(T) == 8) value = __builtin_bswap64(value);
  std::memcpy(to, &value, sizeof(T));
}

}  // namespace tern
