// The line that is rewritten each second while a run lasts; only on a terminal. Main thread.
#pragma once

#include <iosfwd>
#include <string_view>

#include "perf/clock.hpp"

namespace tern::perf {

class Progress {
 public:
  /// `is_live`: whether `out` is a terminal.
  Progress(std::ostream& out, bool is_live) : out_(out), is_live_(is_live) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  struct Counts {
    std::uint64_t published = 0;
    std::uint64_t confirmed = 0;
    std::uint64_t received = 0;
  };
  /// Shows rates since the last time if a second has passed.
  void show(std::string_view phase, const Counts& counts);
  void clear();

 private:
  std::ostream& out_;
  bool is_live_;
  bool is_shown_ = false;
  Nanos started_ = now_nanos();
  Nanos last_ = started_;
  Counts before_;
};

}  // namespace tern::perf
