// Equivalence: may a thing that exists be declared again like this? Compares flags and the known
// arguments and refuses in RabbitMQ's words (`inequivalent arg …`). Pure; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "broker/broker.hpp"
#include "broker/error.hpp"
#include "broker/records.hpp"

namespace tern::broker {

/// resource_locked if the queue is exclusive to another session than `session`; for every use.
[[nodiscard]] std::optional<BrokerError> check_exclusive_access(const QueueRecord& queue,
                                                                const SessionId& session,
                                                                std::string_view vhost);

/// Nothing if `received` declares just this queue again. resource_locked if the exclusive flag
/// differs, precondition_failed otherwise. Ask check_exclusive_access first.
[[nodiscard]] std::optional<BrokerError> compare(const QueueRecord& current,
                                                 const QueueSpec& received, std::string_view vhost);

[[nodiscard]] std::optional<BrokerError> compare(const ExchangeRecord& current,
                                                 const ExchangeSpec& received,
                                                 std::string_view vhost);

}  // namespace tern::broker
