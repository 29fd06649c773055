// Field tables: the typed name-value lists of AMQP 0-9-1, as they stand in headers and in the
// arguments of queues, exchanges, bindings and consumers.
//
//   ternmq::table arguments{{"x-max-length", 1000}, {"x-queue-type", "quorum"}};
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ternmq {

class value;

/// A byte string, told from text on the wire.
struct binary {
  /// Any.
  std::string bytes;
  /// Whether the bytes are equal.
  friend bool operator==(const binary&, const binary&) = default;
};

/// A decimal number: value / 10^scale.
struct decimal {
  /// Digits behind the point.
  std::uint8_t scale = 0;
  /// All digits.
  std::uint32_t value = 0;
  /// Whether both parts are equal: 1.0 is not 1.00.
  friend bool operator==(const decimal&, const decimal&) = default;
};

/// Seconds, as on the wire.
using timestamp = std::chrono::sys_seconds;
/// Values of any types.
using array = std::vector<value>;

/// Name-value pairs in their order. Names have at most 255 octets.
class table {
 public:
  /// A name and its value.
  using entry = std::pair<std::string, value>;

  // Defined where value is complete.
  /// Empty.
  table() noexcept;
  /// Of these entries.
  table(std::initializer_list<entry> entries);
  /// A copy, values and all.
  table(const table&);
  /// Leaves an empty one.
  table(table&&) noexcept;
  /// Copies, values and all.
  table& operator=(const table&);
  /// Leaves an empty one.
  table& operator=(table&&) noexcept;
  /// Frees the values.
  ~table();

  /// The first value of that name, or nullptr.
  [[nodiscard]] const value* find(std::string_view name) const noexcept;
  /// Replaces the first value of that name, or appends.
  void set(std::string name, value value_of_name);
  /// Removes the first value of that name.
  void erase(std::string_view name);

  /// Whether it has no entries.
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  /// The number of entries.
  [[nodiscard]] std::size_t size() const noexcept;
  /// Entries, in their order.
  [[nodiscard]] auto begin() const noexcept { return entries_.begin(); }
  /// The end of them.
  [[nodiscard]] auto end() const noexcept { return entries_.end(); }

  /// Whether they have equal entries in the same order.
  friend bool operator==(const table& left, const table& right);

 private:
  std::vector<entry> entries_;
};

/// One value. The C++ type decides the type on the wire.
class value {
 public:
  /// What a value may be.
  using variant = std::variant<std::monostate, bool, std::int8_t, std::uint8_t, std::int16_t,
                               std::uint16_t, std::int32_t, std::uint32_t, std::int64_t, float,
                               double, decimal, std::string, binary, timestamp, array, table>;

  /// Void.
  value() = default;
  /// True or false.
  value(bool flag) : value_(flag) {}
  /// An integer of the same width and sign. AMQP has no unsigned 64-bit one: cast, and say so.
  template <std::integral T>
  requires(!std::same_as<T, bool> && (std::signed_integral<T> || sizeof(T) < 8)) value(T number)
      : value_(to_exact(number)) {}
  /// 32 bits.
  value(float number) : value_(number) {}
  /// 64 bits.
  value(double number) : value_(number) {}
  /// With a decimal point.
  value(decimal number) : value_(number) {}
  /// Text.
  value(const char* text) : value_(std::in_place_type<std::string>, text) {}
  /// Text.
  value(std::string_view text) : value_(std::in_place_type<std::string>, text) {}
  /// Text.
  value(std::string text) : value_(std::move(text)) {}
  /// Bytes.
  value(binary bytes) : value_(std::move(bytes)) {}
  /// A time.
  value(timestamp time) : value_(time) {}
  /// An array.
  value(array values) : value_(std::move(values)) {}
  /// A table within.
  value(table entries) : value_(std::move(entries)) {}

  /// The value as T, or nullptr if it is of another type.
  template <class T>
  [[nodiscard]] const T* as() const noexcept {
    return std::get_if<T>(&value_);
  }
  /// Any of the integer types as int64, or `otherwise`.
  [[nodiscard]] std::int64_t integer(std::int64_t otherwise = 0) const noexcept;
  /// The text, or an empty one if this is something else.
  [[nodiscard]] std::string_view text() const noexcept;
  /// For std::visit.
  [[nodiscard]] const variant& alternatives() const noexcept { return value_; }

  /// Whether type and value are equal.
  friend bool operator==(const value& left, const value& right) {
    return left.value_ == right.value_;
  }

 private:
  template <class T>
  static auto to_exact(T number) noexcept {
    if constexpr (sizeof(T) == 8)
      return static_cast<std::int64_t>(number);
    else if constexpr (sizeof(T) == 4)
      return static_cast<std::conditional_t<std::is_signed_v<T>, std::int32_t, std::uint32_t>>(
          number);
    else if constexpr (sizeof(T) == 2)
      return static_cast<std::conditional_t<std::is_signed_v<T>, std::int16_t, std::uint16_t>>(
          number);
    else
      return static_cast<std::conditional_t<std::is_signed_v<T>, std::int8_t, std::uint8_t>>(
          number);
  }

  variant value_;
};

inline std::size_t table::size() const noexcept {
  return entries_.size();
}

}  // namespace ternmq
