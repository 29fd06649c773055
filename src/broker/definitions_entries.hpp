// The sections of a definitions file: their entries, read and checked one by one. Internal to
// definitions*.cpp. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "broker/definitions.hpp"
#include "broker/definitions_json.hpp"

namespace tern::broker {

/// Whether a key at the top of a file is that of a section: "queues", "bindings", …
[[nodiscard]] bool is_section(std::string_view key) noexcept;

/// Reads all sections of `root`, an object. With `vhost`, all entries are of that virtual host.
/// What is wrong goes to `findings`, and is left out of the result.
[[nodiscard]] Definitions read_sections(const Json& root, const std::optional<std::string>& vhost,
                                        Findings& findings);

}  // namespace tern::broker
