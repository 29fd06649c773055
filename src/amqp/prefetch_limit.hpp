// PrefetchLimit: the limit on unacknowledged messages that holds for a whole channel (basic.qos
// with global). Its consumers' queues live on other shards, so they deliver on permits only:
//
//   unacked + permits out <= limit
//
// Permits go round-robin to those who asked, and again as acknowledgements come in. Owned by the
// channel; consumers are known by number. Who carries the permits to the queue is the caller.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>

#include "message/ids.hpp"

namespace tern::amqp {

class PrefetchLimit {
 public:
  struct Grant {
    ConsumerNumber consumer = 0;
    std::uint32_t count = 0;
  };

  [[nodiscard]] bool is_set() const noexcept { return limit_ != 0; }
  /// 0: no limit; all permits and wishes are forgotten.
  void set(std::uint32_t limit);

  /// A queue could deliver `count` more to this consumer.
  void ask(ConsumerNumber consumer, std::uint32_t count);
  /// Permits that came back unused.
  void give_back(ConsumerNumber consumer, std::uint32_t count) noexcept;
  /// The consumer has gone, and its permits with it.
  void forget(ConsumerNumber consumer) noexcept;

  /// A message was delivered to a consumer that settles.
  void delivered(ConsumerNumber consumer) noexcept;
  /// `count` of those were settled.
  void settled(std::uint32_t count) noexcept { unacked_ -= count < unacked_ ? count : unacked_; }

  /// The next permits that may go out; call until there are none.
  [[nodiscard]] std::optional<Grant> next_grant();

 private:
  struct Wish {
    ConsumerNumber consumer = 0;
    std::uint32_t count = 0;
  };

  std::uint32_t limit_ = 0;
  std::uint32_t unacked_ = 0;  // counted with and without a limit: one may be set later
  std::uint32_t out_ = 0;
  std::unordered_map<ConsumerNumber, std::uint32_t> permits_;  // out, by consumer
  std::deque<Wish> wishes_;
};

}  // namespace tern::amqp
