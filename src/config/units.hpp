// Sizes and durations as people write them: `16MiB`, `500ms`. Pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace tern::config {

// An error's text is the rest of a sentence that starts with the value: "is not a whole number".

/// A whole number in decimal, without sign or separators.
[[nodiscard]] Result<std::uint64_t> parse_number(std::string_view text);

/// Bytes: a whole number alone or with B, KiB, MiB, GiB, TiB (1024) or kB, MB, GB, TB (1000), in
/// any case.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

/// A whole number with ms, s, m, h or d. A number alone is refused, but for 0: its unit would be
/// a guess.
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The shortest text that parse_size reads back as `bytes`, in units of 1024.
[[nodiscard]] std::string format_size(std::uint64_t bytes);

/// In seconds where it is whole seconds, in milliseconds otherwise.
[[nodiscard]] std::string format_duration(std::chrono::milliseconds duration);

}  // namespace tern::config
