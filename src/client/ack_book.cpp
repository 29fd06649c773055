#include "client/ack_book.hpp"

#include <algorithm>

namespace tern::client {

void AckBook::reset() {
  *this = AckBook();
}

bool AckBook::delivered(std::uint64_t tag) {
  if (tag != first_tag_ + states_.size()) return false;
  states_.push_back(State::unsettled);
  ++unsettled_;
  return true;
}

AckBook::State* AckBook::find(std::uint64_t tag) noexcept {
  if (tag < first_tag_ || tag - first_tag_ >= states_.size()) return nullptr;
  State& state = states_[tag - first_tag_];
  return state == State::unsettled ? &state : nullptr;
}

bool AckBook::ack(std::uint64_t tag) {
  State* state = find(tag);
  if (state == nullptr) return false;
  *state = State::acked;
  --unsettled_;
  to_send_.push_back(tag);
  return true;
}

bool AckBook::ack_up_to(std::uint64_t tag) {
  bool any = false;
  for (std::uint64_t at = first_tag_; at <= tag && at - first_tag_ < states_.size(); ++at)
    any |= ack(at);
  return any;
}

bool AckBook::remove(std::uint64_t tag) {
  State* state = find(tag);
  if (state == nullptr) return false;
  *state = State::done;
  --unsettled_;
  return true;
}

const std::vector<AckBook::Ack>& AckBook::take_acks() {
  taken_.clear();
  // Everything before the first unsettled one may go at once.
  std::uint64_t last_acked = 0;
  std::size_t acks = 0;
  while (!states_.empty() && states_.front() != State::unsettled) {
    if (states_.front() == State::acked) {
      last_acked = first_tag_;
      ++acks;
    }
    states_.pop_front();
    ++first_tag_;
  }
  if (acks > 0) taken_.push_back({last_acked, acks > 1});
  for (const std::uint64_t tag : to_send_) {
    if (tag < first_tag_) continue;
    states_[tag - first_tag_] = State::done;
    taken_.push_back({tag, false});
  }
  to_send_.clear();
  return taken_;
}

}  // namespace tern::client
