#include "client/publisher_part.hpp"

#include <algorithm>

#include "base/ensure.hpp"
#include "client/convert.hpp"

namespace tern::client {
namespace {

using ternmq::outcome;

constexpr std::size_t failures_reported_max = 1000;

std::string random_prefix(std::mt19937_64& random) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (int word = 0; word < 2; ++word)
    for (std::uint64_t bits = random(), left = 16; left > 0; --left, bits >>= 4U)
      text += digits[bits & 15U];
  return text += '-';
}

outcome failed_with(const error_info& why) {
  return {.error = why.code, .reply_text = why.text};
}

}  // namespace

PublisherPart::PublisherPart(Hub& hub, ternmq::publisher_options options)
    : hub_(hub), options_(std::move(options)) {
  options_.window = std::max(options_.window, 1U);
}

// --- what users ask -----------------------------------------------------------------------------

void PublisherPart::publish(OperationPtr<outcome> op, ternmq::message&& message) {
  operation_base* waiting = op.release();
  hub_.operations.adopt(*waiting, *this, 0, hub_.now);
  submit(std::move(message), {.kind = Interest::Kind::publish, .op = waiting});
}

void PublisherPart::send(OperationPtr<std::uint64_t> op, ternmq::message&& message) {
  operation_base* waiting = op.release();
  hub_.operations.adopt(*waiting, *this, 0, hub_.now);
  submit(std::move(message), {.kind = Interest::Kind::send, .op = waiting});
}

std::uint64_t PublisherPart::try_send(const ternmq::message& message) {
  if (!waiting_.empty() || !has_room() || !is_encodable(message)) return 0;
  return accept(message, {.kind = Interest::Kind::send});
}

void PublisherPart::batch(OperationPtr<std::vector<outcome>> op,
                          std::vector<ternmq::message>&& messages) {
  auto* waiting = op.release();
  if (messages.empty()) return hub_.operations.complete(waiting, std::vector<outcome>());
  hub_.operations.adopt(*waiting, *this, messages.size(), hub_.now);
  std::get<0>(waiting->results).resize(messages.size());
  // The last answer completes the operation, so it is not looked at after its message.
  for (std::uint32_t index = 0; index < messages.size(); ++index)
    submit(std::move(messages[index]),
           {.kind = Interest::Kind::batch, .op = waiting, .index = index});
}

void PublisherPart::submit(ternmq::message&& message, Interest interest) {
  if (state_ == State::over || is_draining_) return tell(interest, 0, failed_with(over_why_));
  if (!is_encodable(message))
    return tell(interest, 0, {.error = make_error_code(errc::invalid_argument)});
  if (waiting_.empty() && has_room())
    accept(message, interest);
  else
    waiting_.push_back({std::move(message), interest});
}

void PublisherPart::drain(OperationPtr<ternmq::publish_report> op) {
  hub_.operations.adopt(*op, *this, 0, hub_.now);
  drains_.push_back(op.release());
  check_drained();
}

void PublisherPart::close(OperationPtr<> op) {
  hub_.operations.adopt(*op, *this, 0, hub_.now);
  closes_.push_back(op.release());
  is_draining_ = true;
  check_drained();
}

void PublisherPart::release() {
  is_released_ = true;
  is_draining_ = true;
  check_drained();
}

void PublisherPart::give_up(operation_base& op) {
  std::erase(drains_, &op);
  std::erase(closes_, &op);
  std::erase_if(waiting_, [&op](const Waiting& one) { return one.interest.op == &op; });
  unconfirmed_.each([&op](Unsettled& one) {
    if (one.interest.op == &op) one.interest = {};
  });
}

// --- the window ---------------------------------------------------------------------------------

bool PublisherPart::has_room() noexcept {
  if (state_ != State::ready || hub_.is_blocked || hub_.is_output_full()) return false;
  return unconfirmed_.count() < options_.window &&
         (unconfirmed_.body_bytes() < options_.window_bytes || unconfirmed_.empty());
}

void PublisherPart::admit() {
  while (!waiting_.empty() && has_room()) {
    const Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    accept(next.message, next.interest);
  }
}

