// Channel: publishing, confirms, returns and direct replies. The hot path is on_header, on_body,
// publish: no allocation for a small message once warm.
#include <algorithm>

#include "amqp/channel.hpp"
#include "amqp/expiration.hpp"
#include "amqp/reply_address.hpp"
#include "message/properties.hpp"
#include "message/table_view.hpp"

namespace tern::amqp {
namespace {

constexpr MethodId publish_id = BasicPublish::info.id;

[[noreturn]] void precondition_failed(const std::string& text) {
  throw ChannelError(ReplyCode::precondition_failed, text, publish_id);
}

// CC and BCC are lists of routing keys.
void check_key_list(const TableView& headers, Bytes name) {
  const auto field = headers.find(name);
  if (!field || field->tag == 'A') return;
  precondition_failed("invalid message: {unacceptable_type_in_header,\"" + std::string(name) +
                      "\"," + field->type_name() + "}");
}

}  // namespace

void Channel::expect_method() const {
  if (content_.is_idle()) [[likely]]
    return;
  if (content_.state() == ContentAssembler::State::header_due)
    throw ConnectionError(ReplyCode::unexpected_frame,
                          "expected content header for class 60, got non content header frame "
                          "instead",
                          publish_id);
  throw ConnectionError(ReplyCode::unexpected_frame,
                        "expected content body, got non content body frame instead", publish_id);
}

void Channel::on(const BasicPublish& method) {
  content_.begin(method);
}

void Channel::on_header(Bytes payload, SlabLease& lease) {
  if (content_.is_idle())
    throw ConnectionError(ReplyCode::unexpected_frame,
                          "expected method frame, got non method frame instead");
  if (content_.state() != ContentAssembler::State::header_due) expect_method();
  const auto header = decode_content_header(payload);
  if (!header || header->weight != 0) expect_method();
  if (header->class_id != publish_id.class_id)
    throw ConnectionError(ReplyCode::unexpected_frame,
                          "expected content header for class 60, got one for class " +
                              std::to_string(header->class_id) + " instead",
                          publish_id);
  if (content_.is_immediate())
    throw ConnectionError(ReplyCode::not_implemented, "immediate=true", publish_id);
  if (header->body_bytes > context_.options.message_bytes_max)
    precondition_failed("message size " + std::to_string(header->body_bytes) +
                        " is larger than configured max size " +
                        std::to_string(context_.options.message_bytes_max));
  if (header->properties == no_properties) {
    content_.header(*header, PropertiesView{});
  } else {
    const auto properties = PropertiesView::decode(header->properties);
    if (!properties)
      throw ConnectionError(ReplyCode::frame_error, "cannot decode content properties", publish_id);
    check_properties(*properties);
    content_.header(*header, *properties);
    if (properties->get(Property::reply_to) == reply_queue_name) {
      PropertiesView changed = *properties;
      const std::string address = encode_reply_address(
          {context_.caller.session, reply_consumer_->number, reply_consumer_->reply_key});
      changed.set(Property::reply_to, address);
      content_.replace_properties(encode_properties(changed));
    }
  }
  if (content_.state() == ContentAssembler::State::complete) publish(lease);
}

void Channel::check_properties(const PropertiesView& properties) const {
  if (properties.has(Property::user_id)) {
    const auto& user = *context_.caller.user;
    const Bytes claimed = properties.get(Property::user_id);
    const bool may_claim =
        std::find(user.tags.begin(), user.tags.end(), "impersonator") != user.tags.end();
    if (claimed != user.name && !may_claim)
      precondition_failed("user_id property set to '" + std::string(claimed) +
                          "' but authenticated user was '" + user.name + "'");
  }
  if (properties.has(Property::expiration)) {
    const Expiration expiration = parse_expiration(properties.get(Property::expiration));
    if (!expiration.fault.empty()) precondition_failed(expiration.fault);
  }
  if (!properties.headers().empty()) {
    const TableView headers(properties.headers());
    check_key_list(headers, "CC");
    check_key_list(headers, "BCC");
  }
  if (properties.get(Property::reply_to) == reply_queue_name && reply_consumer_ == nullptr)
    precondition_failed("fast reply consumer does not exist");
}

void Channel::on_body(Bytes payload, SlabLease& lease) {
  if (content_.is_idle())
    throw ConnectionError(ReplyCode::unexpected_frame,
                          "expected method frame, got non method frame instead");
  if (content_.state() != ContentAssembler::State::body_due) expect_method();
  if (!content_.body(payload))
    throw ConnectionError(ReplyCode::unexpected_frame,
                          "content body is longer than its header announced", publish_id);
  if (content_.state() == ContentAssembler::State::complete) publish(lease);
}

void Channel::publish(SlabLease& lease) {
  const bool mandatory = content_.is_mandatory();
  MessageRef message = content_.finish(lease);
  const auto routed = context_.broker().route(context_.caller, message,
                                              content_.headers_of(*message), route_cache_);
  if (!routed) throw_broker_error(routed.error(), publish_id);
  const auto targets = *routed;
  if (mode_ == Mode::transactional) {
    if (targets.empty())
      transaction_->unrouted.emplace_back(std::move(message), mandatory);
    else
      transaction_->publishes.push_back(
          {.targets = {targets.begin(), targets.end()}, .message = std::move(message)});
    return;
  }
  if (targets.empty()) {
    publish_unrouted(message, mandatory);
    return;
  }
  PublisherToken token{context_.caller.session, instance_, 0};
  // Noted before it is sent: queues on this shard may answer from inside the call.
  if (mode_ == Mode::confirm)
    token.sequence = confirms_.add(static_cast<std::uint32_t>(targets.size()));
  context_.note_publish(targets);
  context_.broker().enqueue(targets, std::move(message), token);
}

void Channel::publish_unrouted(const MessageRef& message, bool mandatory) {
  if (message->exchange().empty() && message->routing_key().starts_with(reply_address_prefix)) {
    if (const auto address = decode_reply_address(message->routing_key())) {
      publish_reply(*address, message, mandatory);
      return;
    }
  }
  confirm_now();
  if (!mandatory) return;
  return_message(message);
  // Not merged with what follows: clients find the return right before its own ack.
  if (mode_ == Mode::confirm) write_confirms();
}

void Channel::publish_reply(const broker::ReplyAddress& address, const MessageRef& message,
                            bool mandatory) {
  if (!mandatory || mode_ == Mode::transactional) {
    context_.broker().reply(address, message, 0, context_.caller.session);
    confirm_now();
    return;
  }
  const auto operation = begin(OperationKind::reply, publish_id, false);
  context_.operations.last().message = message;
  if (mode_ == Mode::confirm) context_.operations.last().sequence = confirms_.add(1);
  context_.broker().reply(address, message, operation, context_.caller.session);
}

void Channel::complete_reply(const Operation& operation, bool found) {
  if (!found) return_message(operation.message);
  if (operation.sequence != 0) settled(operation.sequence, queue::PublishOutcome::accepted);
}

void Channel::return_message(const MessageRef& message) {
  context_.send(number_,
                BasicReturn{.reply_code = static_cast<std::uint16_t>(ReplyCode::no_route),
                            .reply_text = info_of(ReplyCode::no_route).name,
                            .exchange = message->exchange(),
                            .routing_key = message->routing_key()},
                message);
}

void Channel::on(const ConfirmSelect& method) {
  if (mode_ == Mode::transactional)
    throw ChannelError(ReplyCode::precondition_failed, "cannot switch from tx to confirm mode",
                       ConfirmSelect::info.id);
  mode_ = Mode::confirm;
  if (!method.no_wait) send(ConfirmSelectOk{});
}

// A message that goes to no queue is safe at once.
void Channel::confirm_now() {
  if (mode_ != Mode::confirm) return;
  static_cast<void>(confirms_.add(0));
  note_confirms();
}

void Channel::settled(std::uint64_t sequence, queue::PublishOutcome outcome) {
  confirms_.settle(sequence, outcome == queue::PublishOutcome::refused);
  note_confirms();
}

void Channel::note_confirms() {
  if (confirms_noted_ || !confirms_.has_done()) return;
  confirms_noted_ = true;
  context_.confirms_due.push_back(this);
  context_.wake_writer();
}

void Channel::write_confirms() {
  confirms_noted_ = false;
  for (auto run = confirms_.take(); run.last != 0; run = confirms_.take()) {
    if (run.refused)
      send(BasicNack{.delivery_tag = run.last, .multiple = run.multiple, .requeue = true});
    else
      send(BasicAck{.delivery_tag = run.last, .multiple = run.multiple});
  }
}

}  // namespace tern::amqp
