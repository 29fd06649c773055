// One message that a consumer was given, with the duty to settle it exactly once.
//
// A delivery that is destroyed unsettled is not lost in silence: it goes back to its queue, and the
// consumer counts it and tells its hook (consumer_options::on_forgotten). Settling twice does
// nothing and says so. Settling may happen on any thread; acknowledgements of one turn leave
// together, merged into as few frames as possible.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "ternmq/error.hpp"
#include "ternmq/message.hpp"

namespace tern {
class Slab;
}

namespace ternmq {

/// Whether a message that is given back is to be delivered again.
enum class requeue : bool {
  no,   ///< to the dead letters, or dropped
  yes,  ///< back to its place in the queue
};

namespace detail {

class consumer_state;

/// A share in the memory that a delivery was read into.
class storage {
 public:
  storage() noexcept = default;
  explicit storage(tern::Slab* slab) noexcept : slab_(slab) {}
  storage(storage&& other) noexcept : slab_(std::exchange(other.slab_, nullptr)) {}
  storage& operator=(storage&& other) noexcept {
    if (this != &other) {
      release();
      slab_ = std::exchange(other.slab_, nullptr);
    }
    return *this;
  }
  ~storage() { release(); }

 private:
  void release() noexcept {
    if (slab_ != nullptr) drop(std::exchange(slab_, nullptr));
  }
  static void drop(tern::Slab* slab) noexcept;

  tern::Slab* slab_ = nullptr;
};

/// A message as it stands in that memory.
struct content {
  storage memory{};
  std::string_view exchange{};
  std::string_view routing_key{};
  std::string_view properties{};  ///< encoded
  std::string_view body{};
};

}  // namespace detail

/// A message that came from the broker, unchanged and without a duty. Move-only.
class received_message {
 public:
  /// Empty.
  received_message() = default;
  /// The library's own.
  explicit received_message(detail::content content) : content_(std::move(content)) {}

  /// Valid as long as this object.
  [[nodiscard]] std::string_view body() const noexcept { return content_.body; }
  /// That it was published to.
  [[nodiscard]] std::string_view exchange() const noexcept { return content_.exchange; }
  /// That it was published with.
  [[nodiscard]] std::string_view routing_key() const noexcept { return content_.routing_key; }
  /// All properties, decoded now. For a single one the functions below are cheaper.
  [[nodiscard]] message_properties properties() const;
  /// Empty if the message has none.
  [[nodiscard]] std::string_view content_type() const noexcept;
  /// Empty if the message has none.
  [[nodiscard]] std::string_view correlation_id() const noexcept;
  /// Empty if the message has none.
  [[nodiscard]] std::string_view reply_to() const noexcept;
  /// Empty if the message has none.
  [[nodiscard]] std::string_view message_id() const noexcept;
  /// Empty if the message has none.
  [[nodiscard]] std::string_view type() const noexcept;
  /// A header; void if it is not there.
  [[nodiscard]] value header(std::string_view name) const;
  /// An owned copy, ready to be published.
  [[nodiscard]] message copy() const;

 protected:
  detail::content content_;  ///< the library's own
};

/// A message with the duty to settle it. Move-only.
class delivery : public received_message {
 public:
  /// Empty: nothing to settle.
  delivery() = default;
  /// Hands on the duty to settle it.
  delivery(delivery&&) noexcept = default;
  /// Hands on the duty; what this held unsettled goes back to its queue.
  delivery& operator=(delivery&& other) noexcept;
  /// What is unsettled goes back to its queue.
  ~delivery();

  /// Done: the broker forgets the message.
  error_code ack();
  /// Done, and with it all that this consumer was given before and has not settled.
  error_code ack_up_to_here();
  /// Not done: back to its place in the queue, or dead-lettered or dropped with requeue::no.
  error_code nack(requeue again = requeue::yes);
  /// The message is bad: dead-lettered or dropped, unless it shall be requeued.
  error_code reject(requeue again = requeue::no);

  /// Whether it has been settled, needs no settling, or is empty.
  [[nodiscard]] bool is_settled() const noexcept { return consumer_ == nullptr; }
  /// It was delivered before, to this consumer or another.
  [[nodiscard]] bool is_redelivered() const noexcept { return redelivered_; }
  /// How often it was delivered before, if the queue counts (header x-delivery-count).
  [[nodiscard]] std::int64_t delivery_count() const;
  /// The broker's number for it on its channel.
  [[nodiscard]] std::uint64_t delivery_tag() const noexcept { return tag_; }

  /// Made by the library.
  delivery(detail::content content, std::shared_ptr<detail::consumer_state> consumer,
           std::uint64_t epoch, std::uint64_t tag, bool redelivered) noexcept;

 private:
  enum class verdict : std::uint8_t { ack, ack_up_to, requeue, reject };
  error_code settle(verdict how);
  void forget() noexcept;

  std::shared_ptr<detail::consumer_state> consumer_;
  std::uint64_t epoch_ = 0;
  std::uint64_t tag_ = 0;
  bool redelivered_ = false;
};

}  // namespace ternmq