std::string_view PublisherPart::generated_id(const ternmq::message& message) {
  if (options_.on_recovery != ternmq::resend::deduplicated ||
      !message.properties.message_id.empty())
    return {};
  if (id_prefix_.empty()) id_prefix_ = random_prefix(hub_.random);
  id_text_ = id_prefix_ + std::to_string(++id_count_);
  return id_text_;
}

std::uint64_t PublisherPart::accept(const ternmq::message& message, Interest interest) {
  scratch_.clear();
  append_properties(scratch_, message.properties, generated_id(message));
  channel_->publish({.exchange = message.exchange,
                     .routing_key = message.routing_key,
                     .mandatory = options_.mandatory},
                    scratch_, message.body);
  Unsettled& one = unconfirmed_.add({.exchange = message.exchange,
                                     .routing_key = message.routing_key,
                                     .properties = scratch_,
                                     .body = message.body,
                                     .is_mandatory = options_.mandatory});
  const std::uint64_t id = one.id;
  if (options_.confirm_timeout.count() > 0)
    one.deadline = hub_.now + options_.confirm_timeout.count();
  one.interest = interest;
  if (interest.kind == Interest::Kind::send) {
    one.interest.op = nullptr;
    if (interest.op != nullptr)
      hub_.operations.complete(static_cast<operation<std::uint64_t>*>(interest.op), id);
  }
  return id;
}

// --- what the broker says -----------------------------------------------------------------------

void PublisherPart::confirmed(const Confirm& confirm) {
  const bool is_known = unconfirmed_.confirm(confirm.tag, confirm.multiple, [&](Unsettled& one) {
    if (one.returned)
      settle(one, {.what = outcome::kind::returned,
                   .error = make_error_code(errc::returned),
                   .reply_text = std::move(one.returned->text)});
    else if (confirm.is_ack)
      settle(one, {.what = outcome::kind::confirmed});
    else
      settle(one, {.what = outcome::kind::nacked, .error = make_error_code(errc::nacked)});
  });
  static_cast<void>(is_known);
  admit();
  check_drained();
}

void PublisherPart::returned(const Return& reason, content message) {
  Unsettled* one = unconfirmed_.find_returned({.exchange = message.exchange,
                                               .routing_key = message.routing_key,
                                               .properties = message.properties,
                                               .body = message.body});
  if (one == nullptr) return;
  one->returned = std::make_unique<Unsettled::Returned>(
      Unsettled::Returned{reason.code, std::string(reason.text)});
}

void PublisherPart::settle(Unsettled& one, outcome result) {
  if (result.is_confirmed()) {
    ++report_.confirmed;
  } else {
    ++report_.failed;
    if (one.interest.kind == Interest::Kind::send) {
      if (options_.on_failure)
        hub_.operations.post(
            [call = options_.on_failure, id = one.id, result] { call(id, result); });
      if (report_.failures.size() < failures_reported_max)
        report_.failures.push_back({one.id, result});
    }
  }
  if (one.interest.op != nullptr) tell(one.interest, one.id, std::move(result));
}

void PublisherPart::tell(const Interest& interest, std::uint64_t id, outcome&& result) {
  if (interest.op == nullptr) return;
  const error_info why{.code = result.error, .text = result.reply_text};
  switch (interest.kind) {
    case Interest::Kind::publish: {
      auto* op = static_cast<operation<outcome>*>(interest.op);
      if (why) return hub_.operations.fail(op, why, std::move(result));
      return hub_.operations.complete(op, std::move(result));
    }
    case Interest::Kind::send:
      return hub_.operations.fail(static_cast<operation<std::uint64_t>*>(interest.op), why, id);
    case Interest::Kind::batch:
      return tell_batch(*static_cast<BatchOperation*>(interest.op), interest.index,
                        std::move(result));
    case Interest::Kind::nobody:
      return;
  }
}

