// MessageKey: where a message says which group it belongs to, or by what it is known as a
// duplicate: a header's value as text, or a property. Pure; used by a queue's machine.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "message/message.hpp"
#include "message/properties.hpp"

namespace tern::queue {

/// The property with text that has AMQP's name `name` ("message-id", "correlation-id", "type" …).
[[nodiscard]] std::optional<Property> text_property(std::string_view name) noexcept;

class MessageKey {
 public:
  /// Nothing has a key.
  MessageKey() = default;
  /// The header `header` (none if empty); in messages without it `otherwise`.
  MessageKey(std::string header, std::optional<Property> otherwise)
      : header_(std::move(header)), otherwise_(otherwise) {}

  /// The message's key; nothing if it has none. Strings and numbers, booleans and times count,
  /// nested values do not. The text lies in the message or in `memory`.
  [[nodiscard]] std::optional<std::string_view> of(const Message& message,
                                                   std::string& memory) const;

 private:
  std::string header_;
  std::optional<Property> otherwise_;
};

}  // namespace tern::queue
