// Variable-length integers (seven bits a byte, lowest first), and a reader over untrusted bytes
// with one sticky error: everything the store's own formats are made of. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"

namespace tern::storage {

inline void put_varint(std::string& to, std::uint64_t value) {
  while (value >= 0x80) {
    to.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  to.push_back(static_cast<char>(value));
}

/// Reads forward through bytes; after the first error every read gives 0 and ok() is false.
class ByteReader {
 public:
  explicit ByteReader(Bytes bytes) noexcept
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }
  [[nodiscard]] bool at_end() const noexcept { return at_ == end_; }
  void fail() noexcept {
    ok_ = false;
    at_ = end_;
  }

  [[nodiscard]] std::uint64_t varint() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(*at_++);
      if (shift == 63 && byte > 1) break;
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    fail();
    return 0;
  }
  [[nodiscard]] std::uint32_t varint32() noexcept {
    const std::uint64_t value = varint();
    if (value <= 0xFFFFFFFF) return static_cast<std::uint32_t>(value);
    fail();
    return 0;
  }
  /// Reads how far a range reaches beyond its first number and gives its last one. There is always
  /// a number above that; a range without one is an error.
  [[nodiscard]] std::uint64_t last_of(std::uint64_t first) noexcept {
    constexpr std::uint64_t last_max = ~std::uint64_t{0} - 1;
    const std::uint64_t span = varint();
    if (first <= last_max && span <= last_max - first) return first + span;
    fail();
    return first;
  }
  [[nodiscard]] std::uint8_t byte() noexcept {
    if (at_ != end_) return static_cast<std::uint8_t>(*at_++);
    fail();
    return 0;
  }
  [[nodiscard]] Bytes bytes(std::uint64_t count) noexcept {
    if (count > left()) {
      fail();
      return {};
    }
    const Bytes taken{at_, static_cast<std::size_t>(count)};
    at_ += count;
    return taken;
  }

 private:
  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace tern::storage
