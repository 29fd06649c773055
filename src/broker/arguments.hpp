// Arguments: the optional settings that declare and consume carry in a field table. One table
// (arguments_table.cpp) lists all queue arguments that are known; declare reads it, and so do
// equivalence.hpp, policies (policies.hpp, effective.hpp) and docs/arguments.md. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "broker/broker.hpp"
#include "broker/error.hpp"

namespace tern::broker {

enum class QueueType : std::uint8_t { classic = 1, quorum = 2, stream = 4 };

enum class ArgumentType : std::uint8_t { integer, boolean, text };

/// How an argument, a policy and an operator policy that all set one thing combine.
enum class Combination : std::uint8_t {
  argument_first,  ///< the argument, else the operator policy, else the policy
  lowest,          ///< the lowest number of the three; a negative one is no limit
};

/// Every type of queue there is, for QueueArgument::compared.
inline constexpr std::uint8_t all_queue_types = 7;

/// One known queue argument. `types` is an or of QueueType: the types of queue it can be given to.
struct QueueArgument {
  std::string_view name;
  ArgumentType type = ArgumentType::integer;
  std::uint8_t types = 0;
  std::int64_t min = 0;  ///< integers
  std::int64_t max = 0;
  std::span<const std::string_view> choices{};   ///< texts: the allowed ones; empty: any
  bool (*is_valid)(std::string_view) = nullptr;  ///< texts that have a form of their own
  /// What RabbitMQ says of a value above `max` or not among `choices`; % stands for the value.
  std::string_view refusal{};
  std::string_view refusal_of_zero = "{value_zero,0}";  ///< the same, of 0 below `min`
  /// Types of queue for which a redeclare compares it. What RabbitMQ does not know it does not
  /// compare, and neither may we: a client's second declare would fail here only.
  std::uint8_t compared = all_queue_types;
  std::string_view policy_key{};   ///< how policies call it; empty: no policy may set it
  std::string_view policy_noun{};  ///< RabbitMQ's word for its value: `5 is not a valid …`
  bool is_for_operators = false;   ///< operator policies may set it
  Combination combination = Combination::argument_first;
  bool is_live = false;     ///< a policy's change takes effect on a queue that is in use
  bool is_ignored = false;  ///< accepted, checked, and without meaning
  std::string_view form{};  ///< texts: what they look like, for people
  std::string_view help{};

  [[nodiscard]] bool applies_to(QueueType queue_type) const noexcept {
    return (types & static_cast<std::uint8_t>(queue_type)) != 0;
  }
  [[nodiscard]] bool is_compared_for(QueueType queue_type) const noexcept {
    return (types & compared & static_cast<std::uint8_t>(queue_type)) != 0;
  }
};

/// All known queue arguments, in the order in which they are checked and compared.
[[nodiscard]] std::span<const QueueArgument> queue_arguments() noexcept;
/// Nullptr: not known; accepted and kept all the same.
[[nodiscard]] const QueueArgument* find_queue_argument(std::string_view name) noexcept;

/// One known argument of exchanges, or a policy key that is no queue's argument.
struct ExchangeArgument {
  std::string_view name{};  ///< empty: policies only
  ArgumentType type = ArgumentType::text;
  std::string_view exchanges{};  ///< the types of exchange it means something to, for people
  std::string_view policy_key{};
  std::string_view policy_noun{};
  std::int64_t min = 0;     ///< integers
  bool takes_any = false;   ///< a policy key of RabbitMQ whose value is not looked at
  bool is_checked = false;  ///< at declaration, here; else its exchange type does, or nobody
  std::string_view help{};
};
[[nodiscard]] std::span<const ExchangeArgument> exchange_arguments() noexcept;

/// Why a value cannot be this argument's, in RabbitMQ's words; nothing if it can.
[[nodiscard]] std::optional<std::string> find_fault(const QueueArgument& argument,
                                                    const FieldValue& value);

/// The weights in the text of x-priority-weights, lowest level first; nothing if it is none.
[[nodiscard]] std::optional<std::vector<std::uint32_t>> parse_priority_weights(
    std::string_view text);

/// docs/arguments.md, whole.
[[nodiscard]] std::string arguments_page();

/// What x-queue-type says; classic when it is not there or is not one of the three.
[[nodiscard]] QueueType queue_type(const FieldTable& arguments) noexcept;

/// Adds the virtual host's default queue type (empty: none) to a spec that names no type and can be
/// of that one.
void apply_default_queue_type(QueueSpec& spec, std::string_view type);

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
