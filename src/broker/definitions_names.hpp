// Words that definitions files use for what definitions.hpp has types for. Pure; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "broker/definitions.hpp"

namespace tern::broker {

inline constexpr std::string_view hashing_names[] = {"rabbit_password_hashing_sha256",
                                                     "rabbit_password_hashing_sha512",
                                                     "rabbit_password_hashing_md5"};

/// Runtime parameters of these components are policies; RabbitMQ exports operator policies so.
inline constexpr std::string_view policy_component = "policy";
inline constexpr std::string_view operator_policy_component = "operator_policy";

/// The parameter that holds a virtual host's limits.
inline constexpr std::string_view vhost_limits_component = "vhost-limits";
inline constexpr std::string_view vhost_limits_name = "limits";

inline constexpr std::string_view apply_to_names[] = {"all",           "queues",  "classic_queues",
                                                      "quorum_queues", "streams", "exchanges"};

[[nodiscard]] constexpr std::string_view to_text(ApplyTo apply_to) noexcept {
  return apply_to_names[static_cast<std::size_t>(apply_to)];
}

[[nodiscard]] constexpr std::optional<ApplyTo> parse_apply_to(std::string_view text) noexcept {
  for (std::size_t index = 0; index < std::size(apply_to_names); ++index) {
    if (apply_to_names[index] == text) return static_cast<ApplyTo>(index);
  }
  return std::nullopt;
}

}  // namespace tern::broker
