// Unconfirmed: the messages that a publisher has sent and the broker has not answered, by their
// delivery tag. Keeps them for being sent again, and to know a returned one. Pure; owned by a
// publisher.
#pragma once

#include <memory>
#include <string>

#include "amqp/ring.hpp"
#include "client/operations.hpp"
#include "client/record_store.hpp"
#include "ternmq/publisher.hpp"

namespace tern::client {

/// Who wants to know what becomes of a message.
struct Interest {
  enum class Kind : std::uint8_t { nobody, publish, send, batch };
  Kind kind = Kind::nobody;
  operation_base* op = nullptr;
  std::uint32_t index = 0;  ///< in the batch
};

struct Unsettled {
  struct Returned {
    std::uint16_t code = 0;
    std::string text;
  };

  std::uint64_t id = 0;
  Interest interest{};
  Tick deadline = never;
  RecordStore::Place place{};
  std::uint8_t exchange_bytes = 0;
  std::uint8_t key_bytes = 0;
  bool is_mandatory = false;
  bool is_done = false;  // answered, but one before it is not
  std::uint32_t properties_bytes = 0;
  std::uint64_t body_bytes = 0;
  std::unique_ptr<Returned> returned{};

  [[nodiscard]] Bytes exchange() const noexcept { return {place.data, exchange_bytes}; }
  [[nodiscard]] Bytes routing_key() const noexcept {
    return {place.data + exchange_bytes, key_bytes};
  }
  [[nodiscard]] Bytes properties() const noexcept {
    return {place.data + exchange_bytes + key_bytes, properties_bytes};
  }
  [[nodiscard]] Bytes body() const noexcept {
    return {place.data + exchange_bytes + key_bytes + properties_bytes, body_bytes};
  }
};

/// What add() copies.
struct Outgoing {
  Bytes exchange{};
  Bytes routing_key{};
  Bytes properties{};
  Bytes body{};
  bool is_mandatory = false;
};

class Unconfirmed {
 public:
  /// The next message sent on the channel; returns it with its id.
  Unsettled& add(const Outgoing& message);

  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  /// Messages without an answer.
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] std::size_t body_bytes() const noexcept { return body_bytes_; }

  /// Calls `settled(Unsettled&)` for each that a confirm is about. False: for none.
  template <class Settled>
  bool confirm(std::uint64_t tag, bool multiple, Settled&& settled) {
    if (tag < first_tag_ && !(multiple && tag == 0)) return false;
    if (multiple && tag == 0) tag = first_tag_ + ring_.size() - 1;
    if (tag - first_tag_ >= ring_.size()) return false;
    const std::size_t last = tag - first_tag_;
    for (std::size_t at = multiple ? 0 : last; at <= last; ++at) settle(ring_[at], settled);
    pop_done();
    return true;
  }
  /// All of them, in order.
  template <class Settled>
  void settle_all(Settled&& settled) {
    for (std::size_t at = 0; at < ring_.size(); ++at) settle(ring_[at], settled);
    pop_done();
  }
  /// The one that a returned message must be: the first that looks like it. Returns come in the
  /// order of publishing, and of two that are equal in every octet either will do.
  [[nodiscard]] Unsettled* find_returned(const Outgoing& message) noexcept;
  [[nodiscard]] Unsettled* find(std::uint64_t id) noexcept;
  /// Calls `visit(Unsettled&)` for each without an answer, oldest first.
  template <class Visit>
  void each(Visit&& visit) {
    for (std::size_t at = 0; at < ring_.size(); ++at)
      if (!ring_[at].is_done) visit(ring_[at]);
  }
  /// The earliest deadline: all have the same time, so it is the first one's that has any.
  [[nodiscard]] Tick first_deadline() const noexcept;
  /// A new channel counts from 1: forgets the gaps.
  void renumber();

 private:
  template <class Settled>
  void settle(Unsettled& one, Settled& settled) {
    if (one.is_done) return;
    one.is_done = true;
    --count_;
    body_bytes_ -= one.body_bytes;
    settled(one);
    records_.release(one.place);
    one.place = {};
  }
  void pop_done() noexcept;

  amqp::Ring<Unsettled> ring_;
  RecordStore records_;
  std::uint64_t first_tag_ = 1;  // of ring_[0]
  std::uint64_t next_id_ = 1;
  std::size_t count_ = 0;
  std::size_t body_bytes_ = 0;
};

}  // namespace tern::client
