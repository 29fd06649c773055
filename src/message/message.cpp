#include "message/message.hpp"

namespace tern {

MessageParts parts_of(const Message& message) noexcept {
  return {.names = message.names(),
          .hidden_keys = message.hidden_keys(),
          .properties = message.properties(),
          .body = message.body(),
          .persistent = message.is_persistent(),
          .priority = message.priority(),
          .has_ttl = message.has_ttl(),
          .is_timed = message.is_timed(),
          .ttl_ms = static_cast<std::uint64_t>(message.has_ttl() ? message.ttl().count() : 0),
          .received = message.received()};
}

Message* MessageRef::fill(void* memory, Slab* slab, const MessageParts& parts) noexcept {
  if (!parts.hidden_keys.empty()) {
    ensure(parts.hidden_keys.data() == parts.names.data() + parts.names.size(),
           "hidden keys are not behind the names");
    ensure(parts.properties.data() == parts.hidden_keys.data() + parts.hidden_keys.size(),
           "properties are not behind the hidden keys");
  }
  auto* message = new (memory) Message;
  message->slab_ = slab;
  message->names_ = parts.names.data();
  message->names_bytes_ = static_cast<std::uint16_t>(parts.names.size());
  message->has_hidden_keys_ = !parts.hidden_keys.empty();
  message->properties_ = parts.properties.data();
  message->properties_bytes_ = static_cast<std::uint32_t>(parts.properties.size());
  message->body_ = parts.body.data();
  message->body_bytes_ = static_cast<std::uint32_t>(parts.body.size());
  message->persistent_ = parts.persistent;
  message->priority_ = parts.priority;
  message->has_ttl_ = parts.has_ttl;
  message->is_timed_ = parts.is_timed;
  message->ttl_high_ = static_cast<std::uint16_t>(parts.ttl_ms >> 32);
  message->ttl_low_ = static_cast<std::uint32_t>(parts.ttl_ms);
  message->received_ = parts.received;
  return message;
}

MessageRef MessageRef::in_place(SlabLease& lease, const MessageParts& parts) noexcept {
  void* memory = lease->take_back(sizeof(Message));
  if (memory == nullptr) return {};
  lease.hand_out();
  return MessageRef(fill(memory, lease.get(), parts));
}

MessageRef MessageRef::gather(const MessageParts& parts) {
  MessageGatherer gatherer(parts, static_cast<std::uint32_t>(parts.body.size()));
  gatherer.append(parts.body);
  return gatherer.finish();
}

MessageRef MessageRef::copy(const Message& message) {
  return gather(parts_of(message));
}

MessageRef MessageRef::renewed(const Message& message, Time now) {
  MessageParts parts = parts_of(message);
  parts.received = now;
  parts.is_timed = false;
  return gather(parts);
}

MessageGatherer::MessageGatherer(const MessageParts& parts, std::uint32_t body_bytes)
    : missing_(body_bytes) {
  ensure(parts.names.size() >= 2, "message without names");
  ensure(parts.names.size() <= 512, "names too long");
  // The structure first, so that it is aligned; then the rest in the order of the parts.
  const std::size_t bytes = sizeof(Message) + parts.names.size() + parts.hidden_keys.size() +
                            parts.properties.size() + body_bytes;
  Slab* slab = Slab::create_exact(bytes);
  char* const memory = slab->free_begin();
  slab->advance(bytes);
  char* const names = memory + sizeof(Message);
  char* const hidden_keys = names + parts.names.size();
  char* const properties = hidden_keys + parts.hidden_keys.size();
  write_ = properties + parts.properties.size();
  std::memcpy(names, parts.names.data(), parts.names.size());
  if (!parts.hidden_keys.empty())
    std::memcpy(hidden_keys, parts.hidden_keys.data(), parts.hidden_keys.size());
  if (!parts.properties.empty())
    std::memcpy(properties, parts.properties.data(), parts.properties.size());
  MessageParts owned = parts;
  owned.names = {names, parts.names.size()};
  owned.hidden_keys = {hidden_keys, parts.hidden_keys.size()};
  owned.properties = {properties, parts.properties.size()};
  owned.body = {write_, body_bytes};
  message_ = MessageRef(MessageRef::fill(memory, slab, owned));
}

void MessageGatherer::append(Bytes piece) noexcept {
  ensure(piece.size() <= missing_, "body piece too long");
  if (piece.empty()) return;
  std::memcpy(write_, piece.data(), piece.size());
  write_ += piece.size();
  missing_ -= static_cast<std::uint32_t>(piece.size());
}

MessageRef MessageGatherer::finish() noexcept {
  ensure(message_.get() != nullptr, "message finished twice");
  ensure(missing_ == 0, "message finished before its body was complete");
  return std::move(message_);
}

}  // namespace tern
