// What an entry in the table of methods is made of. One struct per method holds its fields in wire
// order; `info` says which method it is, `fields` gives references to the fields to whoever
// encodes, decodes or prints. Field types decide the encoding:
//
//   bool                 a bit; adjacent ones share octets, lowest bit first
//   uint8/16/32/64       big-endian
//   std::string_view     short string: u8 length, octets
//   LongString           long string: u32 length, octets
//   TableEntries         field table: u32 length, entries, still encoded (message/field_table.hpp)
//
// All views point into the decoded payload, and live as long as that does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>

#include "amqp/errors.hpp"
#include "base/bytes.hpp"

namespace tern::amqp {

struct LongString : Bytes {
  constexpr LongString() noexcept = default;
  constexpr LongString(Bytes bytes) noexcept : Bytes(bytes) {}
  LongString(const std::string& bytes) noexcept : Bytes(bytes) {}
  constexpr LongString(const char* text) noexcept : Bytes(text) {}
};

/// A table's entries without the leading length. Decoding a method has validated them.
struct TableEntries : Bytes {
  constexpr TableEntries() noexcept = default;
  constexpr TableEntries(Bytes entries) noexcept : Bytes(entries) {}
  TableEntries(const std::string& entries) noexcept : Bytes(entries) {}
};

struct MethodInfo {
  MethodId id;
  std::string_view name;     ///< "basic.publish"
  bool has_content = false;  ///< a content header and body follow
};

}  // namespace tern::amqp
