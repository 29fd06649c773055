// What each method that a broker may send means to a session.
#include "client/session.hpp"

namespace tern::client {

struct MethodVisitor {
  Session& session;
  Channel* channel;
  bool is_allowed = false;

  // The reply to a request: one number above it, with nothing to tell but these.
  void reply(amqp::MethodId id, const Reply& what = {}) {
    is_allowed = channel != nullptr && channel->on_reply(id, what);
  }

  void operator()(const amqp::ConnectionStart& m) { is_allowed = session.on_start(m); }
  void operator()(const amqp::ConnectionTune& m) { is_allowed = session.on_tune(m); }
  void operator()(const amqp::ConnectionOpenOk&) { is_allowed = session.on_open_ok(); }
  void operator()(const amqp::ConnectionClose& m) {
    session.on_close(m);
    is_allowed = true;
  }
  void operator()(const amqp::ConnectionCloseOk&) {
    if (session.state_ != Session::State::closing) return;
    session.end(error_of(errc::connection_closed));
    is_allowed = true;
  }
  void operator()(const amqp::ConnectionBlocked& m) {
    session.listener_.session_blocked(true, m.reason);
    is_allowed = true;
  }
  void operator()(const amqp::ConnectionUnblocked&) {
    session.listener_.session_blocked(false, {});
    is_allowed = true;
  }

  void operator()(const amqp::ChannelFlow& m) {
    // Brokers of our time never stop a publisher with it; it is answered and changes nothing.
    if (channel == nullptr) return;
    channel->send(amqp::ChannelFlowOk{.active = m.active});
    is_allowed = true;
  }
  void operator()(const amqp::ChannelClose& m) {
    if (channel == nullptr) return;
    session.on_channel_close(*channel, m);
    is_allowed = true;
  }
  void operator()(const amqp::ChannelCloseOk& m) {
    reply(m.info.id);
    if (is_allowed) session.on_channel_close_ok(*channel);
  }

  void operator()(const amqp::BasicDeliver& m) {
    is_allowed = channel != nullptr && channel->on_deliver(m);
  }
  void operator()(const amqp::BasicGetOk& m) {
    is_allowed = channel != nullptr && channel->on_get_ok(m);
  }
  void operator()(const amqp::BasicGetEmpty& m) { reply(m.info.id, {.is_empty = true}); }
  void operator()(const amqp::BasicReturn& m) {
    is_allowed = channel != nullptr && channel->on_return(m);
  }
  void operator()(const amqp::BasicAck& m) { confirm({m.delivery_tag, m.multiple, true}); }
  void operator()(const amqp::BasicNack& m) { confirm({m.delivery_tag, m.multiple, false}); }
  void confirm(const Confirm& what) {
    if (channel == nullptr) return;
    is_allowed = true;
    if (channel->listener_ != nullptr) channel->listener_->confirmed(what);
  }
  void operator()(const amqp::BasicCancel&) {
    if (channel == nullptr) return;
    is_allowed = true;
    if (channel->listener_ != nullptr) channel->listener_->consumer_cancelled();
  }

  void operator()(const amqp::QueueDeclareOk& m) {
    reply(m.info.id, {.name = m.queue, .messages = m.message_count, .consumers = m.consumer_count});
  }
  void operator()(const amqp::QueuePurgeOk& m) { reply(m.info.id, {.messages = m.message_count}); }
  void operator()(const amqp::QueueDeleteOk& m) { reply(m.info.id, {.messages = m.message_count}); }
  void operator()(const amqp::BasicConsumeOk& m) { reply(m.info.id, {.name = m.consumer_tag}); }
  void operator()(const amqp::BasicCancelOk& m) { reply(m.info.id, {.name = m.consumer_tag}); }

  // All other replies say no more than that it is done; anything else is not for clients.
  template <class Method>
  void operator()(const Method& m) {
    reply(m.info.id);
  }
};

bool Session::on_method(const amqp::FrameCut& frame) {
  Channel* to = frame.channel == 0 ? nullptr : channel(frame.channel);
  const auto id = amqp::read_method_id(frame.payload);
  // Methods of the connection come on channel 0, and no others do.
  if (!id || (id->class_id == amqp::ConnectionStart::info.id.class_id) != (frame.channel == 0))
    return false;
  MethodVisitor visitor{*this, to};
  if (const auto fault = amqp::visit_method(frame.payload, visitor)) return false;
  return visitor.is_allowed;
}

}  // namespace tern::client
