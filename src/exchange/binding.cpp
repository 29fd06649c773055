// Identity of bindings: their hash and the one order of their arguments (binding.hpp).
#include "exchange/binding.hpp"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "message/table_view.hpp"

namespace tern::exchange {

std::size_t BindingHash::operator()(const Binding& binding) const noexcept {
  const auto target =
      std::uint64_t{binding.target.id} << 1 | static_cast<std::uint64_t>(binding.target.kind);
  std::uint64_t hash = std::hash<std::string_view>{}(binding.routing_key);
  if (!binding.arguments.empty())
    hash = hash * 31 + std::hash<std::string_view>{}(binding.arguments);
  hash ^= (target + 1) * 0x9E3779B97F4A7C15ULL;
  return static_cast<std::size_t>(hash ^ hash >> 32);
}

Result<std::string> canonical_arguments(Bytes entries) {
  if (const auto valid = validate_entries(entries); !valid)
    return Error{std::string("binding arguments: ") + to_text(valid.error())};
  std::vector<TableView::Entry> sorted;
  TableView table(entries);
  while (const auto entry = table.next()) sorted.push_back(*entry);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& left, const auto& right) { return left.name < right.name; });
  std::string canonical;
  canonical.reserve(entries.size());
  for (const TableView::Entry& entry : sorted) canonical += entry.encoded;
  return Result<std::string>(boost::system::in_place_value, std::move(canonical));
}

}  // namespace tern::exchange
