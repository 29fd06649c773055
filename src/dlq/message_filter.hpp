// MessageFilter: which messages of a queue an operator means, for search and redrive. Made from a
// short text once, asked for every message; immutable, any thread.
//
//   header:order              there is a header "order"
//   header:order=17           and its value reads 17 (texts, numbers, true and false)
//   property:app_id=shop      the same of a property; its name with _ or -
//   key:orders.new            its routing key             exchange:orders    its exchange
//   body:"foo bar"            its body contains this
//   reason:expired            why it died last            queue:orders       where it died last
//
// All terms must hold; one with a minus in front (-reason:expired) must not. A name or value that
// contains spaces, =, quotes or nothing stands between double quotes, in which \" is a quote and
// \\ a backslash. No term at all means every message.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "message/message.hpp"
#include "message/properties.hpp"

namespace tern::dlq {

class MessageFilter {
 public:
  static constexpr std::size_t text_bytes_max = 4096;
  static constexpr std::size_t terms_max = 32;

  MessageFilter() = default;  ///< every message

  /// Error: at which column (from 1) something else was expected, and what.
  [[nodiscard]] static Result<MessageFilter> parse(std::string_view text);

  [[nodiscard]] bool matches(const Message& message) const;
  /// Whether it lets every message through without looking.
  [[nodiscard]] bool is_empty() const noexcept { return terms_.empty(); }

  enum class Kind : std::uint8_t { header, property, key, exchange, body, reason, queue };

 private:
  friend class FilterParser;
  struct Term {
    Kind kind = Kind::header;
    Property property = Property::content_type;
    bool is_negated = false;
    bool has_value = false;  ///< header and property: more than being there is asked for
    std::string name;        ///< header
    std::string value;
  };

  [[nodiscard]] static bool holds(const Term& term, const Message& message,
                                  const PropertiesView& properties);

  std::vector<Term> terms_;
};

}  // namespace tern::dlq
