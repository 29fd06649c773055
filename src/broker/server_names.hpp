// Names that the server makes: queues without a name, consumer tags without a tag. Pure.
#pragma once

#include <random>
#include <string>
#include <string_view>

namespace tern::broker {

inline constexpr std::string_view queue_name_prefix = "amq.gen-";
inline constexpr std::string_view consumer_tag_prefix = "amq.ctag-";

/// Seeded by its owner (std::random_device; a fixed seed in tests); one per thread that makes
/// names.
using RandomSource = std::mt19937_64;

/// `prefix` and 22 characters of base64url (128 random bits, so that names do not meet by chance).
[[nodiscard]] std::string make_server_name(std::string_view prefix, RandomSource& random);

}  // namespace tern::broker
