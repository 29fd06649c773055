// What a client says of itself: properties, capabilities, and the response to the login. Pure.
#pragma once

#include <string>

#include "message/field_table.hpp"
#include "ternmq/options.hpp"

namespace tern::client {

/// Encoded entries for connection.start-ok.
[[nodiscard]] std::string client_properties(const ternmq::connection_options& options);
[[nodiscard]] std::string_view mechanism_name(ternmq::auth_mechanism mechanism) noexcept;
/// What the mechanism asks for: PLAIN's user and password, EXTERNAL's nothing.
[[nodiscard]] std::string login_response(const ternmq::connection_options& options);
/// Whether the broker's list, separated by spaces, has it.
[[nodiscard]] bool offers_mechanism(std::string_view list, ternmq::auth_mechanism mechanism);

/// Of two limits, each of which may be 0 for "none", the one that holds.
template <class T>
[[nodiscard]] constexpr T lower_limit(T ours, T theirs) noexcept {
  if (ours == 0 || theirs == 0) return ours == 0 ? theirs : ours;
  return ours < theirs ? ours : theirs;
}

}  // namespace tern::client
