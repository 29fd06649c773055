// The result of a run: named figures in the order in which they were found, printed as aligned text
// or as one line of JSON. Keys carry their unit. Main thread.
#pragma once

#include <iosfwd>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "perf/histogram.hpp"

namespace tern::perf {

class Report {
 public:
  void add(std::string key, double value) { entries_.push_back({std::move(key), value}); }
  void add(std::string key, std::uint64_t value) { entries_.push_back({std::move(key), value}); }
  void add(std::string key, std::string value) {
    entries_.push_back({std::move(key), std::move(value)});
  }
  /// Percentiles in microseconds; nothing if the histogram is empty.
  void add(std::string key, const Histogram& histogram);
  /// Something went wrong; the process's exit code says so, too.
  void add_error(std::string text);

  [[nodiscard]] bool has_error() const noexcept { return has_error_; }
  void print_text(std::ostream& out) const;
  void print_json(std::ostream& out) const;

 private:
  struct Percentiles {
    std::vector<std::pair<std::string, double>> values;
    std::string drawing;
  };
  using Value = std::variant<double, std::uint64_t, std::string, Percentiles>;

  std::vector<std::pair<std::string, Value>> entries_;
  bool has_error_ = false;
};

}  // namespace tern::perf
