// Binding: one line of an exchange's table, and what it points at. Plain values; whoever owns the
// topology makes them, a matcher keeps its own copy. Any thread.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace tern::exchange {

/// What a binding points at, as a number that the topology owns, so that collecting targets never
/// hashes a name.
struct Target {
  enum class Kind : std::uint8_t { queue, exchange };

  Kind kind = Kind::queue;
  std::uint32_t id = 0;  ///< the raw QueueId, or the topology's number of the exchange

  friend auto operator<=>(const Target&, const Target&) = default;
};

/// A binding is identified by all three together: two that differ in their arguments only are two.
struct Binding {
  Target target;
  std::string routing_key;
  /// The entries of an AMQP field table, without the table's length in front, in the order that
  /// canonical_arguments() gives them. Empty for an empty table.
  std::string arguments;

  friend bool operator==(const Binding&, const Binding&) = default;
};

struct BindingHash {
  [[nodiscard]] std::size_t operator()(const Binding& binding) const noexcept;
};

/// The same table with its entries sorted by name (equal names keep their order), so that clients
/// which write a binding's arguments in another order mean the same binding. `entries` is an
/// encoded field table without its length in front. Error: the entries cannot be decoded.
[[nodiscard]] Result<std::string> canonical_arguments(Bytes entries);

}  // namespace tern::exchange
