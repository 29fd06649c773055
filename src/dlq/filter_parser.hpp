// FilterParser: reads the text of a MessageFilter, once. A local value.
#pragma once

#include "dlq/message_filter.hpp"

namespace tern::dlq {

class FilterParser {
 public:
  explicit FilterParser(std::string_view text) noexcept : text_(text) {}
  [[nodiscard]] Result<MessageFilter> parse();

 private:
  [[nodiscard]] bool is_at_end() const noexcept { return at_ == text_.size(); }
  [[nodiscard]] bool is_at(char c) const noexcept { return !is_at_end() && text_[at_] == c; }
  void skip_spaces() noexcept;
  Result<MessageFilter::Term> parse_term();
  /// After the kind: what it is about, and checks that belong to the kind.
  Result<void> parse_header(MessageFilter::Term& term);
  Result<void> parse_property(MessageFilter::Term& term);
  Result<void> parse_value(MessageFilter::Term& term, std::string_view what);
  /// A piece in quotes, or up to a space (and up to `=` for a name).
  Result<std::string> parse_piece(std::string_view what, bool is_name);
  Result<std::string> parse_quoted();
  [[nodiscard]] Error expected(std::string_view what, std::size_t at) const;

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace tern::dlq
