// What the three stores of processed ids check alike. Pure.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string_view>

#include "ternmq/processed_ids.hpp"

namespace ternmq::detail {

inline constexpr std::size_t processed_id_bytes_max = 255;

inline void check_processed_id(std::string_view id) {
  if (id.empty() || id.size() > processed_id_bytes_max)
    throw std::invalid_argument(
        "an id of a processed message has 1 to 255 octets; does the "
        "publisher set message_id?");
}

/// Throws unless it is a name that needs no quotes in SQL. PostgreSQL has 63 octets for one, the
/// index of the table adds some.
inline void check_processed_table(std::string_view table) {
  constexpr std::size_t bytes_max = 48;
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  const bool is_right = !table.empty() && table.size() <= bytes_max && is_letter(table.front()) &&
                        std::all_of(table.begin(), table.end(),
                                    [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
  if (!is_right)
    throw std::invalid_argument(
        "the table of processed ids needs a name of lower-case letters, "
        "digits and underscores");
}

}  // namespace ternmq::detail
