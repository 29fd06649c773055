#include "broker/equivalence.hpp"

#include <string>

#include "broker/arguments.hpp"
#include "broker/texts.hpp"
#include "message/field_text.hpp"

namespace tern::broker {
namespace {

// `thing` as texts::named_queue gives it; `received` and `current` in words.
BrokerError inequivalent(std::string_view argument, const std::string& thing,
                         const std::string& received, const std::string& current) {
  BrokerError error{ErrorKind::precondition_failed, "inequivalent arg '"};
  error.text.append(argument).append("' for ").append(thing);
  error.text.append(": received ").append(received).append(" but current is ").append(current);
  return error;
}

std::string in_quotes(std::string_view text) {
  return "'" + std::string(text) + "'";
}

std::string in_quotes(bool flag) {
  return flag ? "'true'" : "'false'";
}

template <class T>
std::optional<BrokerError> compare_field(std::string_view field, const std::string& thing,
                                         const T& current, const T& received) {
  if (current == received) return std::nullopt;
  return inequivalent(field, thing, in_quotes(received), in_quotes(current));
}

// Whether the type is said of a value depends on whether there is one on both sides.
std::optional<BrokerError> compare_argument(std::string_view name, const std::string& thing,
                                            const FieldTable& current, const FieldTable& received) {
  const FieldValue* now = current.find(name);
  const FieldValue* wanted = received.find(name);
  if (now == nullptr && wanted == nullptr) return std::nullopt;
  if (now == nullptr || wanted == nullptr)
    return inequivalent(name, thing, describe_field(wanted), describe_field(now));
  if (is_equivalent(*now, *wanted)) return std::nullopt;
  return inequivalent(name, thing, in_quotes(field_text(*wanted)), in_quotes(field_text(*now)));
}

// A classic queue is one whether or not it says so.
bool are_both_classic(const FieldTable& current, const FieldTable& received) {
  const auto is_classic = [](const FieldValue* value) {
    return value == nullptr || *value == FieldValue("classic");
  };
  return is_classic(current.find("x-queue-type")) && is_classic(received.find("x-queue-type"));
}

}  // namespace

std::optional<BrokerError> check_exclusive_access(const QueueRecord& queue,
                                                  const SessionId& session,
                                                  std::string_view vhost) {
  if (!queue.exclusive || queue.owner == session) return std::nullopt;
  return texts::locked_queue(queue.name, vhost);
}

std::optional<BrokerError> compare(const QueueRecord& current, const QueueSpec& received,
                                   std::string_view vhost) {
  if (current.exclusive != received.exclusive) return texts::locked_queue(current.name, vhost);
  const std::string thing = texts::named_queue(current.name, vhost);
  if (auto error = compare_field("durable", thing, current.durable, received.durable)) return error;
  if (auto error = compare_field("auto_delete", thing, current.auto_delete, received.auto_delete))
    return error;

  // Only what means something to a queue of this type in RabbitMQ is compared: clients declare
  // extensions, and arguments of other types, without harm.
  const QueueType type = queue_type(current.arguments);
  for (const QueueArgument& argument : queue_arguments()) {
    if (!argument.is_compared_for(type)) continue;
    if (argument.name == "x-queue-type" && are_both_classic(current.arguments, received.arguments))
      continue;
    if (auto error = compare_argument(argument.name, thing, current.arguments, received.arguments))
      return error;
  }
  return std::nullopt;
}

std::optional<BrokerError> compare(const ExchangeRecord& current, const ExchangeSpec& received,
                                   std::string_view vhost) {
  const std::string thing = texts::named_exchange(current.name, vhost);
  if (auto error = compare_field("type", thing, current.type, received.type)) return error;
  if (auto error = compare_field("durable", thing, current.durable, received.durable)) return error;
  if (auto error = compare_field("auto_delete", thing, current.auto_delete, received.auto_delete))
    return error;
  if (auto error = compare_field("internal", thing, current.internal, received.internal))
    return error;
  return compare_argument("alternate-exchange", thing, current.arguments, received.arguments);
}

}  // namespace tern::broker
