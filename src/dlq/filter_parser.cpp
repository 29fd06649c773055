// The grammar of message filters (message_filter.hpp), by recursive descent without recursion.
#include "dlq/filter_parser.hpp"

#include <algorithm>
#include <utility>

#include "dlq/property_names.hpp"

namespace tern::dlq {
namespace {

using Kind = MessageFilter::Kind;

struct KindName {
  std::string_view name;
  Kind kind;
};
constexpr KindName kind_names[] = {{"header", Kind::header}, {"property", Kind::property},
                                   {"key", Kind::key},       {"exchange", Kind::exchange},
                                   {"body", Kind::body},     {"reason", Kind::reason},
                                   {"queue", Kind::queue}};
constexpr std::string_view kinds_text =
    "header:, property:, key:, exchange:, body:, reason: or queue:";
constexpr std::string_view reasons[] = {"rejected", "expired", "maxlen", "delivery_limit"};

bool is_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace

Result<MessageFilter> MessageFilter::parse(std::string_view text) {
  if (text.size() > text_bytes_max)
    return Error{"filter: expected at most " + std::to_string(text_bytes_max) + " bytes, got " +
                 std::to_string(text.size())};
  return FilterParser(text).parse();
}

Result<MessageFilter> FilterParser::parse() {
  MessageFilter filter;
  for (skip_spaces(); !is_at_end(); skip_spaces()) {
    if (filter.terms_.size() == MessageFilter::terms_max)
      return expected("at most " + std::to_string(MessageFilter::terms_max) + " terms", at_);
    auto term = parse_term();
    if (!term) return term.error();
    filter.terms_.push_back(std::move(*term));
    if (!is_at_end() && !is_space(text_[at_])) return expected("a space after the term", at_);
  }
  return filter;
}

Result<MessageFilter::Term> FilterParser::parse_term() {
  MessageFilter::Term term;
  if (is_at('-')) {
    term.is_negated = true;
    ++at_;
  }
  const std::size_t start = at_;
  const std::size_t colon = text_.find(':', start);
  const std::string_view name = text_.substr(start, colon - start);
  const auto* const found = std::find_if(std::begin(kind_names), std::end(kind_names),
                                         [&](const KindName& each) { return each.name == name; });
  if (colon == std::string_view::npos || found == std::end(kind_names))
    return expected(kinds_text, start);
  term.kind = found->kind;
  at_ = colon + 1;
  Result<void> parsed;
  if (term.kind == Kind::header) {
    parsed = parse_header(term);
  } else if (term.kind == Kind::property) {
    parsed = parse_property(term);
  } else {
    parsed = parse_value(term, found->name);
  }
  if (!parsed) return parsed.error();
  return term;
}

Result<void> FilterParser::parse_header(MessageFilter::Term& term) {
  auto name = parse_piece("the name of a header", true);
  if (!name) return name.error();
  term.name = std::move(*name);
  return is_at('=') ? (++at_, parse_value(term, "header")) : Result<void>();
}

Result<void> FilterParser::parse_property(MessageFilter::Term& term) {
  const std::size_t start = at_;
  const auto name = parse_piece("the name of a property", true);
  if (!name) return name.error();
  const auto property = find_property(*name);
  if (!property) return expected("the name of a property, such as message_id", start);
  term.property = *property;
  return is_at('=') ? (++at_, parse_value(term, "property")) : Result<void>();
}

Result<void> FilterParser::parse_value(MessageFilter::Term& term, std::string_view what) {
  const std::size_t start = at_;
  auto value = parse_piece("a value for " + std::string(what), false);
  if (!value) return value.error();
  term.value = std::move(*value);
  term.has_value = true;
  const bool is_known = std::count(std::begin(reasons), std::end(reasons), term.value) != 0;
  if (term.kind == Kind::reason && !is_known)
    return expected("rejected, expired, maxlen or delivery_limit", start);
  if (term.kind == Kind::body && term.value.empty()) return expected("a text to look for", start);
  return {};
}

Result<std::string> FilterParser::parse_piece(std::string_view what, bool is_name) {
  if (is_at('"')) return parse_quoted();
  const std::size_t start = at_;
  while (!is_at_end() && !is_space(text_[at_]) && text_[at_] != '"' &&
         !(is_name && text_[at_] == '='))
    ++at_;
  if (at_ == start) return expected(what, start);
  return {boost::system::in_place_value, text_.substr(start, at_ - start)};
}

Result<std::string> FilterParser::parse_quoted() {
  std::string piece;
  for (++at_; !is_at_end(); ++at_) {
    const char c = text_[at_];
    if (c == '"') {
      ++at_;
      return {boost::system::in_place_value, std::move(piece)};
    }
    if (c != '\\') {
      piece.push_back(c);
      continue;
    }
    ++at_;
    if (!is_at('"') && !is_at('\\')) return expected("\\\" or \\\\", at_);
    piece.push_back(text_[at_]);
  }
  return expected("a closing quote", at_);
}

void FilterParser::skip_spaces() noexcept {
  while (!is_at_end() && is_space(text_[at_])) ++at_;
}

Error FilterParser::expected(std::string_view what, std::size_t at) const {
  constexpr std::size_t shown_max = 20;
  std::string text = "filter, column " + std::to_string(at + 1) + ": expected ";
  text.append(what).append(", got ");
  if (at >= text_.size()) return {text + "the end"};
  const auto end = std::find_if(text_.begin() + static_cast<std::ptrdiff_t>(at), text_.end(),
                                [](char c) { return is_space(c); });
  const auto bytes = static_cast<std::size_t>(end - text_.begin()) - at;
  text.append("'").append(text_.substr(at, std::clamp<std::size_t>(bytes, 1, shown_max)));
  return {text.append(bytes > shown_max ? "...'" : "'")};
}

}  // namespace tern::dlq
