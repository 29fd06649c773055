#include "ternmq/table.hpp"

#include <algorithm>

namespace ternmq {

table::table() noexcept = default;
table::table(std::initializer_list<entry> entries) : entries_(entries) {}
table::table(const table&) = default;
table::table(table&&) noexcept = default;
table& table::operator=(const table&) = default;
table& table::operator=(table&&) noexcept = default;
table::~table() = default;

const value* table::find(std::string_view name) const noexcept {
  for (const auto& [key, content] : entries_)
    if (key == name) return &content;
  return nullptr;
}

void table::set(std::string name, value value_of_name) {
  for (auto& [key, content] : entries_)
    if (key == name) {
      content = std::move(value_of_name);
      return;
    }
  entries_.emplace_back(std::move(name), std::move(value_of_name));
}

void table::erase(std::string_view name) {
  std::erase_if(entries_, [name](const entry& one) { return one.first == name; });
}

bool operator==(const table& left, const table& right) {
  return left.entries_ == right.entries_;
}

std::int64_t value::integer(std::int64_t otherwise) const noexcept {
  return std::visit(
      [otherwise](const auto& content) -> std::int64_t {
        using T = std::decay_t<decltype(content)>;
        if constexpr (std::integral<T> && !std::same_as<T, bool>)
          return static_cast<std::int64_t>(content);
        else
          return otherwise;
      },
      value_);
}

std::string_view value::text() const noexcept {
  const auto* text = as<std::string>();
  return text != nullptr ? std::string_view(*text) : std::string_view();
}

}  // namespace ternmq
