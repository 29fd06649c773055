// Message: what a publisher sent, protocol-neutral and immutable, as slices of a slab (slab.hpp).
// It is built once by the shard that read it (or by a store reader) and shared by every queue it
// was routed to; any thread may drop it.
//
// Names and properties stay in AMQP 0-9-1's encoding, because that is how they arrive, are stored
// and leave; properties.hpp decodes a field when somebody needs it.
#pragma once

#include <cstdint>
#include <new>
#include <utility>

#include "base/bytes.hpp"
#include "base/slab.hpp"
#include "base/time.hpp"

namespace tern {

/// The pieces of a message before they are one. All views must be valid during the call only.
struct MessageParts {
  Bytes names;  ///< u8 length, exchange name, u8 length, routing key (2 to 512 bytes)
  /// Routing keys that nobody is shown: values of an AMQP array, as BCC had them. In a message that
  /// is made in place they stand between names and properties, with nothing else there.
  Bytes hidden_keys{};
  Bytes properties;  ///< AMQP property flags and list: a content header frame after the body size
  Bytes body;
  bool persistent = false;  ///< delivery-mode 2
  std::uint8_t priority = 0;
  bool has_ttl = false;      ///< it has an expiration of its own: `ttl_ms`
  bool is_timed = false;     ///< headers ask for a later delivery: delivery_time.hpp says when
  std::uint64_t ttl_ms = 0;  ///< below 2^48
  Time received{};           ///< when the broker took it: expiry counts from here
};

class MessageRef;
class Message;

/// The views and fields of a message, to make another one from.
[[nodiscard]] MessageParts parts_of(const Message& message) noexcept;

class Message {
 public:
  [[nodiscard]] Bytes exchange() const noexcept {
    return {names_ + 1, static_cast<std::uint8_t>(names_[0])};
  }
  [[nodiscard]] Bytes routing_key() const noexcept {
    const std::size_t skip = 2U + static_cast<std::uint8_t>(names_[0]);
    return {names_ + skip, names_bytes_ - skip};
  }
  /// Exchange and routing key as two AMQP short strings, ready for basic.deliver.
  [[nodiscard]] Bytes names() const noexcept { return {names_, names_bytes_}; }
  /// Values of an AMQP array: further routing keys, which count on its way and are never shown.
  [[nodiscard]] Bytes hidden_keys() const noexcept {
    const char* const begin = names_ + names_bytes_;
    return has_hidden_keys_ ? Bytes(begin, static_cast<std::size_t>(properties_ - begin)) : Bytes{};
  }
  /// AMQP property flags and list, ready for a content header frame.
  [[nodiscard]] Bytes properties() const noexcept { return {properties_, properties_bytes_}; }
  [[nodiscard]] Bytes body() const noexcept { return {body_, body_bytes_}; }
  [[nodiscard]] bool is_persistent() const noexcept { return persistent_; }
  [[nodiscard]] std::uint8_t priority() const noexcept { return priority_; }
  /// When the broker took the message; a queue's message TTL counts from here.
  [[nodiscard]] Time received() const noexcept { return received_; }
  /// Whether it has an expiration of its own (the property `expiration`).
  [[nodiscard]] bool has_ttl() const noexcept { return has_ttl_; }
  /// Its own expiration after received(); has_ttl() only.
  [[nodiscard]] Millis ttl() const noexcept {
    return Millis{static_cast<std::int64_t>(std::uint64_t{ttl_high_} << 32 | ttl_low_)};
  }
  /// Whether its headers ask for a later delivery (delivery_time.hpp).
  [[nodiscard]] bool is_timed() const noexcept { return is_timed_; }
  /// Memory this message answers for: its bytes and its own structure.
  [[nodiscard]] std::uint32_t bytes() const noexcept {
    return body_bytes_ + properties_bytes_ + names_bytes_ +
           static_cast<std::uint32_t>(hidden_keys().size() + sizeof(Message));
  }

  /// Whether keeping this message keeps much other memory alive: it lies in a slab with others.
  [[nodiscard]] bool shares_slab() const noexcept {
    return slab_->capacity() >= Slab::standard_bytes && bytes() < slab_->capacity() / 2;
  }

