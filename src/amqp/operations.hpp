// Operations: what a connection has asked of the broker and was not answered yet, in the order in
// which the client hears of it. Mostly one: input waits for it. Declarations that nothing can
// refuse any more are the exception; further ones are taken meanwhile, so that a client which does
// not wait for each answer gets many for one sync of the disk. Owned by the connection.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "amqp/consumers.hpp"
#include "amqp/methods.hpp"
#include "amqp/ring.hpp"
#include "broker/broker.hpp"

namespace tern::amqp {

enum class OperationKind : std::uint8_t {
  exchange_declare,
  exchange_delete,
  exchange_bind,
  exchange_unbind,
  queue_declare,
  queue_delete,
  queue_bind,
  queue_unbind,
  queue_purge,
  find_reply,  ///< passive declare of a reply address
  reply,       ///< mandatory publish to a reply address
  consume,
  cancel,
  get,
  commit,
};

struct Operation {
  broker::OperationNumber number = 0;
  std::uint16_t channel = 0;
  ChannelInstance instance = 0;
  OperationKind kind{};
  MethodId method;
  bool no_wait = false;
  bool auto_ack = false;        ///< get
  ConsumerNumber consumer = 0;  ///< consume, cancel
  std::string name;             ///< queue_declare (passive), find_reply, cancel
  MessageRef message;           ///< reply: to be returned if nobody is there
  std::uint64_t sequence = 0;   ///< reply: its confirm, 0 for none
  broker::Outlook outlook = broker::Outlook::open;
  std::unique_ptr<broker::OperationResult> result;  ///< came before it was this one's turn
};

class Operations {
 public:
  [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }
  /// Whether input makes sense: nothing is under way, or what is may be followed by a declaration.
  [[nodiscard]] bool takes_input() const noexcept { return waiting_.empty() || takes_more(); }
  /// The next frame has to wait until nothing is under way.
  void hold() noexcept { is_held_ = true; }

  /// At most count_max, and none before takes_input().
  Operation& begin(OperationKind kind, MethodId method, bool no_wait);
  /// The one begun last.
  [[nodiscard]] Operation& last() noexcept { return waiting_.back(); }
  /// Whose turn it is to be answered.
  [[nodiscard]] const Operation& next() const noexcept { return waiting_[0]; }

  /// Takes out the operation that a result is of, if it is its turn. Otherwise the result is kept
  /// until it is, or dropped if it is nobody's.
  [[nodiscard]] std::optional<Operation> finish(broker::OperationResult& result);
  /// Takes out the next operation if its result was kept, and is in it.
  [[nodiscard]] std::optional<Operation> take_finished();

 private:
  [[nodiscard]] bool takes_more() const noexcept;
  [[nodiscard]] Operation take_next();

  static constexpr std::size_t count_max = 256;

  Ring<Operation, 1> waiting_;  // with consecutive numbers
  broker::OperationNumber last_number_ = 0;
  bool is_held_ = false;
};

}  // namespace tern::amqp
