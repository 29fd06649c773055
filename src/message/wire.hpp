// Reading and appending AMQP's primitive types: a bounds-checked cursor over received bytes, and
// appends to a growing string. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "base/ensure.hpp"
#include "base/result.hpp"

namespace tern {

/// Why encoded bytes were refused.
enum class DecodeError : std::uint8_t {
  truncated,       ///< a length or a value reaches past the end
  trailing_bytes,  ///< bytes are left over after the last value
  unknown_type,    ///< a field value with an unknown type tag
  too_deep,        ///< tables and arrays nested beyond the limit
  unknown_flag,    ///< a property flag that stands for no property
};

/// A short English text, for logs and reply texts.
[[nodiscard]] constexpr const char* to_text(DecodeError error) noexcept {
  switch (error) {
    case DecodeError::truncated:
      return "cut short";
    case DecodeError::trailing_bytes:
      return "trailing bytes";
    case DecodeError::unknown_type:
      return "unknown field type";
    case DecodeError::too_deep:
      return "nested too deep";
    case DecodeError::unknown_flag:
      return "unknown property flag";
  }
  return "malformed";
}

[[noreturn]] inline void throw_exception_from_error(DecodeError error,
                                                    const boost::source_location&) {
  throw std::runtime_error(to_text(error));
}

template <class T>
using Decoded = Result<T, DecodeError>;

/// A cursor that never leaves its span. A read beyond the end yields zero or an empty view and
/// makes has_failed() true for good; callers check once, at the end.
class ByteReader {
 public:
  explicit ByteReader(Bytes bytes) noexcept
      : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()) {}

  template <class T>
  [[nodiscard]] T number() noexcept {
    if (remaining() < sizeof(T)) [[unlikely]] {
      fail();
      return T{};
    }
    const T value = load_big_endian<T>(at_);
    at_ += sizeof(T);
    return value;
  }
  [[nodiscard]] std::uint8_t u8() noexcept { return number<std::uint8_t>(); }
  [[nodiscard]] std::uint16_t u16() noexcept { return number<std::uint16_t>(); }
  [[nodiscard]] std::uint32_t u32() noexcept { return number<std::uint32_t>(); }
  [[nodiscard]] std::uint64_t u64() noexcept { return number<std::uint64_t>(); }

  [[nodiscard]] Bytes take(std::size_t bytes) noexcept {
    if (remaining() < bytes) [[unlikely]] {
      fail();
      return {};
    }
    const Bytes taken(at_, bytes);
    at_ += bytes;
    return taken;
  }
  /// A string behind its one-octet length.
  [[nodiscard]] Bytes short_string() noexcept { return take(u8()); }
  /// A string, or a table's entries, behind their four-octet length.
  [[nodiscard]] Bytes long_string() noexcept { return take(u32()); }

  [[nodiscard]] std::size_t remaining() const noexcept {
    return static_cast<std::size_t>(end_ - at_);
  }
  [[nodiscard]] std::size_t used() const noexcept { return static_cast<std::size_t>(at_ - begin_); }
  [[nodiscard]] bool is_at_end() const noexcept { return at_ == end_; }
  [[nodiscard]] bool has_failed() const noexcept { return failed_; }

 private:
  void fail() noexcept {
    failed_ = true;
    at_ = end_;
  }

  const char* begin_;
  const char* at_;
  const char* end_;
  bool failed_ = false;
};

template <class T>
inline void append_number(std::string& out, T value) {
  char bytes[sizeof(T)];
  store_big_endian(bytes, value);
  out.append(bytes, sizeof(T));
}

/// Appends a short string; longer than 255 octets is a programmer's error.
inline void append_short_string(std::string& out, Bytes text) {
  ensure(text.size() <= 255, "short string too long");
  out.push_back(static_cast<char>(text.size()));
  out.append(text);
}

/// Appends a long string (or a table's entries) behind its length.
inline void append_long_string(std::string& out, Bytes text) {
  ensure(text.size() <= 0xFFFFFFFFU, "long string too long");
  append_number(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}

}  // namespace tern
