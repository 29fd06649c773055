// Looking into an encoded field table or array without allocating: the publish path asks "is CC
// there?" for every message that has headers. A view is as short-lived as the bytes under it.
// Every step is bounds-checked, so a view over malformed bytes just ends early.
#pragma once

#include <optional>

#include "message/field_table.hpp"

namespace tern {

/// One value, still encoded.
struct FieldView {
  char tag = 'V';
  /// Content without its length for S, x, A and F; the fixed-size octets for everything else.
  Bytes content;

  /// The text, if this is a long string.
  [[nodiscard]] std::optional<Bytes> text() const noexcept {
    return tag == 'S' ? std::optional<Bytes>(content) : std::nullopt;
  }
  /// The number, if this is one of the integer types.
  [[nodiscard]] std::optional<std::int64_t> integer() const noexcept;
  /// As RabbitMQ names the type ("longstr"), or "unknown".
  [[nodiscard]] const char* type_name() const noexcept;
  /// An owned copy.
  [[nodiscard]] Decoded<FieldValue> decode(int depth_max = field_depth_max) const;
};

/// Reads one value (tag and octets) at the reader; nothing nested is looked at. On malformed bytes
/// the result is empty and the reader may stand anywhere in its span.
[[nodiscard]] std::optional<FieldView> read_field(ByteReader& reader) noexcept;

/// The values of an encoded array, one after the other.
class ArrayView {
 public:
  /// `values` are the array's bytes without its length (FieldView::content of an 'A').
  explicit ArrayView(Bytes values) noexcept : reader_(values) {}
  /// The next value; nothing at the end (or at the first malformed byte).
  [[nodiscard]] std::optional<FieldView> next() noexcept {
    if (reader_.is_at_end()) return std::nullopt;
    return read_field(reader_);
  }

 private:
  ByteReader reader_;
};

/// The entries of an encoded table.
class TableView {
 public:
  struct Entry {
    Bytes name;
    FieldView value;
    Bytes encoded;  ///< the whole entry: length, name, tag, value
  };

  TableView() noexcept : TableView(Bytes{}) {}
  /// `entries` are the table's bytes without its length.
  explicit TableView(Bytes entries) noexcept : entries_(entries), reader_(entries) {}

  /// The first value of that name. Does not move next().
  [[nodiscard]] std::optional<FieldView> find(Bytes name) const noexcept;
  /// The next entry; nothing at the end (or at the first malformed byte).
  [[nodiscard]] std::optional<Entry> next() noexcept;
  [[nodiscard]] Bytes entries() const noexcept { return entries_; }

 private:
  Bytes entries_;
  ByteReader reader_;
};

/// The entries without those of that name, for taking BCC out of headers.
[[nodiscard]] std::string entries_without(Bytes entries, Bytes name);

}  // namespace tern
