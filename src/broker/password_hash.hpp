// Passwords at rest: base64 of a 4-byte salt and a digest of salt and password, which is SHA-256
// for what is made here (RabbitMQ's rabbit_password_hashing_sha256), so that definitions move
// between the two; hashes made elsewhere may be SHA-512 or MD5. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace tern::broker {

/// The 32 bytes of SHA-256.
[[nodiscard]] std::string sha256(Bytes bytes);

[[nodiscard]] std::string hash_password(std::uint32_t salt, std::string_view password);

inline constexpr std::string_view default_hashing_algorithm = "rabbit_password_hashing_sha256";

/// rabbit_password_hashing_sha256, …_sha512 or …_md5.
[[nodiscard]] bool is_hashing_algorithm(std::string_view name) noexcept;
/// Whether the text can be a hash of that algorithm, which is a known one.
[[nodiscard]] bool is_password_hash(std::string_view hash, std::string_view algorithm);

/// Whether `password` has that hash; takes as long for any two hashes of an algorithm. False for
/// what is no hash or of no known algorithm.
[[nodiscard]] bool is_password(std::string_view password, std::string_view hash,
                               std::string_view algorithm = default_hashing_algorithm);

}  // namespace tern::broker
