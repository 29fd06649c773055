// Optimal string alignment with three rows: names are short, and it runs only when one is wrong.
#include "config/nearest.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "base/ensure.hpp"

namespace tern::config {

namespace {

char fold(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  return c == '-' ? '_' : c;
}

std::string_view after_last_dot(std::string_view key) {
  const auto dot = key.rfind('.');
  return dot == std::string_view::npos ? key : key.substr(dot + 1);
}

std::size_t distance_to(std::string_view name, std::string_view candidate) {
  const std::size_t whole = edit_distance(name, candidate);
  const auto short_candidate = after_last_dot(candidate);
  if (short_candidate == candidate) return whole;
  return std::min(whole, edit_distance(after_last_dot(name), short_candidate) + 2);
}

}  // namespace

std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> before(right.size() + 1);
  std::vector<std::size_t> previous(right.size() + 1);
  std::vector<std::size_t> current(right.size() + 1);
  std::iota(previous.begin(), previous.end(), std::size_t{0});
  for (std::size_t i = 1; i <= left.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const bool same = fold(left[i - 1]) == fold(right[j - 1]);
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + !same});
      if (i > 1 && j > 1 && fold(left[i - 1]) == fold(right[j - 2]) &&
          fold(left[i - 2]) == fold(right[j - 1])) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[right.size()];
}

std::string nearest(std::string_view name, std::span<const std::string> candidates) {
  ensure(!candidates.empty(), "nearest name among none");
  // A very long name is not a slip of the fingers, and the table is quadratic in its length.
  name = name.substr(0, 256);
  const std::string* best = nullptr;
  std::size_t best_distance = std::numeric_limits<std::size_t>::max();
  for (const std::string& candidate : candidates) {
    const auto distance = distance_to(name, candidate);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = &candidate;
  }
  return *best;
}

}  // namespace tern::config
