// Base64 in its two alphabets: the plain one with padding (password hashes) and the one for names
// in URLs without padding (server-made names). Pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.hpp"

namespace tern {

/// Standard alphabet (`+`, `/`), padded with `=` to a multiple of four.
[[nodiscard]] std::string encode_base64(Bytes bytes);

/// URL alphabet (`-`, `_`), no padding: 16 bytes give 22 characters.
[[nodiscard]] std::string encode_base64url(Bytes bytes);

/// Reads the standard alphabet with its padding; nothing for any other text.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace tern
