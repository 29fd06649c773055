// ContentAssembler: one basic.publish from its three kinds of frames: method, header, body. What
// came in one piece of input stays where it is (in the slab); the rest is copied. Owned by a
// channel.
//
//   idle --publish--> header due --header--> body due --all of it--> complete --finish--> idle
#pragma once

#include <string>

#include "amqp/frame.hpp"
#include "amqp/methods_basic.hpp"
#include "message/message.hpp"
#include "message/properties.hpp"

namespace tern::amqp {

class ContentAssembler {
 public:
  enum class State : std::uint8_t { idle, header_due, body_due, complete };

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] bool is_idle() const noexcept { return state_ == State::idle; }

  void begin(const BasicPublish& method) noexcept;
  /// The header; what it says about delivery is given decoded. Throws nothing: the caller has
  /// checked the size.
  void header(const ContentHeader& header, const PropertiesView& properties) noexcept;
  /// Replaces the properties, between header() and the first body(). What comes before reply-to in
  /// them must be the same.
  void replace_properties(std::string properties);
  /// A body frame's payload. False: longer than announced.
  [[nodiscard]] bool body(Bytes piece);

  /// The message of a complete content; then idle. An empty lease: everything is copied.
  [[nodiscard]] MessageRef finish(SlabLease& lease);
  /// The entries of the headers property of what finish() returned last.
  [[nodiscard]] Bytes headers_of(const Message& message) const noexcept {
    return message.properties().substr(headers_offset_, headers_bytes_);
  }
  void reset() noexcept;
  /// The input buffer goes away: copies what is needed of it.
  void keep();

  [[nodiscard]] bool is_mandatory() const noexcept { return mandatory_; }
  [[nodiscard]] bool is_immediate() const noexcept { return immediate_; }

 private:
  [[nodiscard]] MessageParts parts() const noexcept;

  State state_ = State::idle;
  bool mandatory_ = false;
  bool immediate_ = false;
  bool persistent_ = false;
  bool in_place_ = false;   // all views point into the current input
  bool gathering_ = false;  // gatherer_ has the body so far
  bool has_ttl_ = false;
  bool is_timed_ = false;
  std::uint8_t priority_ = 0;
  std::uint64_t ttl_ms_ = 0;
  std::uint32_t body_bytes_ = 0;
  std::uint32_t headers_offset_ = 0;  // in the properties
  std::uint32_t headers_bytes_ = 0;
  Bytes names_;
  Bytes properties_;
  Bytes body_;
  std::string kept_names_;
  std::string kept_properties_;
  MessageGatherer gatherer_;
};

}  // namespace tern::amqp
