// Lint: looks at definitions as a whole for what an import would refuse, and for what it would take
// though nobody can have meant it: bindings to nowhere, dead-letter exchanges that do not exist,
// policies that match nothing. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "broker/definitions.hpp"

namespace tern::broker {

enum class LintLevel : std::uint8_t {
  error,    ///< an import would be refused
  warning,  ///< messages are lost, or a setting has no effect
  note      ///< may well be meant
};

/// "error", "warning" or "note".
[[nodiscard]] std::string_view to_text(LintLevel level) noexcept;

struct LintFinding {
  DefinitionOrigin where;  ///< "shop.json: $.queues[3]"
  LintLevel level = LintLevel::error;
  std::string text;

  friend bool operator==(const LintFinding&, const LintFinding&) = default;
};

struct LintOptions {
  /// What is there without being defined.
  std::string default_vhost = "/";
  std::string default_user = "guest";
  /// See PolicyBook.
  bool policies_merge = true;
};

/// In the order of the sections, entry by entry; each finding once.
[[nodiscard]] std::vector<LintFinding> lint_definitions(const Definitions& definitions,
                                                        const LintOptions& options = {});

}  // namespace tern::broker
