// The table of exchange types (matcher.hpp).
#include "exchange/matcher.hpp"

#include "base/ensure.hpp"
#include "exchange/direct_matcher.hpp"
#include "exchange/fanout_matcher.hpp"
#include "exchange/headers_matcher.hpp"
#include "exchange/topic_matcher.hpp"

namespace tern::exchange {
namespace {

template <class Type>
std::unique_ptr<Matcher> make() {
  return std::make_unique<Type>();
}

constexpr ExchangeType types[] = {
    {"direct", false, nullptr, make<DirectMatcher>},
    {"fanout", false, nullptr, make<FanoutMatcher>},
    {"headers", true, HeadersMatcher::check_arguments, make<HeadersMatcher>},
    {"topic", false, nullptr, make<TopicMatcher>},
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

std::unique_ptr<Matcher> make_matcher(std::string_view type) {
  const ExchangeType* const found = find_exchange_type(type);
  return found == nullptr ? nullptr : found->make();
}

Result<void> check_binding_arguments(std::string_view type, Bytes arguments) {
  const ExchangeType* const found = find_exchange_type(type);
  ensure(found != nullptr, "binding arguments of an unknown exchange type");
  if (found->check_arguments == nullptr) return {};
  return found->check_arguments(arguments);
}

}  // namespace tern::exchange
