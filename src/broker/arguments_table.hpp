// What the two parts of the table of queue arguments share (arguments.hpp has the entry's type).
// Internal to them and to arguments.cpp.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "broker/arguments.hpp"

namespace tern::broker {

/// Those that RabbitMQ 3 has, in the order in which it checks and compares them.
[[nodiscard]] std::span<const QueueArgument> arguments_of_rabbitmq() noexcept;
/// Retries, as RabbitMQ 4.3 has them, and what only TernMQ has.
[[nodiscard]] std::span<const QueueArgument> further_arguments() noexcept;

namespace table_words {

inline constexpr auto classic = static_cast<std::uint8_t>(QueueType::classic);
inline constexpr auto quorum = static_cast<std::uint8_t>(QueueType::quorum);
inline constexpr auto stream = static_cast<std::uint8_t>(QueueType::stream);
inline constexpr std::uint8_t nothing = 0;

inline constexpr auto integer = ArgumentType::integer;
inline constexpr auto boolean = ArgumentType::boolean;
inline constexpr auto text = ArgumentType::text;
inline constexpr auto lowest = Combination::lowest;

inline constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t ten_years = 315'360'000'000;  // ms; RabbitMQ's bound of timers
inline constexpr std::int64_t thousand_years = 100 * ten_years;

inline constexpr std::string_view too_large = "{value_too_large,%}";

}  // namespace table_words
}  // namespace tern::broker
