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

struct Header {
  std::size_t record_bytes;  // header and data
  bool is_valid;             // of a known type
};

Header header_of(const char* record) {
  const auto type = static_cast<std::uint8_t>(record[6]);
  return {.record_bytes = header_bytes + little_endian(record + 4, 2),
          .is_valid = type != 0 && type <= type_max};
}

// How many bytes at the beginning of a block are whole records.
std::size_t whole_records(Bytes block) {
  std::size_t at = 0;
  while (block.size() - at >= header_bytes) {
    const char* const record = block.data() + at;
    const Header header = header_of(record);
    if (!header.is_valid || header.record_bytes > block.size() - at) break;
    const std::uint32_t crc =
        rocksdb::crc32c::Extend(0, record + 6, header.record_bytes - header_bytes + 1);
    if (crc != unmasked(little_endian(record, 4))) break;
    at += header.record_bytes;
  }
  return at;
}

// Whether a crash can have cut this record short, which was written from its beginning on: its last
// byte is missing and there is nothing behind it. `rest` goes to the last byte that is not zero,
// `room` to the end of the block.
bool is_cut_short(Bytes rest, std::size_t room) {
  if (rest.size() < header_bytes) return true;
  const Header header = header_of(rest.data());
  return header.is_valid && header.record_bytes <= room && rest.size() < header.record_bytes;
}

std::optional<std::uint64_t> first_bad_in_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> block(block_bytes);
  std::uint64_t offset = 0;
  while (file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    const auto got = static_cast<std::size_t>(file.gcount());
    const std::size_t whole = whole_records({block.data(), got});
    if (got - whole >= header_bytes) return offset + whole;
    offset += got;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> end_before_zeros(const std::string& path) {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(path, error);
  if (error || size == 0) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  std::vector<char> buffer(block_bytes);
  // Block by block from the end, to the one where the zeros begin.
  for (std::uint64_t offset = (size - 1) / block_bytes * block_bytes;; offset -= block_bytes) {
    file.seekg(static_cast<std::streamoff>(offset));
    const auto bytes =
        static_cast<std::size_t>(std::min<std::uint64_t>(block_bytes, size - offset));
    if (!file.read(buffer.data(), static_cast<std::streamsize>(bytes))) return std::nullopt;
    const Bytes block(buffer.data(), bytes);
    const std::size_t last = block.find_last_not_of('\0');
    if (last == Bytes::npos && offset > 0) continue;
    const Bytes filled = block.substr(0, last + 1);  // nothing, if the whole log is zeros
    if (offset + filled.size() == size) return std::nullopt;
    const std::size_t whole = whole_records(block);
    if (whole < filled.size() && !is_cut_short(filled.substr(whole), block_bytes - whole))
      return std::nullopt;
    return offset + whole;
  }
}

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
