// What dead letters and redriven messages have in common: a message made anew with other names and
// headers. Pure; any thread.
#pragma once

#include "dlq/header_list.hpp"
#include "message/message.hpp"
#include "message/properties.hpp"

namespace tern::dlq {

/// Where the new message is published to; at most 255 octets each.
struct Names {
  Bytes exchange;
  Bytes routing_key;
  bool keeps_hidden_keys = false;
};

/// `message` with new names, these properties and headers, as if it came now and without a wish for
/// a later delivery. It has a TTL if it had one and the properties still have `expiration`.
[[nodiscard]] MessageRef remade(const Message& message, PropertiesView properties,
                                HeaderList& headers, const Names& names, Time now);

}  // namespace tern::dlq
