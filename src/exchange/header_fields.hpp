// HeaderFields: a message's headers (or a binding's arguments) decoded once for comparing. All of
// it views the encoded bytes, which must outlive it. Part of HeadersMatcher, same thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "message/table_view.hpp"

namespace tern::exchange {

/// A value in the form in which it is compared: equal if all three are equal. Integers of every
/// width are one family, and so are both floating-point types; every other type is its own family
/// (so 1, "1" and true all differ), and what is nested compares exactly as it was sent.
struct HeaderValue {
  char family = 'V';       ///< a type tag that stands for its family; 'V' is void
  std::uint64_t bits = 0;  ///< numbers, booleans
  Bytes content;           ///< everything else

  friend bool operator==(const HeaderValue&, const HeaderValue&) = default;
};

[[nodiscard]] HeaderValue to_header_value(const FieldView& field) noexcept;

struct HeaderField {
  Bytes name;
  HeaderValue value;
  std::uint64_t name_hash = 0;
  std::uint64_t hash = 0;  ///< of name and value; equals name_hash for no value
};

[[nodiscard]] HeaderField to_header_field(Bytes name, const FieldView& field) noexcept;

class HeaderFields {
 public:
  /// Takes the entries of a table in place of what was there; allocation-free once warm. Of
  /// several fields of one name the first counts. Malformed bytes end the table early.
  void decode(Bytes entries);
  /// The field with the name of `wanted`, or null.
  [[nodiscard]] const HeaderField* find(const HeaderField& wanted) const noexcept;
  [[nodiscard]] std::span<const HeaderField> fields() const noexcept { return fields_; }

 private:
  std::vector<HeaderField> fields_;  ///< sorted by name_hash, then name
};

}  // namespace tern::exchange
