#include "client/operations.hpp"

#include "base/ensure.hpp"

namespace tern::client {
namespace {

const error_info cancelled{boost::asio::error::operation_aborted, {}};

class Call final : public operation_base {
 public:
  explicit Call(std::function<void()> call) : call_(std::move(call)) {}
  void invoke() override {
    const std::unique_ptr<Call> self(this);
    call_();
  }
  void destroy() noexcept override { delete this; }

 private:
  std::function<void()> call_;
};

}  // namespace

void Operations::adopt(operation_base& op, OperationOwner& owner, std::uint64_t key, Tick now) {
  op.owner = &owner;
  op.key = key;
  if (op.deadline_ms != 0 || (op.timeout_ms == 0 && !op.is_cancelled)) return;
  op.deadline_ms = op.is_cancelled ? now : now + op.timeout_ms;
  deadlines_.emplace(op.deadline_ms, &op);
}

void Operations::fail(operation_base& op, const error_info& why) {
  op.error = why.code;
  if (op.info != nullptr) *op.info = why;
  push(op);
}

void Operations::post(std::function<void()> call) {
  push(*std::make_unique<Call>(std::move(call)).release());
}

void Operations::push(operation_base& op) {
  if (op.deadline_ms != 0) deadlines_.erase({op.deadline_ms, &op});
  op.deadline_ms = 0;
  op.owner = nullptr;
  if (op.cancelling) op.cancelling->target = nullptr;
  op.next = nullptr;
  (last_ != nullptr ? last_->next : first_) = &op;
  last_ = &op;
}

operation_base* Operations::pop() noexcept {
  operation_base* op = first_;
  if (op == nullptr) return nullptr;
  first_ = op->next;
  if (first_ == nullptr) last_ = nullptr;
  return op;
}

void Operations::drop_completed() noexcept {
  while (operation_base* op = pop()) op->destroy();
}

void Operations::abandon(operation_base& op, const error_info& why) {
  ensure(op.owner != nullptr, "an operation that waits nowhere");
  static_cast<OperationOwner*>(op.owner)->give_up(op);
  fail(op, why);
}

void Operations::cancel(ternmq::detail::cancel_token& token) {
  operation_base* op = token.target;
  if (op == nullptr) return;
  // On its way here from another thread: adopt() lets it wait for no time at all.
  op->is_cancelled = true;
  if (op->owner != nullptr) abandon(*op, cancelled);
}

void Operations::expire(Tick now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now)
    abandon(*deadlines_.begin()->second,
            deadlines_.begin()->second->is_cancelled ? cancelled : error_of(errc::timed_out));
}

}  // namespace tern::client
