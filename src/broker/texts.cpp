#include "broker/texts.hpp"

#include <string>

#include "base/ensure.hpp"

namespace tern::broker::texts {
namespace {

// Concatenates; keeps the functions below as readable as the texts they make.
template <class... Parts>
BrokerError error(ErrorKind kind, const Parts&... parts) {
  BrokerError made{kind, {}};
  (made.text.append(parts), ...);
  return made;
}

std::string named(std::string_view kind, std::string_view name, std::string_view vhost) {
  std::string text(kind);
  return text.append(" '").append(name).append("' in vhost '").append(vhost).append("'");
}

}  // namespace

std::string named_queue(std::string_view queue, std::string_view vhost) {
  return named("queue", queue, vhost);
}

std::string named_exchange(std::string_view exchange, std::string_view vhost) {
  return named("exchange", exchange, vhost);
}

BrokerError no_queue(std::string_view queue, std::string_view vhost) {
  return error(ErrorKind::not_found, "no ", named_queue(queue, vhost));
}

BrokerError no_exchange(std::string_view exchange, std::string_view vhost) {
  return error(ErrorKind::not_found, "no ", named_exchange(exchange, vhost));
}

BrokerError queue_not_empty(std::string_view queue, std::string_view vhost) {
  return error(ErrorKind::precondition_failed, named_queue(queue, vhost), " not empty");
}

BrokerError queue_in_use(std::string_view queue, std::string_view vhost) {
  return error(ErrorKind::precondition_failed, named_queue(queue, vhost), " in use");
}

BrokerError partial_transaction() {
  return {ErrorKind::precondition_failed, "partial tx completion"};
}

BrokerError server_named_quorum_queue() {
  return {ErrorKind::precondition_failed,
          "Cannot declare a server-named queue for type rabbit_quorum_queue"};
}

BrokerError exchange_in_use(std::string_view exchange, std::string_view vhost) {
  return error(ErrorKind::precondition_failed, named_exchange(exchange, vhost), " in use");
}

BrokerError reserved_queue_name(std::string_view queue) {
  return error(ErrorKind::access_refused, "queue name '", queue,
               "' contains reserved prefix 'amq.*'");
}

BrokerError reserved_exchange_name(std::string_view exchange) {
  return error(ErrorKind::access_refused, "exchange name '", exchange,
               "' contains reserved prefix 'amq.*'");
}

BrokerError default_exchange_not_permitted() {
  return error(ErrorKind::access_refused, "operation not permitted on the default exchange");
}

BrokerError system_exchange_deletion(std::string_view exchange, std::string_view vhost) {
  return error(ErrorKind::access_refused, "deletion of system ", named_exchange(exchange, vhost),
               " not allowed");
}

BrokerError exclusive_use(std::string_view queue, std::string_view vhost) {
  return error(ErrorKind::access_refused, named_queue(queue, vhost), " in exclusive use");
}

BrokerError internal_exchange(std::string_view exchange, std::string_view vhost) {
  return error(ErrorKind::access_refused, "cannot publish to internal ",
               named_exchange(exchange, vhost));
}

BrokerError permission_refused(Permission permission, ResourceKind kind, std::string_view name,
                               std::string_view vhost, std::string_view user) {
  ensure(kind != ResourceKind::topic, "topics are refused with their routing key");
  const bool is_default = kind == ResourceKind::exchange && name.empty();
  return error(ErrorKind::access_refused, to_text(permission), " access to ",
               kind == ResourceKind::queue
                   ? named_queue(name, vhost)
                   : named_exchange(is_default ? "amq.default" : name, vhost),
               " refused for user '", user, "'");
}

BrokerError topic_refused(Permission permission, std::string_view routing_key,
                          std::string_view exchange, std::string_view vhost,
                          std::string_view user) {
  return error(ErrorKind::access_refused, to_text(permission), " access to topic '", routing_key,
               "' in ", named_exchange(exchange, vhost), " refused for user '", user, "'");
}

BrokerError locked_queue(std::string_view queue, std::string_view vhost) {
  return error(ErrorKind::resource_locked, "cannot obtain exclusive access to locked ",
               named_queue(queue, vhost),
               ". It could be originally declared on another connection or the exclusive property "
               "value does not match that of the original declaration.");
}

BrokerError vhost_not_found(std::string_view vhost) {
  return error(ErrorKind::not_allowed, "vhost ", vhost, " not found");
}

BrokerError vhost_refused(std::string_view vhost, std::string_view user) {
  return error(ErrorKind::not_allowed, "access to vhost '", vhost, "' refused for user '", user,
               "'");
}

BrokerError vhost_connection_limit(std::string_view vhost, std::string_view user,
                                   std::uint64_t limit) {
  return error(ErrorKind::not_allowed, "access to vhost '", vhost, "' refused for user '", user,
               "': connection limit (", std::to_string(limit), ") is reached");
}

BrokerError user_connection_limit(std::string_view user, std::uint64_t limit) {
  return error(ErrorKind::not_allowed, "connection refused for user '", user,
               "': user connection limit (", std::to_string(limit), ") is reached");
}

BrokerError user_channel_limit(std::string_view user, std::uint64_t limit) {
  return error(ErrorKind::not_allowed, "number of channels opened for user '", user,
               "' has reached the maximum allowed user limit of (", std::to_string(limit), ")");
}

BrokerError queue_limit(std::string_view queue, std::string_view vhost, std::uint64_t limit) {
  return error(ErrorKind::precondition_failed, "cannot declare queue '", queue,
               "': queue limit in vhost '", vhost, "' (", std::to_string(limit), ") is reached");
}

BrokerError queue_limit_of_import(std::size_t added, std::string_view vhost, std::uint64_t limit,
                                  std::size_t there) {
  return error(ErrorKind::precondition_failed, "adding ", std::to_string(added),
               " queue(s) to virtual host \"", vhost, "\" would exceed the limit of ",
               std::to_string(limit), " queue(s); it has ", std::to_string(there), " now");
}

BrokerError unknown_exchange_type(std::string_view type) {
  return error(ErrorKind::command_invalid, type.empty() ? "invalid" : "unknown", " exchange type '",
               type, "'");
}

}  // namespace tern::broker::texts
