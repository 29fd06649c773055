// Pattern: a regular expression of a policy or a permission, in the dialect of RabbitMQ (PCRE) and
// compiled once. What an operator wrote can be slow beyond measure on some names, so every match
// has a bound of work; one that reaches it does not match. Immutable; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace tern::broker {

class Pattern {
 public:
  /// The error says what is wrong, where in the pattern, and quotes it.
  [[nodiscard]] static Result<std::shared_ptr<const Pattern>> compile(const std::string& text);

  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  /// Whether the expression is found anywhere in `name` (it anchors itself if it wants to).
  [[nodiscard]] bool matches(std::string_view name) const;
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  struct Code;
  Pattern(std::string text, std::unique_ptr<Code> code, bool matches_all);

  std::string text_;
  std::unique_ptr<Code> code_;
  bool matches_all_;  ///< by far the most frequent pattern needs no engine
};
using PatternPointer = std::shared_ptr<const Pattern>;

/// The text as a pattern that finds just that text.
[[nodiscard]] std::string quote_for_pattern(std::string_view text);

}  // namespace tern::broker
