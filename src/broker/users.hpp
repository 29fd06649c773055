// Permissions: the words for what a user may do to what. Every place where RabbitMQ checks one asks
// the shard's LocalAccess (local_access.hpp).
#pragma once

#include <cstdint>
#include <string_view>

namespace tern::broker {

enum class ResourceKind : std::uint8_t { exchange, queue, topic };
enum class Permission : std::uint8_t { configure, write, read };

/// The word in RabbitMQ's texts.
[[nodiscard]] std::string_view to_text(Permission permission) noexcept;

}  // namespace tern::broker
