// The header x-delivery-count of a delivery: how often the message came back before. Pure.
#pragma once

#include "message/message.hpp"

namespace tern::amqp {

/// A copy of the message with the header set (a long, as RabbitMQ's quorum queues send it).
[[nodiscard]] MessageRef with_delivery_count(const Message& message, std::uint32_t count);

/// The message, or a copy without the header if it has it.
[[nodiscard]] MessageRef without_delivery_count(const MessageRef& message);

}  // namespace tern::amqp
