// crc32c_override: a fast definition of rocksdb::crc32c::Extend. Debian builds librocksdb for the
// oldest x86-64, so its own runs at 1 GB/s and was 40 % of the commit thread's time. The library
// calls the function through its symbol table, so a definition in the executable takes its place
// (linked dynamically only; should a later library inline it, this is a harmless no-op). Without
// SSE4.2 the library's own is called.
//
// The instruction has a latency of three cycles and a throughput of one, so three stretches of the
// buffer are worked on at once; their sums are joined by multiplying with x^(8 * length) in GF(2),
// done with tables made at start (the method is Mark Adler's).
#include "storage/crc32c_override.hpp"

#include <dlfcn.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace tern::storage {
namespace {

using Extend = std::uint32_t (*)(std::uint32_t, const char*, std::size_t);

Extend library_extend() {
  static const auto function =
      reinterpret_cast<Extend>(dlsym(RTLD_NEXT, "_ZN7rocksdb6crc32c6ExtendEjPKcm"));
  return function;
}

#if defined(__x86_64__)

constexpr std::uint32_t polynomial = 0x82F63B78;  // CRC32C, bits reversed
using Matrix = std::array<std::uint32_t, 32>;     // a linear map of GF(2)^32: image of each bit
using Table = std::array<std::array<std::uint32_t, 256>, 4>;

constexpr std::uint32_t product(const Matrix& matrix, std::uint32_t vector) {
  std::uint32_t sum = 0;
  for (std::size_t bit = 0; vector != 0; vector >>= 1, ++bit) {
    if ((vector & 1) != 0) sum ^= matrix[bit];
  }
  return sum;
}

constexpr Matrix square(const Matrix& matrix) {
  Matrix result{};
  for (std::size_t bit = 0; bit < 32; ++bit) result[bit] = product(matrix, matrix[bit]);
  return result;
}

// The map "append `bytes` zero bytes"; `bytes` is a power of two.
constexpr Table zeros_table(std::size_t bytes) {
  Matrix map{};  // one zero bit
  map[0] = polynomial;
  for (std::size_t bit = 1; bit < 32; ++bit) map[bit] = 1U << (bit - 1);
  for (std::size_t bits = 1; bits < bytes * 8; bits *= 2) map = square(map);
  Table table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    for (std::uint32_t place = 0; place < 4; ++place)
      table[place][byte] = product(map, byte << (8 * place));
  }
  return table;
}

constexpr std::size_t long_bytes = 8192;
constexpr std::size_t short_bytes = 256;
constexpr Table long_table = zeros_table(long_bytes);
constexpr Table short_table = zeros_table(short_bytes);

std::uint32_t shift(const Table& table, std::uint64_t crc) {
  return table[0][crc & 0xFF] ^ table[1][crc >> 8 & 0xFF] ^ table[2][crc >> 16 & 0xFF] ^
         table[3][crc >> 24 & 0xFF];
}

std::uint64_t load(const char* from) {
  std::uint64_t word;
  std::memcpy(&word, from, 8);
  return word;
}

// Three neighbouring stretches of `bytes` each, interleaved.
__attribute__((target("sse4.2"))) std::uint64_t three_way(std::uint64_t crc, const char* at,
                                                          std::size_t bytes, const Table& table) {
  std::uint64_t second = 0;
  std::uint64_t third = 0;
  for (const char* const end = at + bytes; at < end; at += 8) {
    crc = _mm_crc32_u64(crc, load(at));
    second = _mm_crc32_u64(second, load(at + bytes));
    third = _mm_crc32_u64(third, load(at + 2 * bytes));
  }
  crc = shift(table, crc) ^ second;
  return shift(table, crc) ^ third;
}

__attribute__((target("sse4.2"))) std::uint32_t hardware_extend(std::uint32_t start, const char* at,
                                                                std::size_t left) {
  std::uint64_t crc = start ^ 0xFFFFFFFFU;
  for (; left >= 3 * long_bytes; left -= 3 * long_bytes, at += 3 * long_bytes)
    crc = three_way(crc, at, long_bytes, long_table);
  for (; left >= 3 * short_bytes; left -= 3 * short_bytes, at += 3 * short_bytes)
    crc = three_way(crc, at, short_bytes, short_table);
  for (; left >= 8; left -= 8, at += 8) crc = _mm_crc32_u64(crc, load(at));
  for (; left > 0; --left, ++at)
    crc = _mm_crc32_u8(static_cast<std::uint32_t>(crc), static_cast<std::uint8_t>(*at));
  return static_cast<std::uint32_t>(crc) ^ 0xFFFFFFFFU;
}

bool has_hardware() {
  static const bool supported = __builtin_cpu_supports("sse4.2") != 0;
  return supported;
}

#else

std::uint32_t hardware_extend(std::uint32_t, const char*, std::size_t) {
  return 0;
}
bool has_hardware() {
  return false;
}

#endif

}  // namespace
}  // namespace tern::storage

namespace rocksdb::crc32c {

// The library's own name and type. Nobody in this program declares it, hence the declaration.
std::uint32_t Extend(std::uint32_t start, const char* data, std::size_t bytes);

__attribute__((used, visibility("default"))) std::uint32_t Extend(std::uint32_t start,
                                                                  const char* data,
                                                                  std::size_t bytes) {
  if (tern::storage::has_hardware()) return tern::storage::hardware_extend(start, data, bytes);
  return tern::storage::library_extend()(start, data, bytes);
}

}  // namespace rocksdb::crc32c

namespace tern::storage {

Crc32cCheck check_crc32c() {
  Crc32cCheck check;
  check.hardware = has_hardware();
  std::string data(100'003, '\0');
  std::uint32_t value = 1;
  for (char& byte : data) byte = static_cast<char>((value = value * 1664525 + 1013904223) >> 24);

  const Extend library = library_extend();
  if (library != nullptr) {
    for (const std::size_t bytes : {0, 1, 7, 9, 767, 768, 3000, 24'576, 99'000}) {
      const std::size_t offset = bytes % 13;
      check.consistent &= rocksdb::crc32c::Extend(42, data.data() + offset, bytes) ==
                          library(42, data.data() + offset, bytes);
    }
  }
  // What the library's own calls resolve to is what the dynamic linker finds first.
  void* const found = dlsym(RTLD_DEFAULT, "_ZN7rocksdb6crc32c6ExtendEjPKcm");
  check.library_calls = found == reinterpret_cast<void*>(&rocksdb::crc32c::Extend);

  constexpr int rounds = 10;
  const auto start = std::chrono::steady_clock::now();
  std::uint32_t sum = 0;
  for (int i = 0; i < rounds; ++i) sum = rocksdb::crc32c::Extend(sum, data.data(), data.size());
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  check.gigabytes_per_second = static_cast<double>(data.size()) * rounds / taken.count() / 1e9;
  check.consistent &= library == nullptr || sum != 1;  // keeps the loop from being optimised away
  return check;
}

}  // namespace tern::storage
