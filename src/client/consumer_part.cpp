#include "client/consumer_part.hpp"

#include <algorithm>

#include "client/convert.hpp"

namespace tern::client {

ConsumerPart::ConsumerPart(Hub& hub, std::string queue, ternmq::consumer_options options)
    : hub_(hub), queue_(std::move(queue)), options_(std::move(options)) {
  if (options_.priority) options_.arguments.set("x-priority", *options_.priority);
  // A tag of our own: basic.cancel can then follow basic.consume without waiting for its answer.
  if (options_.tag.empty()) options_.tag = "ternmq-" + std::to_string(hub_.random());
}

void ConsumerPart::start(Handle handle, OnReady on_ready) {
  handle_ = std::move(handle);
  on_ready_ = std::move(on_ready);
}

// --- a single message ---------------------------------------------------------------------------

void ConsumerPart::start_get(std::shared_ptr<ternmq::detail::consumer_state> handle,
                             OperationPtr<std::optional<ternmq::delivery>> op) {
  is_get_ = true;
  get_handle_ = std::move(handle);
  hub_.operations.adopt(*op, *this, 0, hub_.now);
  get_ = op.release();
}

void ConsumerPart::send_get() {
  // "Empty" is all that the answer says; a message comes behind it, to delivered().
  channel_->call(amqp::BasicGet{.queue = queue_}, [this](const Reply& reply) {
    if (reply.error == nullptr && reply.is_empty && get_ != nullptr) end_get({});
  });
}

void ConsumerPart::end_get(std::optional<ternmq::delivery> found) {
  hub_.operations.complete(std::exchange(get_, nullptr), std::move(found));
  get_handle_.reset();  // A delivery has one of its own. Without, nothing holds this part any more.
}

// --- transactions -------------------------------------------------------------------------------

void ConsumerPart::commit(OperationPtr<> op, std::vector<ternmq::message>&& with) {
  const auto is_good = [](const ternmq::message& one) { return is_encodable(one); };
  if (!options_.transactional || !std::all_of(with.begin(), with.end(), is_good))
    return hub_.operations.fail(*op.release(), error_of(errc::invalid_argument));
  // Without the channel there is nothing to commit: what it held has gone back.
  if (channel_ == nullptr)
    return hub_.operations.fail(
        *op.release(), state_ == State::over ? over_why_ : error_of(errc::connection_lost));
  hub_.operations.adopt(*op, *this, 0, hub_.now);
  commits_.push_back(op.release());
  flush();
  std::string properties;
  for (const ternmq::message& one : with) {
    properties.clear();
    append_properties(properties, one.properties);
    channel_->publish({.exchange = one.exchange, .routing_key = one.routing_key}, properties,
                      one.body);
  }
  channel_->call(amqp::TxCommit{}, [this](const Reply& reply) {
    if (reply.error != nullptr) return;  // stop() tells them why.
    operation<>* done = commits_.front();
    commits_.pop_front();
    if (done != nullptr) hub_.operations.complete(done);
  });
}

void ConsumerPart::fail_commits(const error_info& why) {
  for (operation<>* op : std::exchange(commits_, {}))
    if (op != nullptr) hub_.operations.fail(*op, why);
}

// --- handing out --------------------------------------------------------------------------------

void ConsumerPart::next(OperationPtr<ternmq::delivery> op) {
  hub_.operations.adopt(*op, *this, 0, hub_.now);
  waiters_.push_back({op.release(), 0});
  serve();
}

void ConsumerPart::next_batch(OperationPtr<std::vector<ternmq::delivery>> op, std::size_t max) {
  hub_.operations.adopt(*op, *this, 0, hub_.now);
  waiters_.push_back({op.release(), std::max<std::size_t>(max, 1)});
  serve();
}

ternmq::delivery ConsumerPart::take() {
  Ready ready = std::move(ready_.front());
  ready_.pop_front();
  auto handle = options_.auto_ack ? nullptr : handle_.lock();
  return {std::move(ready.message), std::move(handle), *epoch_, ready.tag, ready.is_redelivered};
}

void ConsumerPart::serve() {
  const bool gives = state_ != State::ending || keeps_ready_;
  while (gives && !waiters_.empty() && !ready_.empty()) {
    const Waiter waiter = waiters_.front();
    waiters_.pop_front();
    if (waiter.batch_max == 0) {
      hub_.operations.complete(static_cast<operation<ternmq::delivery>*>(waiter.op), take());
      continue;
    }
    std::vector<ternmq::delivery> batch;
    batch.reserve(std::min(waiter.batch_max, ready_.size()));
    while (batch.size() < waiter.batch_max && !ready_.empty()) batch.push_back(take());
    hub_.operations.complete(static_cast<operation<std::vector<ternmq::delivery>>*>(waiter.op),
                             std::move(batch));
  }
  // While it ends, next() still gets what is here; nothing more will come.
  const bool is_dry = state_ == State::over || (state_ == State::ending && !is_cancel_sent_);
  if (!gives || (is_dry && ready_.empty())) fail_waiters();
}

void ConsumerPart::fail_waiters() {
  for (const Waiter& waiter : std::exchange(waiters_, {}))
    hub_.operations.fail(*waiter.op, over_why_);
}

void ConsumerPart::give_up(operation_base& op) {
  if (&op == get_) {
    // A message that comes all the same goes back when release() closes the channel.
    get_ = nullptr;
    get_handle_.reset();
  }
  std::replace_if(
      commits_.begin(), commits_.end(), [&op](const operation<>* one) { return one == &op; },
      nullptr);
  std::erase_if(waiters_, [&op](const Waiter& one) { return one.op == &op; });
  std::erase(ends_, &op);
}

// --- settling -----------------------------------------------------------------------------------

void ConsumerPart::settle(std::uint64_t epoch, std::uint64_t tag, Verdict how) {
  if (epoch != *epoch_ || channel_ == nullptr) return;
  switch (how) {
    case Verdict::ack:
      book_.ack(tag);
      break;
    case Verdict::ack_up_to:
      book_.ack_up_to(tag);
      break;
    case Verdict::requeue:
    case Verdict::reject:
      if (book_.remove(tag))
        channel_->send(amqp::BasicReject{.delivery_tag = tag, .requeue = how == Verdict::requeue});
      break;
  }
  if (book_.has_acks() && !is_flush_noted_) {
    is_flush_noted_ = true;
    hub_.with_acks.push_back(this);
  }
  check_ended();
}

void ConsumerPart::flush() {
  is_flush_noted_ = false;
  if (channel_ == nullptr) return;
  for (const AckBook::Ack& ack : book_.take_acks())
    channel_->send(amqp::BasicAck{.delivery_tag = ack.tag, .multiple = ack.multiple});
}

void ConsumerPart::give_back_ready() {
  while (!ready_.empty()) {
    const std::uint64_t tag = ready_.front().tag;
    ready_.pop_front();
    if (channel_ != nullptr && book_.remove(tag))
      channel_->send(amqp::BasicReject{.delivery_tag = tag, .requeue = true});
  }
}

// --- the end ------------------------------------------------------------------------------------

void ConsumerPart::cancel(OperationPtr<> op) {
  end(std::move(op), false);
}

void ConsumerPart::drain(OperationPtr<> op) {
  end(std::move(op), true);
}

void ConsumerPart::end(OperationPtr<> op, bool keeps_ready) {
  hub_.operations.adopt(*op, *this, 0, hub_.now);
  ends_.push_back(op.release());
  keeps_ready_ = keeps_ready_ && keeps_ready;
  stop_consuming();
  serve();
  check_ended();
}

void ConsumerPart::stop_consuming() {
  if (state_ == State::over || state_ == State::ending) return;
  const bool is_consuming = channel_ != nullptr;
  state_ = State::ending;
  if (!is_consuming) return;
  is_cancel_sent_ = true;
  channel_->call(amqp::BasicCancel{.consumer_tag = options_.tag}, [this](const Reply& reply) {
    is_cancel_sent_ = false;
    if (reply.error != nullptr) return;
    if (!keeps_ready_) give_back_ready();
    serve();
    check_ended();
  });
}

void ConsumerPart::check_ended() {
  if (state_ == State::over) {
    for (auto* op : std::exchange(ends_, {})) hub_.operations.complete(op);
    return;
  }
  if (state_ != State::ending || is_cancel_sent_) return;
  if (!keeps_ready_) give_back_ready();
  serve();
  // cancel() is done; what was handed out may still be settled. drain() waits for that.
  if (!keeps_ready_)
    for (auto* op : std::exchange(ends_, {})) hub_.operations.complete(op);
  if (!ready_.empty() || book_.unsettled() > 0) return;
  finish(over_why_);
}

void ConsumerPart::finish(const error_info& why) {
  if (channel_ != nullptr) {
    flush();
    hub_.session->close_channel(*std::exchange(channel_, nullptr), {});
  }
  stop(why);
}

void ConsumerPart::release() {
  is_released_ = true;
  if (state_ != State::over) finish(over_why_);
}

void ConsumerPart::stop(const error_info& why) {
  if (state_ == State::over) return;
  state_ = State::over;
  over_why_ = why;
  channel_ = nullptr;
  ++*epoch_;
  book_.reset();
  while (!ready_.empty()) ready_.pop_front();
  if (on_ready_) std::exchange(on_ready_, {})(&why);
  if (get_ != nullptr) hub_.operations.fail(*std::exchange(get_, nullptr), why);
  get_handle_.reset();
  fail_commits(why);
  fail_waiters();
  check_ended();
}

// --- channel and connection ---------------------------------------------------------------------

void ConsumerPart::connected() {
  if (state_ == State::over) return;
  if (state_ == State::ending) return check_ended();
  state_ = is_get_ ? State::consuming : State::opening;
  channel_ = hub_.session->open_channel(*this, {});
  if (channel_ == nullptr)
    return stop({.code = make_error_code(errc::not_allowed), .text = "no channel is free"});
  if (is_get_) return send_get();
  if (options_.transactional) channel_->call(amqp::TxSelect{}, {});
  if (options_.prefetch > 0 && !options_.auto_ack)
    channel_->call(amqp::BasicQos{.prefetch_count = options_.prefetch}, {});
  const std::string arguments = encode_entries(to_field_table(options_.arguments));
  channel_->call(amqp::BasicConsume{.queue = queue_,
                                    .consumer_tag = options_.tag,
                                    .no_ack = options_.auto_ack,
                                    .exclusive = options_.exclusive,
                                    .arguments = arguments},
                 [this](const Reply& reply) {
                   if (reply.error != nullptr) return;
                   if (state_ == State::opening) state_ = State::consuming;
                   if (on_ready_) std::exchange(on_ready_, {})(nullptr);
                 });
}

void ConsumerPart::lost() {
  channel_ = nullptr;
  if (state_ == State::over) return;
  ++*epoch_;
  book_.reset();
  while (!ready_.empty()) ready_.pop_front();
  fail_commits(error_of(errc::outcome_unknown));
  is_cancel_sent_ = false;
  if (state_ == State::ending) return check_ended();
  // A message that was got has gone back to its queue; nobody asks for another one.
  state_ = is_get_ && get_ == nullptr ? State::over : State::down;
}

void ConsumerPart::channel_closed(const error_info& why) {
  channel_ = nullptr;
  stop(why);
}

void ConsumerPart::consumer_cancelled() {
  if (state_ == State::over) return;
  over_why_.text = "the broker has cancelled the consumer: its queue '" + queue_ + "' is gone";
  state_ = State::ending;
  is_cancel_sent_ = false;
  check_ended();
}

void ConsumerPart::delivered(std::uint64_t tag, bool is_redelivered, content message) {
  if (!options_.auto_ack && !book_.delivered(tag)) return;
  if (is_get_) {
    if (get_ != nullptr)
      end_get(ternmq::delivery(std::move(message), get_handle_, *epoch_, tag, is_redelivered));
    return;
  }
  ready_.push_back({std::move(message), tag, is_redelivered});
  serve();
}

void ConsumerPart::rename(std::string_view from, std::string_view to) {
  if (queue_ == from) queue_ = to;
}

}  // namespace tern::client