void PublisherPart::tell_batch(BatchOperation& op, std::uint32_t index, outcome&& result) {
  auto& results = std::get<0>(op.results);
  results[index] = std::move(result);
  ensure(op.key > 0, "a batch has more answers than messages");
  if (--op.key > 0) return;
  const auto failed = std::find_if(results.begin(), results.end(),
                                   [](const outcome& one) { return !one.is_confirmed(); });
  if (failed == results.end()) return hub_.operations.complete(&op, std::move(results));
  const error_info why{.code = failed->error, .text = failed->reply_text};
  hub_.operations.fail(&op, why, std::move(results));
}

void PublisherPart::check_drained() {
  if (in_flight() > 0) return;
  for (auto* op : std::exchange(drains_, {}))
    hub_.operations.complete(op, std::exchange(report_, {}));
  if (is_draining_ && state_ != State::opening) finish();
}

void PublisherPart::finish() {
  if (channel_ != nullptr) {
    const auto done = [this](const Reply&) {
      for (auto* op : std::exchange(closes_, {})) hub_.operations.complete(op);
      state_ = State::over;
      channel_ = nullptr;
    };
    hub_.session->close_channel(*std::exchange(channel_, nullptr), done);
    state_ = State::opening;  // Until the answer: nothing else may happen to the channel.
    return;
  }
  state_ = State::over;
  for (auto* op : std::exchange(closes_, {})) hub_.operations.complete(op);
}

// --- channel and connection ---------------------------------------------------------------------

void PublisherPart::connected() {
  if (state_ == State::over) return;
  state_ = State::opening;
  channel_ = hub_.session->open_channel(*this, {});
  if (channel_ == nullptr)
    return stop({.code = make_error_code(errc::not_allowed), .text = "no channel is free"});
  channel_->call(amqp::ConfirmSelect{}, [this](const Reply& reply) {
    if (reply.error == nullptr) on_open();
  });
}

void PublisherPart::on_open() {
  state_ = State::ready;
  if (on_ready_) std::exchange(on_ready_, {})(nullptr);
  send_again();
  admit();
  check_drained();
}

void PublisherPart::send_again() {
  unconfirmed_.renumber();
  unconfirmed_.each([this](Unsettled& one) {
    one.returned.reset();
    channel_->publish({.exchange = one.exchange(),
                       .routing_key = one.routing_key(),
                       .mandatory = one.is_mandatory},
                      one.properties(), one.body());
  });
}

void PublisherPart::lost() {
  channel_ = nullptr;
  if (state_ == State::over) return;
  state_ = State::down;
  if (options_.on_recovery == ternmq::resend::never)
    unconfirmed_.settle_all(
        [this](Unsettled& one) { settle(one, {.error = make_error_code(errc::outcome_unknown)}); });
  check_drained();
}

void PublisherPart::channel_closed(const error_info& why) {
  channel_ = nullptr;
  if (state_ == State::over) return;
  // Which of them the broker minded it does not say; all have the channel's fate.
  unconfirmed_.settle_all([&](Unsettled& one) { settle(one, failed_with(why)); });
  if (state_ == State::opening && on_ready_) return stop(why);
  state_ = State::down;
  check_drained();
  if (state_ == State::down) connected();
}

void PublisherPart::stop(const error_info& why) {
  if (state_ == State::over) return;
  state_ = State::over;
  over_why_ = why;
  channel_ = nullptr;
  if (on_ready_) std::exchange(on_ready_, {})(&why);
  unconfirmed_.settle_all([&](Unsettled& one) { settle(one, failed_with(why)); });
  for (auto& one : std::exchange(waiting_, {})) tell(one.interest, 0, failed_with(why));
  for (auto* op : std::exchange(drains_, {}))
    hub_.operations.fail(op, why, std::exchange(report_, {}));
  for (auto* op : std::exchange(closes_, {})) hub_.operations.complete(op);
}

void PublisherPart::tick() {
  if (options_.confirm_timeout.count() == 0) return;
  unconfirmed_.each([this](Unsettled& one) {
    if (one.deadline > hub_.now) return;
    one.deadline = never;
    tell(std::exchange(one.interest, {}), one.id, {.error = make_error_code(errc::timed_out)});
  });
}

Tick PublisherPart::next_wake() const {
  return options_.confirm_timeout.count() == 0 ? never : unconfirmed_.first_deadline();
}

}  // namespace tern::client
