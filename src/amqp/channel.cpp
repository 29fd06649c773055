// Channel: its life, acknowledging, and the small methods.
#include "amqp/channel.hpp"

#include <algorithm>

namespace tern::amqp {

broker::OperationNumber Channel::begin(OperationKind kind, MethodId method, bool no_wait) {
  Operation& operation = context_.begin(kind, method, no_wait);
  operation.channel = number_;
  operation.instance = instance_;
  return operation.number;
}

void Channel::on(const ChannelFlow& method) {
  if (!method.active)
    throw ConnectionError(ReplyCode::not_implemented, "active=false", ChannelFlow::info.id);
  send(ChannelFlowOk{.active = true});
}

void Channel::on(const AccessRequest&) {
  // Of AMQP 0-8: clients that still ask get a ticket that nobody will ever look at.
  send(AccessRequestOk{.ticket = 1});
}

void Channel::completed(const Operation& operation, broker::OperationResult&& result) {
  if (operation.kind == OperationKind::consume) {
    complete_consume(operation, std::move(result));
    return;
  }
  // A session that cannot be asked any more is not there: `found` is false.
  if (operation.kind == OperationKind::find_reply || operation.kind == OperationKind::reply)
    result.failed = false;
  if (result.failed) throw_broker_error(result.error, operation.method);
  switch (operation.kind) {
    case OperationKind::reply:
      complete_reply(operation, result.found);
      break;
    case OperationKind::cancel:
      complete_cancel(operation);
      break;
    case OperationKind::get:
      complete_get(operation, std::move(result));
      break;
    case OperationKind::commit:
      complete_commit();
      break;
    default:
      complete_topology(operation, std::move(result));
  }
}

void Channel::on(const BasicAck& method) {
  settle(method.delivery_tag, method.multiple, queue::Settlement::acked, BasicAck::info.id);
}

void Channel::on(const BasicNack& method) {
  settle(method.delivery_tag, method.multiple,
         method.requeue ? queue::Settlement::requeued : queue::Settlement::dropped,
         BasicNack::info.id);
}

void Channel::on(const BasicReject& method) {
  settle(method.delivery_tag, false,
         method.requeue ? queue::Settlement::requeued : queue::Settlement::dropped,
         BasicReject::info.id);
}

void Channel::settle(std::uint64_t tag, bool multiple, queue::Settlement settlement,
                     MethodId method) {
  auto& taken = context_.taken;
  taken.clear();
  const bool known = multiple ? unacked_.take_through(tag, taken) : unacked_.take(tag, taken);
  if (!known)
    throw ChannelError(ReplyCode::precondition_failed,
                       "unknown delivery tag " + std::to_string(tag), method);
  if (mode_ == Mode::transactional) {
    for (const Unacked& entry : taken) transaction_->settles.push_back({entry, settlement});
    return;
  }
  hand_back(taken, settlement);
}

// Settles with the queues, and lets the channel's limit know.
void Channel::hand_back(const std::vector<Unacked>& entries, queue::Settlement settlement) {
  std::uint32_t of_consumers = 0;
  for (const Unacked& entry : entries) {
    context_.settles.add(context_.caller.session, entry, settlement);
    of_consumers += entry.consumer != 0 ? 1 : 0;
  }
  limit_.settled(of_consumers);
  if (limit_.is_set()) grant_permits();
}

void Channel::recover(bool requeue, MethodId method) {
  if (!requeue) throw ConnectionError(ReplyCode::not_implemented, "requeue=false", method);
  std::vector<Unacked> all;
  static_cast<void>(unacked_.take_through(0, all));
  hand_back(all, queue::Settlement::requeued);
}

void Channel::on(const BasicRecover& method) {
  recover(method.requeue, BasicRecover::info.id);
  send(BasicRecoverOk{});
}

void Channel::on(const BasicRecoverAsync& method) {
  recover(method.requeue, BasicRecoverAsync::info.id);
}

void Channel::release() {
  // Consumers first, so that nothing given back comes to them again.
  for (const auto& [tag, consumer] : consumers_) context_.cancel_in_background(*consumer);
  consumers_.clear();
  reply_consumer_ = nullptr;
  std::vector<Unacked> all;
  if (transaction_) {
    for (const TransactionSettle& settle : transaction_->settles) all.push_back(settle.entry);
    unacked_.put_back(all);
    all.clear();
  }
  static_cast<void>(unacked_.take_through(0, all));
  for (const Unacked& entry : all)
    context_.settles.add(context_.caller.session, entry, queue::Settlement::abandoned);
  context_.settles.flush();
  std::erase(context_.confirms_due, this);
}

}  // namespace tern::amqp
