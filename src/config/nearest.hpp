// "Did you mean …": the name nearest to a mistyped one. Pure functions.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace tern::config {

/// How many single edits turn one text into the other: insert, delete, replace a character, or
/// swap two neighbours. Letters of either case are equal, and so are `-` and `_`.
[[nodiscard]] std::size_t edit_distance(std::string_view left, std::string_view right);

/// The candidate nearest to `name`; the first of several equally near ones. A missing or
/// wrong section (`port` for `amqp.port`) counts as two edits. `candidates` is not empty.
[[nodiscard]] std::string nearest(std::string_view name, std::span<const std::string> candidates);

}  // namespace tern::config
