// The address that a direct reply is sent to: amq.rabbitmq.reply-to.TOKEN, where the token says
// session, consumer and a key that cannot be guessed. Also the random names that the server makes.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "broker/broker.hpp"

namespace tern::amqp {

inline constexpr std::string_view reply_queue_name = "amq.rabbitmq.reply-to";
inline constexpr std::string_view reply_address_prefix = "amq.rabbitmq.reply-to.";

/// The whole name, prefix included.
[[nodiscard]] std::string encode_reply_address(const broker::ReplyAddress& address);
/// Nothing if `name` is not such an address.
[[nodiscard]] std::optional<broker::ReplyAddress> decode_reply_address(std::string_view name);

/// `prefix` and 22 characters of base64url that spell the 128 bits given.
[[nodiscard]] std::string random_name(std::string_view prefix, std::uint64_t high,
                                      std::uint64_t low);

}  // namespace tern::amqp
