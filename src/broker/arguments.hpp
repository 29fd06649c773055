// Arguments: the optional settings that declare and consume carry in a field table. One table lists
// all queue arguments that are known; declare reads it, and so do equivalence.hpp and whatever else
// must know one (policies, the HTTP API, the documentation). Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "broker/broker.hpp"
#include "broker/error.hpp"

namespace tern::broker {

enum class QueueType : std::uint8_t { classic = 1, quorum = 2, stream = 4 };

enum class ArgumentType : std::uint8_t { integer, boolean, text };

/// One known queue argument. `types` is an or of QueueType: the types of queue it can be given to.
struct QueueArgument {
  std::string_view name;
  ArgumentType type = ArgumentType::integer;
  std::uint8_t types = 0;
  std::int64_t min = 0;  ///< integers
  std::int64_t max = 0;
  std::span<const std::string_view> choices{};  ///< texts: the allowed ones; empty: any
  /// What RabbitMQ says of a value above `max` or not among `choices`; % stands for the value.
  std::string_view refusal{};
  std::string_view refusal_of_zero = "{value_zero,0}";  ///< the same, of 0 below `min`
  std::string_view help{};

  [[nodiscard]] bool applies_to(QueueType queue_type) const noexcept {
    return (types & static_cast<std::uint8_t>(queue_type)) != 0;
  }
};

/// All known queue arguments, in the order in which they are checked and compared.
[[nodiscard]] std::span<const QueueArgument> queue_arguments() noexcept;
/// Nullptr: not known; accepted and kept all the same.
[[nodiscard]] const QueueArgument* find_queue_argument(std::string_view name) noexcept;

/// What x-queue-type says; classic when it is not there or is not one of the three.
[[nodiscard]] QueueType queue_type(const FieldTable& arguments) noexcept;

/// Checks the arguments of a queue that is to be made: precondition_failed in RabbitMQ's words. An
/// existing queue's redeclare is only compared (equivalence.hpp), as RabbitMQ does.
[[nodiscard]] std::optional<BrokerError> check_queue_arguments(const FieldTable& arguments,
                                                               std::string_view vhost,
                                                               std::string_view queue);
/// The same, and whether the queue's flags suit its type: the one call that declare needs.
[[nodiscard]] std::optional<BrokerError> check_queue_spec(const QueueSpec& spec,
                                                          std::string_view vhost);
/// Checks the arguments of basic.consume on `queue`; those that are not known are let be.
[[nodiscard]] std::optional<BrokerError> check_consumer_arguments(const FieldTable& arguments,
                                                                  std::string_view vhost,
                                                                  std::string_view queue,
                                                                  QueueType type);
/// Checks the arguments of an exchange that is to be made.
[[nodiscard]] std::optional<BrokerError> check_exchange_arguments(const FieldTable& arguments,
                                                                  std::string_view vhost,
                                                                  std::string_view exchange);

}  // namespace tern::broker
