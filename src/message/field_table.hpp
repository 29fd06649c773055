// Field tables: the typed name-value lists of AMQP 0-9-1 (queue arguments, headers, capabilities),
// with RabbitMQ's type tags. Owned values for arguments that are kept. For a look into encoded
// bytes without allocation see table_view.hpp. Pure; any thread.
//
//   table  = u32 length, entries        entry = u8 length, name, value
//   array  = u32 length, values         value = tag octet, value octets
//
// "Entries" is the name for a table's bytes without the leading length.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "message/wire.hpp"

namespace tern {

struct FieldValue;
struct FieldEntry;

struct FieldDecimal {
  std::uint8_t scale = 0;
  std::uint32_t value = 0;
  friend bool operator==(const FieldDecimal&, const FieldDecimal&) = default;
};

/// Seconds since the Unix epoch.
struct FieldTimestamp {
  std::uint64_t seconds = 0;
  friend bool operator==(const FieldTimestamp&, const FieldTimestamp&) = default;
};

struct FieldBinary {
  std::string bytes;
  friend bool operator==(const FieldBinary&, const FieldBinary&) = default;
};

struct FieldArray {
  std::vector<FieldValue> values;
  friend bool operator==(const FieldArray& left, const FieldArray& right);
};

/// Name-value pairs in the order in which they arrived. A name may occur twice: the first counts.
class FieldTable {
 public:
  // Defined where FieldEntry is complete: clang asks for that.
  FieldTable() noexcept;
  FieldTable(std::initializer_list<FieldEntry> entries);
  FieldTable(const FieldTable&);
  FieldTable(FieldTable&&) noexcept;
  FieldTable& operator=(const FieldTable&);
  FieldTable& operator=(FieldTable&&) noexcept;
  ~FieldTable();

  /// The first value of that name, or nullptr.
  [[nodiscard]] const FieldValue* find(std::string_view name) const noexcept;
  [[nodiscard]] const std::vector<FieldEntry>& entries() const noexcept { return entries_; }
  [[nodiscard]] bool empty() const noexcept;
  [[nodiscard]] std::size_t size() const noexcept;

  /// Appends, whether or not the name is there. Names have at most 255 octets.
  void add(std::string name, FieldValue value);
  /// Replaces the first value of that name, or appends.
  void set(std::string name, FieldValue value);
  /// Removes every value of that name.
  void erase(std::string_view name);

  friend bool operator==(const FieldTable& left, const FieldTable& right);

 private:
  std::vector<FieldEntry> entries_;
};

namespace detail {
template <class T, class Variant>
inline constexpr bool is_alternative = false;
template <class T, class... Types>
inline constexpr bool is_alternative<T, std::variant<Types...>> = (std::is_same_v<T, Types> || ...);
}  // namespace detail

/// One value. Equality is exact: an int32 is not an int64 (see is_equivalent).
struct FieldValue {
  using Variant =
      std::variant<std::monostate, bool, std::int8_t, std::uint8_t, std::int16_t, std::uint16_t,
                   std::int32_t, std::uint32_t, std::int64_t, float, double, FieldDecimal,
                   std::string, FieldBinary, FieldTimestamp, FieldArray, FieldTable>;

  FieldValue() = default;  ///< void
  template <class T>
  requires(detail::is_alternative<std::remove_cvref_t<T>, Variant>) FieldValue(T&& from)
      : value(std::in_place_type<std::remove_cvref_t<T>>, std::forward<T>(from)) {}
  FieldValue(const char* text) : value(std::in_place_type<std::string>, text) {}
  FieldValue(std::string_view text) : value(std::in_place_type<std::string>, text) {}

  /// The value as T, or nullptr if it is of another type.
  template <class T>
  [[nodiscard]] const T* as() const noexcept {
    return std::get_if<T>(&value);
  }
  /// Any of the eight integer types as int64; nothing for other types (bool too).
  [[nodiscard]] bool is_integer() const noexcept;
  /// The integer; is_integer() must hold.
  [[nodiscard]] std::int64_t integer() const noexcept;
  /// The type as RabbitMQ names it in its texts: signedint, long, longstr, bool, void, ...
  [[nodiscard]] const char* type_name() const noexcept;

  friend bool operator==(const FieldValue& left, const FieldValue& right) {
    return left.value == right.value;
  }

  Variant value;
};

struct FieldEntry {
  std::string name;
  FieldValue value;
  friend bool operator==(const FieldEntry&, const FieldEntry&) = default;
};

inline bool FieldTable::empty() const noexcept {
  return entries_.empty();
}
inline std::size_t FieldTable::size() const noexcept {
  return entries_.size();
}

/// How deep tables and arrays may nest: a table in a table is depth 2.
inline constexpr int field_depth_max = 64;

/// Whether two arguments are the same to RabbitMQ: integers compare by value whatever their width,
/// and so do the two floating-point types; everything else, and all that is nested, exactly.
[[nodiscard]] bool is_equivalent(const FieldValue& left, const FieldValue& right) noexcept;

/// Checks entries without building anything: every length, tag and the nesting.
[[nodiscard]] Decoded<void> validate_entries(Bytes entries,
                                             int depth_max = field_depth_max) noexcept;

/// Decodes entries (no leading length); all bytes must be used.
[[nodiscard]] Decoded<FieldTable> decode_entries(Bytes entries, int depth_max = field_depth_max);

struct DecodedTable {
  FieldTable table;
  std::size_t bytes_used = 0;  ///< with the four octets of length
};
/// Decodes a table behind its length at the front of `encoded`; further bytes may follow.
[[nodiscard]] Decoded<DecodedTable> decode_table(Bytes encoded, int depth_max = field_depth_max);

/// Appends the entries, without a leading length.
void append_entries(std::string& out, const FieldTable& table);
/// Appends the table behind its length.
void append_table(std::string& out, const FieldTable& table);
/// Appends the tag octet and the value.
void append_value(std::string& out, const FieldValue& value);
/// The entries, without a leading length.
[[nodiscard]] std::string encode_entries(const FieldTable& table);

}  // namespace tern
