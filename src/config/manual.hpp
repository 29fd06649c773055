// What people read about the options, made from the table.
#pragma once

#include <string>

namespace tern::config {

/// The flags with their defaults, for `--help`.
[[nodiscard]] std::string flags_help();

/// docs/configuration.md, whole.
[[nodiscard]] std::string docs_page();

}  // namespace tern::config
