// UnackedBook: the deliveries of a channel that its client has yet to settle, by delivery tag.
// Acknowledging the front, one or many, costs what is acknowledged; one in the middle leaves a gap,
// and gaps are swept out before they outnumber what is left. Owned by the channel.
#pragma once

#include <cstdint>
#include <vector>

#include "amqp/ring.hpp"
#include "broker/session.hpp"

namespace tern::amqp {

struct Unacked {
  std::uint64_t tag = 0;
  Position position = 0;
  broker::QueueAddress queue;
  ConsumerNumber consumer = 0;  ///< 0: of a get
  bool settled = false;         ///< a gap
};

class UnackedBook {
 public:
  /// Tags must grow.
  void add(const Unacked& entry) { entries_.push_back(entry); }

  /// Takes one; false: no such tag is outstanding.
  [[nodiscard]] bool take(std::uint64_t tag, std::vector<Unacked>& taken);
  /// Takes all up to and including `tag`, in order; 0 means all. False, and nothing is taken, if
  /// that very tag is not outstanding (as RabbitMQ has it).
  [[nodiscard]] bool take_through(std::uint64_t tag, std::vector<Unacked>& taken);
  /// Puts back what a rolled-back transaction had taken.
  void put_back(const std::vector<Unacked>& entries);

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size() - gaps_; }
  /// Settled ones that still take up room.
  [[nodiscard]] std::size_t gaps() const noexcept { return gaps_; }

 private:
  void drop_front_gaps() noexcept;
  void sweep();

  Ring<Unacked> entries_;  // by growing tag; the front is never a gap
  std::size_t gaps_ = 0;
};

}  // namespace tern::amqp
