// The texts with which the broker refuses things, word for word those of RabbitMQ 3.13: clients
// match on them. One function per text; nobody writes such a text elsewhere. The prefix with the
// code's name (`NOT_FOUND - `) is the front-end's. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "broker/error.hpp"
#include "broker/users.hpp"

namespace tern::broker::texts {

// All take names as the client gave them; a resource's name comes first, its virtual host second.

// --- not found ----------------------------------------------------------------------------------
[[nodiscard]] BrokerError no_queue(std::string_view queue, std::string_view vhost);
[[nodiscard]] BrokerError no_exchange(std::string_view exchange, std::string_view vhost);

// --- precondition failed ------------------------------------------------------------------------
[[nodiscard]] BrokerError queue_not_empty(std::string_view queue, std::string_view vhost);
[[nodiscard]] BrokerError queue_in_use(std::string_view queue, std::string_view vhost);
/// tx.commit when a queue refused one of the messages.
[[nodiscard]] BrokerError partial_transaction();
[[nodiscard]] BrokerError server_named_quorum_queue();
[[nodiscard]] BrokerError queue_limit(std::string_view queue, std::string_view vhost,
                                      std::uint64_t limit);
[[nodiscard]] BrokerError queue_limit_of_import(std::size_t added, std::string_view vhost,
                                                std::uint64_t limit, std::size_t there);
[[nodiscard]] BrokerError exchange_in_use(std::string_view exchange, std::string_view vhost);

// --- access refused -----------------------------------------------------------------------------
/// The name begins with `amq.` and is not that of an existing thing.
[[nodiscard]] BrokerError reserved_queue_name(std::string_view queue);
[[nodiscard]] BrokerError reserved_exchange_name(std::string_view exchange);
[[nodiscard]] BrokerError default_exchange_not_permitted();
/// Said of every name that begins with `amq.`, whether or not there is such an exchange.
[[nodiscard]] BrokerError system_exchange_deletion(std::string_view exchange,
                                                   std::string_view vhost);
/// Another consumer is exclusive, or one asks to be while others consume.
[[nodiscard]] BrokerError exclusive_use(std::string_view queue, std::string_view vhost);
[[nodiscard]] BrokerError internal_exchange(std::string_view exchange, std::string_view vhost);
/// `kind` is queue or exchange (see topic_refused). The default exchange, "", is named
/// `amq.default` in the text.
[[nodiscard]] BrokerError permission_refused(Permission permission, ResourceKind kind,
                                             std::string_view name, std::string_view vhost,
                                             std::string_view user);
[[nodiscard]] BrokerError topic_refused(Permission permission, std::string_view routing_key,
                                        std::string_view exchange, std::string_view vhost,
                                        std::string_view user);

// --- resource locked ----------------------------------------------------------------------------
/// Any use of another connection's exclusive queue, and a redeclare with another exclusive flag.
[[nodiscard]] BrokerError locked_queue(std::string_view queue, std::string_view vhost);

// --- not allowed --------------------------------------------------------------------------------
[[nodiscard]] BrokerError vhost_not_found(std::string_view vhost);
[[nodiscard]] BrokerError vhost_refused(std::string_view vhost, std::string_view user);
[[nodiscard]] BrokerError vhost_connection_limit(std::string_view vhost, std::string_view user,
                                                 std::uint64_t limit);
[[nodiscard]] BrokerError user_connection_limit(std::string_view user, std::uint64_t limit);
[[nodiscard]] BrokerError user_channel_limit(std::string_view user, std::uint64_t limit);

// --- command invalid ----------------------------------------------------------------------------
[[nodiscard]] BrokerError unknown_exchange_type(std::string_view type);

/// `queue 'q' in vhost '/'`: how RabbitMQ names a thing in its texts.
[[nodiscard]] std::string named_queue(std::string_view queue, std::string_view vhost);
[[nodiscard]] std::string named_exchange(std::string_view exchange, std::string_view vhost);

}  // namespace tern::broker::texts
