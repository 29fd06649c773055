// TopologyBook: what has been declared through a connection and must be there again after a
// recovery. Also makes the requests that declare it. Pure; owned by the machine.
#pragma once

#include <functional>
#include <vector>

#include "client/admin_part.hpp"
#include "ternmq/topology.hpp"

namespace tern::client {

/// The requests for one topology, in the order in which they must be made. Queues without a name
/// come with the bindings that mean them, while the broker remembers the queue declared last.
/// `on_queue(index, reply)` is told of each queue; the index is that of topology::queues.
[[nodiscard]] std::vector<AdminPart::Step> declare_steps(
    const ternmq::topology& topology, std::function<void(std::size_t, const Reply&)> on_queue = {});

/// Whether every name and table can be sent.
[[nodiscard]] bool is_encodable(const ternmq::topology& topology);

class TopologyBook {
 public:
  using Rename = std::function<void(std::string_view from, std::string_view to)>;

  /// Declared, with the queues as the broker has named them.
  void note(const ternmq::topology& declared, const std::vector<ternmq::queue_status>& queues);
  void forget_queue(std::string_view name);
  void forget_exchange(std::string_view name);
  void forget_binding(const ternmq::binding& binding);

  [[nodiscard]] bool empty() const noexcept;
  /// Declares exchanges and queues again, and what is bound to queues without a name. `on_rename`:
  /// the broker has given such a queue another name.
  [[nodiscard]] std::vector<AdminPart::Step> recover_steps(const Rename& on_rename);
  /// After that: all bindings of queues, which are now known by their new names.
  [[nodiscard]] std::vector<AdminPart::Step> recover_binding_steps() const;

 private:
  struct Temporary {
    ternmq::topology of;  // one queue without name, and its bindings
    std::string name;     // what the broker calls it
  };

  void rename(std::string_view from, std::string_view to);

  ternmq::topology named_;
  std::vector<Temporary> temporary_;
};

}  // namespace tern::client
