// Passwords at rest: base64 of a 4-byte salt and SHA-256(salt ‖ password), which is what RabbitMQ
// calls rabbit_password_hashing_sha256, so that definitions move between the two. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace tern::broker {

/// The 32 bytes of SHA-256.
[[nodiscard]] std::string sha256(Bytes bytes);

[[nodiscard]] std::string hash_password(std::uint32_t salt, std::string_view password);

/// Whether `password` has that hash; takes as long for any two hashes. False for what is no hash.
[[nodiscard]] bool is_password(std::string_view password, std::string_view hash);

}  // namespace tern::broker
