#include "amqp/operations.hpp"

namespace tern::amqp {

Operation& Operations::begin(OperationKind kind, MethodId method, bool no_wait) {
  ensure(takes_input(), "an operation begins before the ones that it has to wait for are over");
  Operation operation;
  operation.number = ++last_number_;
  operation.kind = kind;
  operation.method = method;
  operation.no_wait = no_wait;
  waiting_.push_back(std::move(operation));
  return waiting_.back();
}

// Not for the loop over frames, which asks takes_input() each time and mostly finds nothing.
[[gnu::noinline]] bool Operations::takes_more() const noexcept {
  return !is_held_ && waiting_.size() < count_max &&
         waiting_.back().outlook == broker::Outlook::certain;
}

std::optional<Operation> Operations::finish(broker::OperationResult& result) {
  if (waiting_.empty() || result.operation < waiting_.front().number) return std::nullopt;
  const std::uint64_t place = result.operation - waiting_.front().number;
  if (place == 0) return take_next();
  if (place < waiting_.size())
    waiting_[place].result = std::make_unique<broker::OperationResult>(std::move(result));
  return std::nullopt;
}

std::optional<Operation> Operations::take_finished() {
  if (waiting_.empty() || !waiting_.front().result) return std::nullopt;
  return take_next();
}

Operation Operations::take_next() {
  Operation operation = std::move(waiting_.front());
  waiting_.pop_front();
  if (waiting_.empty()) is_held_ = false;
  return operation;
}

}  // namespace tern::amqp
