#include "client/unconfirmed.hpp"

#include <cstring>

namespace tern::client {

Unsettled& Unconfirmed::add(const Outgoing& message) {
  Unsettled one;
  one.id = next_id_++;
  one.is_mandatory = message.is_mandatory;
  one.exchange_bytes = static_cast<std::uint8_t>(message.exchange.size());
  one.key_bytes = static_cast<std::uint8_t>(message.routing_key.size());
  one.properties_bytes = static_cast<std::uint32_t>(message.properties.size());
  one.body_bytes = message.body.size();
  one.place = records_.take(message.exchange.size() + message.routing_key.size() +
                            message.properties.size() + message.body.size());
  char* to = one.place.data;
  for (const Bytes part :
       {message.exchange, message.routing_key, message.properties, message.body}) {
    if (!part.empty()) std::memcpy(to, part.data(), part.size());
    to += part.size();
  }
  ++count_;
  body_bytes_ += one.body_bytes;
  ring_.push_back(std::move(one));
  return ring_.back();
}

Unsettled* Unconfirmed::find_returned(const Outgoing& message) noexcept {
  Unsettled* alike = nullptr;
  for (std::size_t at = 0; at < ring_.size(); ++at) {
    Unsettled& one = ring_[at];
    if (one.is_done || one.returned || !one.is_mandatory || one.body_bytes != message.body.size() ||
        one.routing_key() != message.routing_key || one.exchange() != message.exchange ||
        one.body() != message.body)
      continue;
    if (one.properties() == message.properties) return &one;
    // A broker may have changed a property, such as the address of a direct reply.
    if (alike == nullptr) alike = &one;
  }
  return alike;
}

Unsettled* Unconfirmed::find(std::uint64_t id) noexcept {
  std::size_t low = 0;
  std::size_t high = ring_.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (ring_[middle].id < id)
      low = middle + 1;
    else
      high = middle;
  }
  return low < ring_.size() && ring_[low].id == id && !ring_[low].is_done ? &ring_[low] : nullptr;
}

Tick Unconfirmed::first_deadline() const noexcept {
  for (std::size_t at = 0; at < ring_.size(); ++at)
    if (!ring_[at].is_done && ring_[at].deadline != never) return ring_[at].deadline;
  return never;
}

void Unconfirmed::pop_done() noexcept {
  while (!ring_.empty() && ring_.front().is_done) {
    ring_.pop_front();
    ++first_tag_;
  }
}

void Unconfirmed::renumber() {
  amqp::Ring<Unsettled> kept;
  for (std::size_t at = 0; at < ring_.size(); ++at)
    if (!ring_[at].is_done) kept.push_back(std::move(ring_[at]));
  ring_ = std::move(kept);
  first_tag_ = 1;
}

}  // namespace tern::client
