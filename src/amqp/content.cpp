// From the frames of a publish to a message.
#include "amqp/content.hpp"

#include "amqp/expiration.hpp"
#include "message/delivery_time.hpp"

namespace tern::amqp {

void ContentAssembler::begin(const BasicPublish& method) noexcept {
  ensure(is_idle(), "two contents at once");
  state_ = State::header_due;
  mandatory_ = method.mandatory;
  immediate_ = method.immediate;
  // Exchange and routing key stand side by side in the method, each behind its length: just as
  // basic.deliver has them.
  const char* const begin = method.exchange.data() - 1;
  const char* const end = method.routing_key.data() + method.routing_key.size();
  names_ = {begin, static_cast<std::size_t>(end - begin)};
  ensure(names_.size() == method.exchange.size() + method.routing_key.size() + 2,
         "names not side by side");
  in_place_ = true;
  gathering_ = false;
}

void ContentAssembler::header(const ContentHeader& header,
                              const PropertiesView& properties) noexcept {
  ensure(state_ == State::header_due, "no header due");
  ensure(header.body_bytes <= UINT32_MAX, "body size not checked");
  persistent_ = properties.is_persistent();
  priority_ = properties.priority();
  properties_ = header.properties;
  has_ttl_ = properties.has(Property::expiration);
  ttl_ms_ = has_ttl_ ? parse_expiration(properties.get(Property::expiration)).ttl_ms : 0;
  const Bytes headers = properties.headers();
  is_timed_ = !headers.empty() && asks_for_delivery_time(headers);
  headers_bytes_ = static_cast<std::uint32_t>(headers.size());
  headers_offset_ =
      headers.empty() ? 0 : static_cast<std::uint32_t>(headers.data() - properties_.data());
  body_ = {};
  body_bytes_ = static_cast<std::uint32_t>(header.body_bytes);
  state_ = body_bytes_ == 0 ? State::complete : State::body_due;
}

void ContentAssembler::replace_properties(std::string properties) {
  kept_properties_ = std::move(properties);
  properties_ = kept_properties_;
  in_place_ = false;
}

bool ContentAssembler::body(Bytes piece) {
  ensure(state_ == State::body_due, "no body due");
  if (!gathering_ && piece.size() == body_bytes_) {
    body_ = piece;
    state_ = State::complete;
    return true;
  }
  if (!gathering_) {
    if (piece.size() > body_bytes_) return false;
    gatherer_ = MessageGatherer(parts(), body_bytes_);
    gathering_ = true;
  }
  if (piece.size() > gatherer_.missing_bytes()) return false;
  gatherer_.append(piece);
  if (gatherer_.missing_bytes() == 0) state_ = State::complete;
  return true;
}

MessageParts ContentAssembler::parts() const noexcept {
  return {.names = names_,
          .properties = properties_,
          .body = body_,
          .persistent = persistent_,
          .priority = priority_,
          .has_ttl = has_ttl_,
          .is_timed = is_timed_,
          .ttl_ms = ttl_ms_,
          .received = {}};
}

MessageRef ContentAssembler::finish(SlabLease& lease) {
  ensure(state_ == State::complete, "content is not complete");
  MessageRef message;
  if (gathering_)
    message = gatherer_.finish();
  else if (in_place_ && lease)
    message = MessageRef::in_place(lease, parts());
  if (!message) message = MessageRef::gather(parts());
  reset();
  return message;
}

void ContentAssembler::reset() noexcept {
  state_ = State::idle;
  if (gathering_) gatherer_ = MessageGatherer();
  gathering_ = false;
}

void ContentAssembler::keep() {
  if (is_idle() || gathering_ || !names_.data()) return;
  if (names_.data() != kept_names_.data()) {
    kept_names_.assign(names_);
    names_ = kept_names_;
  }
  if (state_ != State::header_due && properties_.data() != kept_properties_.data()) {
    kept_properties_.assign(properties_);
    properties_ = kept_properties_;
  }
  in_place_ = false;
}

}  // namespace tern::amqp
