// Channel: transactions. Publishes are routed when they come and sent at commit, together with the
// acknowledgements; the broker carries out both as one.
#include "amqp/channel.hpp"

namespace tern::amqp {
namespace {

[[noreturn]] void not_transactional(MethodId method) {
  throw ChannelError(ReplyCode::precondition_failed, "channel is not transactional", method);
}

}  // namespace

void Channel::on(const TxSelect&) {
  if (mode_ == Mode::confirm)
    throw ChannelError(ReplyCode::precondition_failed, "cannot switch from confirm to tx mode",
                       TxSelect::info.id);
  mode_ = Mode::transactional;
  if (!transaction_) transaction_ = std::make_unique<TransactionBook>();
  send(TxSelectOk{});
}

void Channel::on(const TxCommit&) {
  if (mode_ != Mode::transactional) not_transactional(TxCommit::info.id);
  broker::Transaction transaction;
  transaction.publishes = std::move(transaction_->publishes);
  transaction_->publishes.clear();
  const SessionId& session = context_.caller.session;
  for (const TransactionSettle& settle : transaction_->settles) {
    auto& settles = transaction.settles;
    const Unacked& entry = settle.entry;
    const bool fits = !settles.empty() && settles.back().queue == entry.queue &&
                      settles.back().consumer.number == entry.consumer &&
                      settles.back().settlement == settle.settlement;
    if (!fits)
      settles.push_back({.queue = entry.queue,
                         .consumer = {session, entry.consumer},
                         .positions = {},
                         .settlement = settle.settlement});
    settles.back().positions.push_back(entry.position);
  }
  const auto operation = begin(OperationKind::commit, TxCommit::info.id, false);
  context_.broker().commit(context_.caller, std::move(transaction), operation);
}

void Channel::complete_commit() {
  std::uint32_t of_consumers = 0;
  for (const TransactionSettle& settle : transaction_->settles)
    of_consumers += settle.entry.consumer != 0 ? 1 : 0;
  transaction_->settles.clear();
  const auto unrouted = std::move(transaction_->unrouted);
  transaction_->unrouted.clear();
  for (const auto& [message, mandatory] : unrouted) publish_unrouted(message, mandatory);
  send(TxCommitOk{});
  limit_.settled(of_consumers);
  grant_permits();
}

void Channel::on(const TxRollback&) {
  if (mode_ != Mode::transactional) not_transactional(TxRollback::info.id);
  std::vector<Unacked> entries;
  for (const TransactionSettle& settle : transaction_->settles) entries.push_back(settle.entry);
  unacked_.put_back(entries);
  *transaction_ = TransactionBook{};
  send(TxRollbackOk{});
}

}  // namespace tern::amqp
