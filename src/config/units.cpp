// A value with a unit is digits, perhaps blanks, and a unit out of a table.
#include "config/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace tern::config {

namespace {

struct NamedFactor {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<NamedFactor, 9> size_units{{{"B", 1},
                                                 {"KiB", 1ULL << 10},
                                                 {"MiB", 1ULL << 20},
                                                 {"GiB", 1ULL << 30},
                                                 {"TiB", 1ULL << 40},
                                                 {"kB", 1'000},
                                                 {"MB", 1'000'000},
                                                 {"GB", 1'000'000'000},
                                                 {"TB", 1'000'000'000'000}}};

constexpr std::array<NamedFactor, 5> duration_units{
    {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_in_any_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

struct Quantity {
  std::uint64_t count;
  std::string_view unit;
};

Result<Quantity> split(std::string_view text, std::string_view what) {
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error == std::errc::result_out_of_range) return Error{"is too large"};
  if (error != std::errc{}) return Error{fmt::format("is not {}", what)};
  auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  return Quantity{count, unit};
}

Result<std::uint64_t> scale(const Quantity& quantity, std::span<const NamedFactor> units,
                            std::uint64_t max) {
  for (const NamedFactor& unit : units) {
    if (!equal_in_any_case(unit.name, quantity.unit)) continue;
    if (quantity.count > max / unit.factor) return Error{"is too large"};
    return quantity.count * unit.factor;
  }
  std::string names;
  for (const NamedFactor& unit : units) {
    names += names.empty() ? "" : ", ";
    names += unit.name;
  }
  return Error{fmt::format("has an unknown unit '{}' (units: {})", quantity.unit, names)};
}

}  // namespace

Result<std::uint64_t> parse_number(std::string_view text) {
  const auto quantity = split(text, "a whole number");
  if (!quantity) return quantity.error();
  if (!quantity->unit.empty()) return Error{"is not a whole number"};
  return quantity->count;
}

Result<std::uint64_t> parse_size(std::string_view text) {
  const auto quantity = split(text, "a size");
  if (!quantity) return quantity.error();
  if (quantity->unit.empty()) return quantity->count;
  return scale(*quantity, size_units, std::numeric_limits<std::uint64_t>::max());
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto quantity = split(text, "a duration");
  if (!quantity) return quantity.error();
  if (quantity->unit.empty()) {
    if (quantity->count == 0) return std::chrono::milliseconds(0);
    return Error{"has no unit (units: ms, s, m, h, d)"};
  }
  const auto count = scale(*quantity, duration_units, std::numeric_limits<std::int64_t>::max());
  if (!count) return count.error();
  return std::chrono::milliseconds(static_cast<std::int64_t>(*count));
}

std::string format_size(std::uint64_t bytes) {
  const NamedFactor* best = nullptr;
  for (const NamedFactor& unit : size_units) {
    const bool binary = (unit.factor & (unit.factor - 1)) == 0 && unit.factor > 1;
    if (bytes == 0 || !binary || bytes % unit.factor != 0) continue;
    if (best == nullptr || unit.factor > best->factor) best = &unit;
  }
  if (best == nullptr) return fmt::format("{}", bytes);
  return fmt::format("{}{}", bytes / best->factor, best->name);
}

std::string format_duration(std::chrono::milliseconds duration) {
  const auto count = duration.count();
  if (count % 1000 == 0) return fmt::format("{}s", count / 1000);
  return fmt::format("{}ms", count);
}

}  // namespace tern::config
