// Queues, exchange and bindings of a run: what they are called, making and removing them. Used by
// the main thread before and after the load.
#pragma once

#include <string>

#include "amqp/methods_topology.hpp"
#include "perf/connection.hpp"
#include "perf/options.hpp"

namespace tern::perf {

class Topology {
 public:
  explicit Topology(const Options& options) : options_(options) {}

  [[nodiscard]] std::string queue(unsigned number) const;
  /// Empty for the default exchange.
  [[nodiscard]] std::string exchange() const;
  [[nodiscard]] std::string routing_key(unsigned queue) const;

  /// Removes what an earlier run left behind, and declares everything.
  void set_up();
  void remove();
  /// Messages ready in all queues.
  [[nodiscard]] std::uint64_t depth() const;
  /// Bindings made per second for --bindings; 0 if there were none.
  [[nodiscard]] double binding_rate() const noexcept { return binding_rate_; }

 private:
  void bind_queues(Connection& connection);
  void bind_others(Connection& connection);
  [[nodiscard]] std::string side_queue() const;

  const Options& options_;
  double binding_rate_ = 0;
};

/// The headers of a message for a queue behind a headers exchange.
[[nodiscard]] FieldTable matching_headers(unsigned queue);

/// A declaration of a queue; `arguments` must live as long as it does.
[[nodiscard]] amqp::QueueDeclare make_declare(const Options& options, const std::string& name,
                                              const std::string& arguments);

}  // namespace tern::perf
