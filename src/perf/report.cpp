#include "perf/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <ostream>

namespace tern::perf {
namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

// As many digits as mean something.
double rounded(double value) {
  const double size = std::abs(value);
  const double scale = size >= 1000 ? 1 : size >= 10 ? 100 : 10000;
  return std::isfinite(value) ? std::round(value * scale) / scale : 0;
}

std::string shown(double value) {
  return fmt::format("{}", rounded(value));
}

}  // namespace

void Report::add(std::string key, const Histogram& histogram) {
  if (histogram.count() == 0) return;
  Percentiles percentiles;
  const auto micros = [](Nanos nanos) { return static_cast<double>(nanos) / 1e3; };
  for (const auto& [name, percent] : {std::pair{"p50", 50.0},
                                      {"p90", 90.0},
                                      {"p95", 95.0},
                                      {"p99", 99.0},
                                      {"p99.9", 99.9},
                                      {"p99.99", 99.99}})
    percentiles.values.emplace_back(name, micros(histogram.percentile(percent)));
  percentiles.values.emplace_back("max", micros(histogram.maximum()));
  percentiles.values.emplace_back("mean", histogram.mean() / 1e3);
  percentiles.values.emplace_back("count", static_cast<double>(histogram.count()));
  percentiles.drawing = draw(histogram);
  entries_.push_back({std::move(key), std::move(percentiles)});
}

void Report::add_error(std::string text) {
  has_error_ = true;
  add("error", std::move(text));
}

void Report::print_text(std::ostream& out) const {
  std::size_t width = 0;
  for (const auto& [key, value] : entries_) width = std::max(width, key.size());
  for (const auto& [key, value] : entries_) {
    std::string name = key;
    std::replace(name.begin(), name.end(), '_', ' ');
    const std::string text =
        std::visit(Overloaded{[](double number) { return shown(number); },
                              [](std::uint64_t number) { return std::to_string(number); },
                              [](const std::string& words) { return words; },
                              [](const Percentiles& percentiles) {
                                std::string all;
                                for (const auto& [percent, number] : percentiles.values)
                                  all += fmt::format("{}{} {}", all.empty() ? "" : "  ", percent,
                                                     shown(number));
                                return all + "\n" + percentiles.drawing;
                              }},
                   value);
    out << fmt::format("{:<{}}  {}", name, width, text) << (text.ends_with('\n') ? "" : "\n");
  }
}

void Report::print_json(std::ostream& out) const {
  nlohmann::ordered_json json;
  for (const auto& [key, value] : entries_) {
    auto& place = json[key];
    std::visit(Overloaded{[&](double number) { place = rounded(number); },
                          [&](const Percentiles& percentiles) {
                            for (const auto& [percent, number] : percentiles.values)
                              place[percent] = rounded(number);
                          },
                          [&](const auto& plain) { place = plain; }},
               value);
  }
  out << json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}

}  // namespace tern::perf
