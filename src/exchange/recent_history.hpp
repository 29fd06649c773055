// RecentHistory: the last messages of an x-recent-history exchange, for queues that bind later. The
// exchange itself routes like a fanout; whoever owns the exchange remembers what passes and
// publishes messages() to a new binding's target, oldest first. Not persistent, as in RabbitMQ. One
// thread at a time.
#pragma once

#include <cstddef>
#include <deque>

#include "base/result.hpp"
#include "message/field_table.hpp"
#include "message/message.hpp"

namespace tern::exchange {

class RecentHistory {
 public:
  static constexpr std::size_t count_default = 20;
  /// Bound of memory whatever the number that a client asks for; the oldest go first.
  static constexpr std::size_t bytes_max_default = std::size_t{64} << 20;

  struct Limits {
    std::size_t count_max = count_default;
    std::size_t bytes_max = bytes_max_default;
  };

  /// x-recent-history-length, if it is there, is an integer of at least 1.
  [[nodiscard]] static Result<void> check_exchange(const FieldTable& arguments);
  /// By x-recent-history-length in the exchange's arguments.
  [[nodiscard]] static Limits limits_of(const FieldTable& arguments) noexcept;

  explicit RecentHistory(const Limits& limits) noexcept : limits_(limits) {}

  /// Keeps the message unless its headers say x-recent-history-no-store = true. A message that lies
  /// in a slab with others is copied, so that the slab need not be kept.
  void remember(const MessageRef& message);
  /// Oldest first.
  [[nodiscard]] const std::deque<MessageRef>& messages() const noexcept { return messages_; }
  /// Memory of the messages.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  Limits limits_;
  std::deque<MessageRef> messages_;
  std::size_t bytes_ = 0;
};

}  // namespace tern::exchange
