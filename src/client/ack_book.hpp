// AckBook: the deliveries of one consumer's channel that are not settled, by delivery tag. Collects
// acknowledgements and gives them out merged: what has no gap before it as one ack with `multiple`,
// the rest one by one. Knows what was settled, so that nothing is settled twice. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "amqp/ring.hpp"

namespace tern::client {

class AckBook {
 public:
  struct Ack {
    std::uint64_t tag = 0;
    bool multiple = false;
  };

  /// A new channel: tags count from 1.
  void reset();
  /// The next delivery; tags come without gaps. False: this one does not.
  [[nodiscard]] bool delivered(std::uint64_t tag);

  /// Acknowledged by take_acks(). False: it is settled already.
  bool ack(std::uint64_t tag);
  /// This and all before it that are not settled. False: there are none.
  bool ack_up_to(std::uint64_t tag);
  /// Settled in another way, by a frame that is sent now. False: it is settled already.
  bool remove(std::uint64_t tag);

  /// Deliveries that are not settled; an acknowledgement that is not sent yet has settled its own.
  [[nodiscard]] std::size_t unsettled() const noexcept { return unsettled_; }
  [[nodiscard]] bool has_acks() const noexcept { return !to_send_.empty(); }
  /// What is to be sent, in order; then there is nothing.
  [[nodiscard]] const std::vector<Ack>& take_acks();

 private:
  enum class State : std::uint8_t { unsettled, acked, done };

  [[nodiscard]] State* find(std::uint64_t tag) noexcept;

  amqp::Ring<State> states_;
  std::uint64_t first_tag_ = 1;  // of states_[0]
  std::size_t unsettled_ = 0;
  std::vector<std::uint64_t> to_send_;
  std::vector<Ack> taken_;
};

}  // namespace tern::client
