#include "client/rpc_part.hpp"

#include <charconv>

#include "client/convert.hpp"

namespace tern::client {
namespace {

constexpr std::string_view reply_queue = "amq.rabbitmq.reply-to";

Bytes correlation_id_of(const content& message) {
  const auto view = PropertiesView::decode(message.properties);
  return view ? view->get(Property::correlation_id) : Bytes();
}

}  // namespace

void RpcPart::call(OperationPtr<ternmq::received_message> op, ternmq::message&& request) {
  if (state_ == State::over) return hub_.operations.fail(*op.release(), over_why_);
  if (!is_encodable(request))
    return hub_.operations.fail(*op.release(), error_of(errc::invalid_argument));
  hub_.operations.adopt(*op, *this, 0, hub_.now);
  waiting_.push_back({op.release(), std::move(request)});
  admit();
}

void RpcPart::admit() {
  while (!waiting_.empty() && state_ == State::ready && !hub_.is_blocked &&
         !hub_.is_output_full()) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    send(std::move(next));
  }
}

void RpcPart::send(Waiting&& call) {
  const std::uint64_t id = ++last_id_;
  auto& properties = call.request.properties;
  properties.correlation_id = std::to_string(id);
  properties.reply_to = reply_queue;
  scratch_.clear();
  append_properties(scratch_, properties);
  // Mandatory: a call that no queue takes comes back at once instead of being waited for.
  channel_->publish({.exchange = call.request.exchange,
                     .routing_key = call.request.routing_key,
                     .mandatory = true},
                    scratch_, call.request.body);
  hub_.operations.adopt(*call.op, *this, id, hub_.now);
  sent_.emplace(id, call.op);
}

RpcPart::CallOperation* RpcPart::take(std::string_view correlation_id) {
  std::uint64_t id = 0;
  const char* end = correlation_id.data() + correlation_id.size();
  const auto read = std::from_chars(correlation_id.data(), end, id);
  if (read.ec != std::errc() || read.ptr != end) return nullptr;
  const auto found = sent_.find(id);
  if (found == sent_.end()) return nullptr;
  CallOperation* op = found->second;
  sent_.erase(found);
  return op;
}

void RpcPart::delivered(std::uint64_t, bool, content message) {
  if (CallOperation* op = take(correlation_id_of(message)))
    hub_.operations.complete(op, ternmq::received_message(std::move(message)));
}

void RpcPart::returned(const Return& reason, content message) {
  if (CallOperation* op = take(correlation_id_of(message)))
    hub_.operations.fail(*op, error_of(errc::no_reply, std::string(reason.text)));
}

void RpcPart::give_up(operation_base& op) {
  std::erase_if(waiting_, [&op](const Waiting& one) { return one.op == &op; });
  if (op.key != 0) sent_.erase(op.key);
}

void RpcPart::fail_sent(const error_info& why) {
  for (const auto& [id, op] : std::exchange(sent_, {})) hub_.operations.fail(*op, why);
}

void RpcPart::release() {
  is_released_ = true;
  if (channel_ != nullptr) hub_.session->close_channel(*std::exchange(channel_, nullptr), {});
  stop(over_why_);
}

void RpcPart::connected() {
  if (state_ == State::over) return;
  state_ = State::opening;
  channel_ = hub_.session->open_channel(*this, {});
  if (channel_ == nullptr)
    return stop({.code = make_error_code(errc::not_allowed), .text = "no channel is free"});
  channel_->call(amqp::BasicConsume{.queue = reply_queue, .no_ack = true},
                 [this](const Reply& reply) {
                   if (reply.error != nullptr) return;
                   state_ = State::ready;
                   if (on_ready_) std::exchange(on_ready_, {})(nullptr);
                   admit();
                 });
}

void RpcPart::lost() {
  channel_ = nullptr;
  if (state_ == State::over) return;
  state_ = State::down;
  fail_sent(error_of(errc::connection_lost));
}

void RpcPart::channel_closed(const error_info& why) {
  channel_ = nullptr;
  if (state_ == State::over) return;
  fail_sent(why);
  if (on_ready_) return stop(why);
  // For example an exchange that is not there: the next call deserves a new channel.
  connected();
}

void RpcPart::stop(const error_info& why) {
  if (state_ == State::over) return;
  state_ = State::over;
  over_why_ = why;
  channel_ = nullptr;
  if (on_ready_) std::exchange(on_ready_, {})(&why);
  fail_sent(why);
  for (Waiting& one : std::exchange(waiting_, {})) hub_.operations.fail(*one.op, why);
}

}  // namespace tern::client
