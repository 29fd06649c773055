#include "perf/progress.hpp"

#include <fmt/format.h>

#include <ostream>

namespace tern::perf {
namespace {

// 1234567 as "1.23 M".
std::string short_number(double value) {
  if (value >= 1e6) return fmt::format("{:.2f} M", value / 1e6);
  if (value >= 1e4) return fmt::format("{:.1f} k", value / 1e3);
  return fmt::format("{:.0f}", value);
}

}  // namespace

void Progress::show(std::string_view phase, const Counts& counts) {
  const Nanos now = now_nanos();
  if (!is_live_ || now - last_ < nanos_per_second) return;
  const double seconds = seconds_between(last_, now);
  const auto rate = [&](std::uint64_t later, std::uint64_t earlier) {
    return short_number(static_cast<double>(later - earlier) / seconds);
  };
  // Carriage return, line, erase what is left of the line before.
  out_ << fmt::format("\r{} {:.0f} s  published {}/s  confirmed {}/s  received {}/s\033[K", phase,
                      seconds_between(started_, now), rate(counts.published, before_.published),
                      rate(counts.confirmed, before_.confirmed),
                      rate(counts.received, before_.received))
       << std::flush;
  is_shown_ = true;
  last_ = now;
  before_ = counts;
}

void Progress::clear() {
  if (is_shown_) out_ << "\r\033[K" << std::flush;
  is_shown_ = false;
}

}  // namespace tern::perf
