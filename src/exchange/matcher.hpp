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

namespace tern::exchange {

/// What routing needs of a message. Views, valid during the call only.
struct RouteInput {
  Bytes routing_key;
  /// The entries of the message's `headers` table without the table's length in front; empty if
  /// there are none. Only types with depends_on_headers look at it.
  Bytes headers;
};

class Matcher {
 public:
  Matcher() = default;
  Matcher(const Matcher&) = delete;
  Matcher& operator=(const Matcher&) = delete;
  virtual ~Matcher() = default;

  /// Adds a binding whose arguments ExchangeType::check_arguments accepts. False: it was there.
  virtual bool bind(const Binding& binding) = 0;
  /// Removes exactly this binding. False: it is not there.
  virtual bool unbind(const Binding& binding) = 0;
  /// Adds the targets of every binding that matches to `targets` (which need not be empty).
  virtual void route(const RouteInput& input, TargetSet& targets) const = 0;
  /// The number of bindings.
  [[nodiscard]] virtual std::size_t size() const noexcept = 0;
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
};

/// One row for each exchange type a client may declare.
struct ExchangeType {
  std::string_view name;
  /// Routing looks at more than the routing key, so (exchange, key) is no key for a route cache.
  bool depends_on_headers;
  /// Null if any arguments will do. `arguments` as in Binding. The error's text is RabbitMQ's for
  /// a channel error 406, without the `PRECONDITION_FAILED - ` in front.
  Result<void> (*check_arguments)(Bytes arguments);
  std::unique_ptr<Matcher> (*make)();
};

/// All types, sorted by name.
[[nodiscard]] std::span<const ExchangeType> exchange_types() noexcept;
/// The type of that name, or null.
[[nodiscard]] const ExchangeType* find_exchange_type(std::string_view name) noexcept;
/// An empty matcher of that type, or null for an unknown type.
[[nodiscard]] std::unique_ptr<Matcher> make_matcher(std::string_view type);
/// Whether a binding with these arguments is acceptable to that type (one that exists).
[[nodiscard]] Result<void> check_binding_arguments(std::string_view type, Bytes arguments);

}  // namespace tern::exchange
