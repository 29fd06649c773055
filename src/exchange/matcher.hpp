// Matcher: the binding table of one exchange and the rule by which its type routes. Each shard has
// its own replica of every exchange and is the only one to touch it: no locks, no I/O. Routing is
// const but uses scratch memory inside, so one matcher is never shared between threads.
//
// A matcher knows neither names nor what is behind a target. Following exchange-to-exchange
// bindings, cutting their loops and the alternate exchange are the broker's.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "exchange/binding.hpp"
#include "exchange/target_set.hpp"
#include "message/field_table.hpp"
#include "message/properties.hpp"

namespace tern::exchange {

/// What routing needs of a message. Views, valid during the call only.
struct RouteInput {
  Bytes routing_key;
  /// The entries of the message's `headers` table without the table's length in front; empty if
  /// there are none.
  Bytes headers{};
  /// All properties, encoded (Message::properties()); they were checked when the message arrived.
  Bytes properties = no_properties;
};

/// A binding that is to be made, as far as an exchange type has a say in it.
struct NewBinding {
  Bytes routing_key{};
  Bytes arguments{};  ///< as in Binding
};

class Matcher {
 public:
  Matcher() = default;
  Matcher(const Matcher&) = delete;
  Matcher& operator=(const Matcher&) = delete;
  virtual ~Matcher() = default;

  /// Adds a binding that ExchangeType::check_binding accepts. False: it was there.
  virtual bool bind(const Binding& binding) = 0;
  /// Removes exactly this binding. False: it is not there.
  virtual bool unbind(const Binding& binding) = 0;
  /// Adds the targets of every binding that matches to `targets` (which need not be empty).
  virtual void route(const RouteInput& input, TargetSet& targets) const = 0;
  /// Whether messages of equal routing keys always go to the same targets while the bindings stay,
  /// so that (exchange, key) is a key for a route cache.
  [[nodiscard]] virtual bool is_cacheable() const noexcept { return true; }
  /// The number of bindings.
  [[nodiscard]] virtual std::size_t size() const noexcept = 0;
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
};

/// One row for each exchange type a client may declare.
struct ExchangeType {
  std::string_view name;
  /// One target for a message, by its first key: CC and BCC keys are not asked.
  bool routes_once = false;
  /// Whether an exchange can be made with these arguments, and a binding. Null: with any. Errors
  /// are RabbitMQ's texts for a channel error 406, without `PRECONDITION_FAILED - ` in front.
  Result<void> (*check_exchange)(const FieldTable& arguments) = nullptr;
  Result<void> (*check_binding)(const NewBinding& binding) = nullptr;
  /// An empty matcher for an exchange with these arguments. Null for x-delayed-message, whose
  /// x-delayed-type says what to make: make_matcher() is the one to call.
  std::unique_ptr<Matcher> (*make)(const FieldTable& arguments) = nullptr;
};

/// All types, sorted by name.
[[nodiscard]] std::span<const ExchangeType> exchange_types() noexcept;
/// The type of that name, or null.
[[nodiscard]] const ExchangeType* find_exchange_type(std::string_view name) noexcept;
/// The type by whose rule an exchange of that type routes: itself, or for x-delayed-message the one
/// in its x-delayed-type. Null if there is none.
[[nodiscard]] const ExchangeType* find_routing_type(std::string_view type,
                                                    const FieldTable& arguments) noexcept;
/// An empty matcher, or null if there is no such type.
[[nodiscard]] std::unique_ptr<Matcher> make_matcher(std::string_view type,
                                                    const FieldTable& arguments = {});
/// Whether an exchange of that type (one that exists) can be made with these arguments.
[[nodiscard]] Result<void> check_exchange(std::string_view type, const FieldTable& arguments);
/// Whether an exchange of that type, made with `arguments`, takes this binding.
[[nodiscard]] Result<void> check_binding(std::string_view type, const FieldTable& arguments,
                                         const NewBinding& binding);

}  // namespace tern::exchange
