// One encoded basic.publish with header and body, copied for every message: a producer then only
// writes the two numbers at the front of the body. Owned by a producer.
//
//   body:  | producer u16, number u48 | intended time u64, nanoseconds | filling ... |
#pragma once

#include <string>

#include "base/bytes.hpp"
#include "perf/clock.hpp"
#include "perf/options.hpp"

namespace tern::perf {

/// Which producer sent a message, and the how many-th of its stream it is.
struct Stamp {
  static constexpr std::size_t bytes = 8;
  std::uint16_t producer = 0;
  std::uint64_t number = 0;

  void store(char* to) const noexcept {
    store_big_endian<std::uint64_t>(to, std::uint64_t{producer} << 48 | number);
  }
  [[nodiscard]] static Stamp load(const char* from) noexcept {
    const auto word = load_big_endian<std::uint64_t>(from);
    return {static_cast<std::uint16_t>(word >> 48), word & ((std::uint64_t{1} << 48) - 1)};
  }
};

class MessageTemplate {
 public:
  static constexpr std::size_t group_bytes = 8;  ///< digits of the header "group"
  static constexpr std::uint32_t groups_max = 99'999'999;

  /// A message for queue number `queue`, through the exchange that `options` name.
  MessageTemplate(const Options& options, unsigned queue, std::uint32_t frame_max);

  [[nodiscard]] std::size_t bytes() const noexcept { return encoded_.size(); }
  [[nodiscard]] Bytes encoded() const noexcept { return encoded_; }

  /// Writes the message; returns the end. Small bodies have no room for time, or for either.
  char* write(char* to, Stamp stamp, Nanos intended) const noexcept {
    std::memcpy(to, encoded_.data(), encoded_.size());
    if (has_stamp_) stamp.store(to + body_at_);
    if (has_time_) store_big_endian<std::uint64_t>(to + body_at_ + Stamp::bytes, intended);
    if (groups_ != 0) write_group(to + group_at_, stamp.number % groups_);
    return to + encoded_.size();
  }

 private:
  static void write_group(char* to, std::uint64_t group) noexcept {
    for (std::size_t place = group_bytes; place != 0; group /= 10)
      to[--place] = static_cast<char>('0' + group % 10);
  }

  std::string encoded_;
  std::size_t body_at_ = 0;
  std::size_t group_at_ = 0;
  std::uint32_t groups_;
  bool has_stamp_;
  bool has_time_;
};

}  // namespace tern::perf
