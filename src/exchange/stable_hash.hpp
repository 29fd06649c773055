// Hashes that are the same on every shard, after every restart and in every build: std::hash
// promises none of that. For exchanges that choose a target by hash. Pure; any thread.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace tern::exchange {

/// Spreads all bits of a number over all bits of the result; each number has a result of its own.
[[nodiscard]] constexpr std::uint64_t mix_bits(std::uint64_t number) noexcept {
  number = (number ^ number >> 33) * 0xFF51AFD7ED558CCDULL;
  number = (number ^ number >> 33) * 0xC4CEB9FE1A85EC53ULL;
  return number ^ number >> 33;
}

/// FNV-1a, whose last octets spread badly, with its result mixed.
[[nodiscard]] constexpr std::uint64_t stable_hash(Bytes bytes) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char octet : bytes)
    hash = (hash ^ static_cast<std::uint8_t>(octet)) * 0x00000100000001B3ULL;
  return mix_bits(hash);
}

}  // namespace tern::exchange
