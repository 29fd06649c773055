#include "broker/arguments.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "broker/arguments_table.hpp"
#include "broker/texts.hpp"
#include "message/field_text.hpp"

namespace tern::broker {
namespace {

std::string unacceptable_type(const FieldValue& value) {
  return std::string("{unacceptable_type,") + value.type_name() + "}";
}

std::string not_an_integer(const FieldValue& value) {
  return std::string("\"expected integer, got ") + value.type_name() + "\"";
}

// `refusal` with the value in the place of its percent sign, if it has one.
std::string refused(std::string_view refusal, const FieldValue& value) {
  std::string filled(refusal);
  const auto place = filled.find('%');
  return place == std::string::npos ? filled : filled.replace(place, 1, field_text(value));
}

BrokerError invalid_argument(std::string_view name, const std::string& thing,
                             const std::string& reason) {
  BrokerError error{ErrorKind::precondition_failed, "invalid arg '"};
  error.text.append(name).append("' for ").append(thing).append(reason);
  return error;
}

// A text that names an exchange: checked before everything else, with a text of its own.
std::optional<BrokerError> check_exchange_name(std::string_view name, const FieldTable& arguments,
                                               const std::string& thing) {
  const FieldValue* value = arguments.find(name);
  if (value == nullptr || value->as<std::string>() != nullptr) return std::nullopt;
  BrokerError error{ErrorKind::precondition_failed, "invalid type '"};
  error.text.append(value->type_name()).append("' for arg '").append(name);
  error.text.append("' in ").append(thing);
  return error;
}

std::optional<BrokerError> check_queue_type(const FieldTable& arguments, const std::string& thing) {
  const FieldValue* value = arguments.find("x-queue-type");
  if (value == nullptr) return std::nullopt;
  if (const auto fault = find_fault(*find_queue_argument("x-queue-type"), *value))
    return invalid_argument("x-queue-type", thing, ": " + *fault);
  if (queue_type(arguments) != QueueType::stream) return std::nullopt;
  return invalid_argument("x-queue-type", thing,
                          ": \"queue type 'stream' is not supported by this version of TernMQ\"");
}

// The values of the arguments that mean something to this type of queue.
std::optional<BrokerError> check_values(const FieldTable& arguments, QueueType type,
                                        const std::string& thing) {
  for (const QueueArgument& argument : queue_arguments()) {
    const FieldValue* value = arguments.find(argument.name);
    if (value == nullptr || !argument.applies_to(type)) continue;
    if (const auto fault = find_fault(argument, *value))
      return invalid_argument(argument.name, thing, ": " + *fault);
    if (argument.name == "x-dead-letter-routing-key" &&
        arguments.find("x-dead-letter-exchange") == nullptr)
      return invalid_argument(argument.name, thing, ": routing_key_but_no_dlx_defined");
  }
  return std::nullopt;
}

// RabbitMQ names the type by its Erlang module there, and so do clients' tests.
std::string of_queue_type(QueueType type) {
  return std::string(" of queue type ") +
         (type == QueueType::quorum ? "rabbit_quorum_queue" : "rabbit_classic_queue");
}

// Arguments that mean nothing to this type of queue, though they do to another.
std::optional<BrokerError> check_names(const FieldTable& arguments, QueueType type,
                                       const std::string& thing) {
  for (const QueueArgument& argument : queue_arguments()) {
    if (!argument.applies_to(type) && arguments.find(argument.name) != nullptr)
      return invalid_argument(argument.name, thing, of_queue_type(type));
  }
  return std::nullopt;
}

}  // namespace

std::span<const QueueArgument> queue_arguments() noexcept {
  static const std::vector<QueueArgument> both = [] {
    const auto first = arguments_of_rabbitmq();
    const auto second = further_arguments();
    std::vector<QueueArgument> all(first.begin(), first.end());
    all.insert(all.end(), second.begin(), second.end());
    return all;
  }();
  return both;
}

std::optional<std::string> find_fault(const QueueArgument& argument, const FieldValue& value) {
  switch (argument.type) {
    case ArgumentType::boolean:
      if (value.as<bool>() == nullptr) return unacceptable_type(value);
      return std::nullopt;
    case ArgumentType::text: {
      const auto* given = value.as<std::string>();
      if (given == nullptr) return unacceptable_type(value);
      const auto& choices = argument.choices;
      const bool is_choice =
          choices.empty() || std::count(choices.begin(), choices.end(), *given) != 0;
      const bool has_form = argument.is_valid == nullptr || argument.is_valid(*given);
      if (is_choice && has_form) return std::nullopt;
      return refused(argument.refusal, value);
    }
    case ArgumentType::integer:
      break;
  }
  if (!value.is_integer()) return not_an_integer(value);
  const std::int64_t number = value.integer();
  if (number > argument.max) return refused(argument.refusal, value);
  if (number >= argument.min) return std::nullopt;
  if (number == 0) return std::string(argument.refusal_of_zero);
  return refused("{value_negative,%}", value);
}

const QueueArgument* find_queue_argument(std::string_view name) noexcept {
  for (const QueueArgument& argument : queue_arguments()) {
    if (argument.name == name) return &argument;
  }
  return nullptr;
}

QueueType queue_type(const FieldTable& arguments) noexcept {
  const FieldValue* value = arguments.find("x-queue-type");
  const auto* name = value == nullptr ? nullptr : value->as<std::string>();
  if (name != nullptr && *name == "quorum") return QueueType::quorum;
  if (name != nullptr && *name == "stream") return QueueType::stream;
  return QueueType::classic;
}

void apply_default_queue_type(QueueSpec& spec, std::string_view type) {
  if (type.empty() || spec.arguments.find("x-queue-type") != nullptr) return;
  // As RabbitMQ: a queue that goes with its connection or consumer stays a classic one.
  if (type != "classic" && (!spec.durable || spec.exclusive || spec.auto_delete)) return;
  spec.arguments.add("x-queue-type", type);
}

std::optional<BrokerError> check_queue_arguments(const FieldTable& arguments,
                                                 std::string_view vhost, std::string_view queue) {
  if (arguments.empty()) return std::nullopt;
  const std::string thing = texts::named_queue(queue, vhost);
  if (auto error = check_exchange_name("x-dead-letter-exchange", arguments, thing)) return error;
  if (auto error = check_queue_type(arguments, thing)) return error;
  const QueueType type = queue_type(arguments);
  if (auto error = check_values(arguments, type, thing)) return error;
  return check_names(arguments, type, thing);
}

std::optional<BrokerError> check_queue_spec(const QueueSpec& spec, std::string_view vhost) {
  if (auto error = check_queue_arguments(spec.arguments, vhost, spec.name)) return error;
  if (queue_type(spec.arguments) != QueueType::quorum) return std::nullopt;
  const char* property = spec.auto_delete ? "auto-delete"
                         : spec.exclusive ? "exclusive-owner"
                         : !spec.durable  ? "non-durable"
                                          : nullptr;
  if (property == nullptr) return std::nullopt;
  return BrokerError{ErrorKind::precondition_failed, std::string("invalid property '") + property +
                                                         "' for " +
                                                         texts::named_queue(spec.name, vhost)};
}

std::optional<BrokerError> check_consumer_arguments(const FieldTable& arguments,
                                                    std::string_view vhost, std::string_view queue,
                                                    QueueType type) {
  if (arguments.empty()) return std::nullopt;
  const std::string thing = texts::named_queue(queue, vhost);
  const FieldValue* priority = arguments.find("x-priority");
  if (priority != nullptr && !priority->is_integer())
    return invalid_argument("x-priority", thing, ": " + not_an_integer(*priority));
  const FieldValue* failover = arguments.find("x-cancel-on-ha-failover");
  if (failover != nullptr && failover->as<bool>() == nullptr)
    return invalid_argument("x-cancel-on-ha-failover", thing, ": " + unacceptable_type(*failover));
  if (type != QueueType::stream && arguments.find("x-stream-offset") != nullptr)
    return invalid_argument("x-stream-offset", thing, of_queue_type(type));
  return std::nullopt;
}

std::optional<BrokerError> check_exchange_arguments(const FieldTable& arguments,
                                                    std::string_view vhost,
                                                    std::string_view exchange) {
  if (arguments.empty()) return std::nullopt;
  const std::string thing = texts::named_exchange(exchange, vhost);
  if (auto error = check_exchange_name("alternate-exchange", arguments, thing)) return error;
  for (const ExchangeArgument& argument : exchange_arguments()) {
    const FieldValue* value = argument.is_checked ? arguments.find(argument.name) : nullptr;
    if (value == nullptr) continue;
    const QueueArgument like{.name = argument.name,
                             .type = argument.type,
                             .min = argument.min,
                             .max = std::numeric_limits<std::int64_t>::max()};
    if (const auto fault = find_fault(like, *value))
      return invalid_argument(argument.name, thing, ": " + *fault);
  }
  return std::nullopt;
}

}  // namespace tern::broker