  /// The commit thread's notes (nobody else reads or writes them): in which commit this message's
  /// bytes were stored for sharing between queues, and as which entry.
  mutable std::uint64_t shared_commit = 0;
  mutable std::uint32_t shared_index = 0;

 private:
  friend class MessageRef;
  Message() = default;

  std::uint32_t body_bytes_ = 0;
  std::uint32_t properties_bytes_ = 0;
  std::uint16_t names_bytes_ = 0;
  bool persistent_ : 1 = false;
  bool has_ttl_ : 1 = false;
  bool is_timed_ : 1 = false;
  bool has_hidden_keys_ : 1 = false;  // then they fill what is between names and properties
  std::uint8_t priority_ = 0;
  std::uint16_t ttl_high_ = 0;  // of 48 bits: there is room for no more
  std::uint32_t ttl_low_ = 0;
  Time received_{};
  Slab* slab_ = nullptr;
  const char* names_ = nullptr;
  const char* properties_ = nullptr;
  const char* body_ = nullptr;
};
static_assert(sizeof(Message) == 72, "what each message costs besides its bytes");

/// Shared ownership of a message: one reference on its slab.
class MessageRef {
 public:
  MessageRef() = default;
  MessageRef(const MessageRef& other) noexcept : message_(other.message_) {
    if (message_ != nullptr) message_->slab_->add_references(1);
  }
  MessageRef(MessageRef&& other) noexcept : message_(std::exchange(other.message_, nullptr)) {}
  MessageRef& operator=(MessageRef other) noexcept {
    std::swap(message_, other.message_);
    return *this;
  }
  ~MessageRef() { reset(); }

  void reset() noexcept {
    if (message_ != nullptr) std::exchange(message_, nullptr)->slab_->drop_references(1);
  }
  const Message* operator->() const noexcept { return message_; }
  const Message& operator*() const noexcept { return *message_; }
  [[nodiscard]] const Message* get() const noexcept { return message_; }
  explicit operator bool() const noexcept { return message_ != nullptr; }

  /// Notes when the broker took the message. Only its maker may, before it is shared.
  void stamp(Time received) noexcept { const_cast<Message*>(message_)->received_ = received; }

  /// A message whose parts all lie in the leased slab already: nothing is copied. Null if the slab
  /// has no room left for the structure; then gather().
  [[nodiscard]] static MessageRef in_place(SlabLease& lease, const MessageParts& parts) noexcept;

  /// A message in a slab of its own; every part is copied.
  [[nodiscard]] static MessageRef gather(const MessageParts& parts);
  /// The same message in a slab of its own.
  [[nodiscard]] static MessageRef copy(const Message& message);
  /// The same message as if it came now, without a wish for a later delivery.
  [[nodiscard]] static MessageRef renewed(const Message& message, Time now);

 private:
  friend class MessageGatherer;
  explicit MessageRef(const Message* message) noexcept : message_(message) {}
  static Message* fill(void* memory, Slab* slab, const MessageParts& parts) noexcept;

  const Message* message_ = nullptr;
};

/// Builds a message whose body arrives in pieces. The slab is made for the announced size; the
/// kernel backs only what has been written, so a length that lies costs address space alone.
class MessageGatherer {
 public:
  MessageGatherer() = default;
  /// `parts.body` is ignored; `body_bytes` is what the content header announced.
  MessageGatherer(const MessageParts& parts, std::uint32_t body_bytes);
  MessageGatherer(MessageGatherer&&) noexcept = default;
  MessageGatherer& operator=(MessageGatherer&&) noexcept = default;

  /// Bytes of body still to come.
  [[nodiscard]] std::uint32_t missing_bytes() const noexcept { return missing_; }
  /// Appends a piece of at most missing_bytes().
  void append(Bytes piece) noexcept;
  /// The message, once missing_bytes() is 0.
  [[nodiscard]] MessageRef finish() noexcept;

 private:
  MessageRef message_;
  char* write_ = nullptr;
  std::uint32_t missing_ = 0;
};

}  // namespace tern
