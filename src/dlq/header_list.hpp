// HeaderList: the headers of one message while it is made into another: entries are replaced and
// removed without decoding what they hold. A short-lived local value; any thread.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "message/table_view.hpp"

namespace tern::dlq {

/// Appends a value as it stands in tables and arrays: tag, length where the type has one, octets.
void append_field(std::string& out, const FieldView& field);
/// The same for a value that is made here.
[[nodiscard]] std::string encode_text(Bytes text);
[[nodiscard]] std::string encode_long(std::int64_t number);
[[nodiscard]] std::string encode_timestamp(std::uint64_t seconds);
/// `content`: entries of a table ('F') or values of an array ('A').
[[nodiscard]] std::string encode_nested(char tag, Bytes content);

class HeaderList {
 public:
  /// `entries`: the bytes of a table without its length, which must outlive the list.
  explicit HeaderList(Bytes entries);

  /// The first value of that name.
  [[nodiscard]] std::optional<FieldView> find(Bytes name) const noexcept;
  /// Replaces the first value of that name, or adds it. `name` must outlive the list; `value` is
  /// tag and octets, as the functions above make it.
  void set(Bytes name, std::string value);
  /// Removes all values of that name.
  void erase(Bytes name);
  /// The entries sorted by name, which is the order RabbitMQ gives to headers that it changed.
  /// Equal names keep their order.
  [[nodiscard]] std::string encode_sorted();

 private:
  struct Item {
    Bytes name;
    Bytes value;  ///< with its tag
  };

  std::vector<Item> items_;
  std::deque<std::string> made_;  ///< values given to set(): a deque does not move them
};

}  // namespace tern::dlq
