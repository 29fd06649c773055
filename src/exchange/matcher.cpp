// The table of exchange types (matcher.hpp).
#include "exchange/matcher.hpp"

#include <string>

#include "base/ensure.hpp"
#include "exchange/consistent_hash_matcher.hpp"
#include "exchange/direct_matcher.hpp"
#include "exchange/fanout_matcher.hpp"
#include "exchange/headers_matcher.hpp"
#include "exchange/modulus_hash_matcher.hpp"
#include "exchange/random_matcher.hpp"
#include "exchange/recent_history.hpp"
#include "exchange/topic_matcher.hpp"

namespace tern::exchange {
namespace {

constexpr std::string_view delayed = "x-delayed-message";

template <class Type>
std::unique_ptr<Matcher> make(const FieldTable& /*arguments*/) {
  return std::make_unique<Type>();
}

template <class Type>
std::unique_ptr<Matcher> make_with(const FieldTable& arguments) {
  return std::make_unique<Type>(arguments);
}

Result<void> check_delayed(const FieldTable& arguments) {
  const FieldValue* const value = arguments.find("x-delayed-type");
  const auto* const name = value == nullptr ? nullptr : value->as<std::string>();
  if (name != nullptr && *name == delayed)
    return Error{"Invalid argument, 'x-delayed-message' can't be used for 'x-delayed-type'"};
  const ExchangeType* const type = name == nullptr ? nullptr : find_exchange_type(*name);
  if (type == nullptr)
    return Error{"Invalid argument, 'x-delayed-type' must be an existing exchange type"};
  return type->check_exchange == nullptr ? Result<void>() : type->check_exchange(arguments);
}

constexpr ExchangeType types[] = {
    {.name = "direct", .make = make<DirectMatcher>},
    {.name = "fanout", .make = make<FanoutMatcher>},
    {.name = "headers",
     .check_binding = HeadersMatcher::check_binding,
     .make = make<HeadersMatcher>},
    {.name = "topic", .make = make<TopicMatcher>},
    {.name = "x-consistent-hash",
     .routes_once = true,
     .check_exchange = ConsistentHashMatcher::check_exchange,
     .check_binding = ConsistentHashMatcher::check_binding,
     .make = make_with<ConsistentHashMatcher>},
    {.name = delayed, .check_exchange = check_delayed},
    {.name = "x-modulus-hash", .routes_once = true, .make = make_with<ModulusHashMatcher>},
    {.name = "x-random", .routes_once = true, .make = make_with<RandomMatcher>},
    {.name = "x-recent-history",
     .check_exchange = RecentHistory::check_exchange,
     .make = make<FanoutMatcher>},
};

}  // namespace

std::span<const ExchangeType> exchange_types() noexcept {
  return types;
}

const ExchangeType* find_exchange_type(std::string_view name) noexcept {
  for (const ExchangeType& type : types)
    if (type.name == name) return &type;
  return nullptr;
}

const ExchangeType* find_routing_type(std::string_view type, const FieldTable& arguments) noexcept {
  if (type != delayed) return find_exchange_type(type);
  const FieldValue* const value = arguments.find("x-delayed-type");
  const auto* const name = value == nullptr ? nullptr : value->as<std::string>();
  return name == nullptr || *name == delayed ? nullptr : find_exchange_type(*name);
}

std::unique_ptr<Matcher> make_matcher(std::string_view type, const FieldTable& arguments) {
  const ExchangeType* const found = find_routing_type(type, arguments);
  return found == nullptr ? nullptr : found->make(arguments);
}

Result<void> check_exchange(std::string_view type, const FieldTable& arguments) {
  const ExchangeType* const found = find_exchange_type(type);
  ensure(found != nullptr, "arguments of an unknown exchange type");
  return found->check_exchange == nullptr ? Result<void>() : found->check_exchange(arguments);
}

Result<void> check_binding(std::string_view type, const FieldTable& arguments,
                           const NewBinding& binding) {
  const ExchangeType* const found = find_routing_type(type, arguments);
  ensure(found != nullptr, "binding of an unknown exchange type");
  return found->check_binding == nullptr ? Result<void>() : found->check_binding(binding);
}

}  // namespace tern::exchange
