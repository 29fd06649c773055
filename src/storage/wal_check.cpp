#include "storage/wal_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

#include "base/bytes.hpp"

// Defined by the RocksDB library, or by our faster one (crc32c_override.cpp).
namespace rocksdb::crc32c {
std::uint32_t Extend(std::uint32_t start, const char* data, std::size_t bytes);
}

namespace tern::storage {
namespace {

// More than the committer ever has written and not synced.
constexpr std::uint64_t unsynced_bytes_max = 32ULL << 20;

// RocksDB's log: blocks of 32 KiB, in them records of u32 masked CRC32C (of type and data), u16
// length, u8 type, data; all little-endian. A block's last few bytes may be zeros.
constexpr std::size_t block_bytes = 32768;
constexpr std::size_t header_bytes = 7;
constexpr std::uint8_t type_max = 4;  // full, first, middle, last

std::uint32_t little_endian(const char* from, int bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < bytes; ++i)
    value |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(from[i])) << (8 * i);
  return value;
}

std::uint32_t unmasked(std::uint32_t crc) {
  const std::uint32_t rotated = crc - 0xA282EAD8U;
  return rotated >> 17 | rotated << 15;
}

// Where the first unreadable record of a block begins; nothing if all are readable.
std::optional<std::size_t> first_bad(Bytes block) {
  std::size_t at = 0;
  while (block.size() - at >= header_bytes) {
    const char* const header = block.data() + at;
    const std::uint32_t length = little_endian(header + 4, 2);
    const auto type = static_cast<std::uint8_t>(header[6]);
    if (type == 0 || type > type_max || length > block.size() - at - header_bytes) return at;
    if (rocksdb::crc32c::Extend(0, header + 6, 1 + length) != unmasked(little_endian(header, 4)))
      return at;
    at += header_bytes + length;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> first_bad_in_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> block(block_bytes);
  std::uint64_t offset = 0;
  while (file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    const auto got = static_cast<std::size_t>(file.gcount());
    if (const auto bad = first_bad({block.data(), got})) return offset + *bad;
    offset += got;
  }
  return std::nullopt;
}

}  // namespace

WalDamage check_wals(const std::string& data_dir) {
  std::vector<std::pair<std::uint64_t, std::filesystem::path>> logs;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(data_dir, error)) {
    if (entry.path().extension() == ".log")
      logs.emplace_back(std::strtoull(entry.path().stem().c_str(), nullptr, 10), entry.path());
  }
  std::sort(logs.begin(), logs.end());
  for (std::size_t i = 0; i < logs.size(); ++i) {
    const auto& path = logs[i].second;
    const auto bad = first_bad_in_file(path);
    if (!bad) continue;
    // What lies behind the hole, in later logs too: a log may be closed before it is synced.
    std::uint64_t lost = 0;
    for (std::size_t k = i; k < logs.size(); ++k)
      lost += std::filesystem::file_size(logs[k].second, error);
    lost -= *bad;
    return {.is_power_cut = lost <= unsynced_bytes_max,
            .text = fmt::format("{}: unreadable from byte {}, {} bytes from there to the end",
                                path.filename().string(), *bad, lost)};
  }
  return {.is_power_cut = false, .text = "the logs themselves are readable"};
}

}  // namespace tern::storage
