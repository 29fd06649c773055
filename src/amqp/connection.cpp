// Connection: life, closing, time, and the calls of the broker. Frames are in
// connection_frames.cpp.
#include "amqp/connection.hpp"

#include "base/log.hpp"

namespace tern::amqp {
namespace {

constexpr Millis refusal_pause{3'000};

// Texts quote what clients sent, and are cut at 255 octets: either may leave something that is not
// UTF-8, which clients of some languages cannot take.
std::string wire_text(const ProtocolError& error) {
  std::string text(error.text());
  if (is_utf8(text)) return text;
  for (char& octet : text)
    if ((static_cast<unsigned char>(octet) & 0x80U) != 0) octet = '?';
  return text;
}

}  // namespace

Connection::Connection(broker::Broker& broker, Transport& transport,
                       const ConnectionOptions& options, const Peer& peer, Time now)
    : context_(broker, transport, options),
      now_(now),
      phase_since_(now),
      last_input_(now),
      last_output_(now),
      peer_(peer) {
  context_.caller.session = broker.attach(*this);
  attached_ = true;
}

Connection::~Connection() {
  connection_lost();
}

bool Connection::wants_input() const noexcept {
  switch (phase_) {
    case Phase::running:
      return context_.operations.takes_input() && !held_ && !context_.wish &&
             !context_.is_output_full();
    case Phase::closed:
      return false;
    default:
      return true;
  }
}

void Connection::resume_after(bool wanted_before) {
  check_wish();
  if (!wanted_before && wants_input()) context_.transport.input_resumed();
}

void Connection::write_due_confirms() {
  for (Channel* channel : context_.confirms_due) channel->write_confirms();
  context_.confirms_due.clear();
}

void Connection::before_flush() {
  // Confirms ask for the writer, which is here already.
  context_.writer_awake = true;
  write_due_confirms();
  context_.writer_awake = false;
  check_wish();
}

void Connection::sent(std::size_t bytes) {
  const bool wanted = wants_input();
  context_.output.sent(bytes);
  if (phase_ != Phase::running) return;
  context_.report_drained();
  resume_after(wanted);
}

void Connection::connection_lost() {
  release_channels();
  detach();
  phase_ = Phase::closed;
}

void Connection::detach() {
  if (!std::exchange(attached_, false)) return;
  context_.broker().detach(context_.caller.session);
}

// --- closing ------------------------------------------------------------------------------------

void Connection::close_connection(const ProtocolError& error) {
  if (phase_ == Phase::header || (phase_ == Phase::handshake && !handshake_->answers_faults())) {
    hang_up();
    return;
  }
  if (phase_ != Phase::running && phase_ != Phase::handshake) return;
  static LogLimiter limiter;
  log_limited(limiter, LogLevel::warn, "amqp", "connection closed peer={} text={}", peer_.address,
              error.text());
  write_due_confirms();
  release_channels();
  const std::string text = wire_text(error);
  context_.send(0, ConnectionClose{.reply_code = static_cast<std::uint16_t>(error.code),
                                   .reply_text = text,
                                   .about_class = error.method.class_id,
                                   .about_method = error.method.method_id});
  handshake_.reset();
  phase_ = Phase::closing;
  phase_since_ = now_;
}

void Connection::close_by_client() {
  write_due_confirms();
  release_channels();
  context_.send(0, ConnectionCloseOk{});
  hang_up(true);
  // The client may come back at once and look for what its exclusive queues have left behind.
  detach();
}

void Connection::hang_up(bool peer_first) {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  handshake_.reset();
  context_.transport.close_when_flushed(peer_first);
}

void Connection::close_channel(std::uint16_t number, const ProtocolError& error) {
  Slot* const slot = find_slot(number);
  if (slot == nullptr || !slot->channel) return;
  write_due_confirms();
  const std::string text = wire_text(error);
  context_.send(number, ChannelClose{.reply_code = static_cast<std::uint16_t>(error.code),
                                     .reply_text = text,
                                     .about_class = error.method.class_id,
                                     .about_method = error.method.method_id});
  release_channel(*slot);
}

void Connection::release_channel(Slot& slot) {
  Channel& channel = *slot.channel;
  if (content_channel_ == &channel) content_channel_ = nullptr;
  if (cached_channel_ == &channel) cached_channel_ = nullptr;
  channels_.erase(channel.instance());
  if (attached_) context_.broker().close_channel(context_.caller.session);
  channel.release();
  slot.channel.reset();
}

void Connection::release_channels() {
  for (auto& [number, slot] : slots_)
    if (slot.channel) release_channel(slot);
  slots_.clear();
  cached_slot_ = nullptr;
}

// --- time ---------------------------------------------------------------------------------------

void Connection::tick(Time now) {
  now_ = now;
  switch (phase_) {
    case Phase::header:
    case Phase::handshake:
      if (now - phase_since_ >= context_.options.handshake_timeout) {
        phase_ = Phase::closed;
        context_.transport.abort();
      }
      break;
    case Phase::running:
      tick_heartbeat(now);
      break;
    case Phase::closing:
    case Phase::deaf:
      if (now - phase_since_ >= context_.options.close_timeout) {
        phase_ = Phase::closed;
        context_.transport.abort();
      }
      break;
    case Phase::refused:
      if (now - phase_since_ >= refusal_pause) hang_up();
      break;
    case Phase::closed:
      break;
  }
}

void Connection::tick_heartbeat(Time now) {
  if (context_.output.appended_bytes() != output_seen_) {
    output_seen_ = context_.output.appended_bytes();
    last_output_ = now;
  }
  // While nothing is read, silence says nothing about the peer.
  if (!wants_input()) last_input_ = now;
  if (heartbeat_seconds_ == 0) return;
  const Millis interval = std::chrono::seconds(heartbeat_seconds_);
  if (now - last_input_ > 2 * interval + interval / 2) {
    static LogLimiter limiter;
    log_limited(limiter, LogLevel::warn, "amqp", "missed heartbeats peer={} timeout_s={}",
                peer_.address, heartbeat_seconds_);
    phase_ = Phase::closed;
    context_.transport.abort();
    return;
  }
  if (now - last_output_ >= interval / 2 && context_.output.pending_bytes() == 0) {
    context_.send_heartbeat();
    output_seen_ = context_.output.appended_bytes();
    last_output_ = now;
  }
}

// --- the broker's calls -------------------------------------------------------------------------

void Connection::deliver(const ConsumerId& id, queue::Delivery&& delivery) {
  const auto [consumer, channel] = context_.consumers.receiver(id.number);
  if (consumer == nullptr) return;  // its queue has gone, and the message with it
  if (channel == nullptr) {
    if (delivery.auto_ack || consumer->is_reply) return;
    const Position position = delivery.position;
    context_.broker().settle(consumer->queue, id, {&position, 1}, queue::Settlement::undelivered);
    return;
  }
  channel->deliver(*consumer, std::move(delivery));
}

void Connection::expect_delivery() const noexcept {
  context_.consumers.expect();
  context_.output.expect();
}

void Connection::publish_settled(ChannelInstance instance, std::uint64_t sequence,
                                 queue::PublishOutcome outcome) {
  if (Channel* const channel = find_channel(instance)) channel->settled(sequence, outcome);
}

void Connection::completed(broker::OperationResult&& result) {
  if (const auto number = SessionContext::background_consumer(result.operation)) {
    context_.consumers.remove(number);
    return;
  }
  const bool wanted = wants_input();
  if (const auto operation = context_.operations.finish(result))
    conclude(*operation, std::move(result));
  while (const auto operation = context_.operations.take_finished())
    conclude(*operation, std::move(*operation->result));
  for (const ConsumerNumber number : std::exchange(cancelled_, {})) consumer_cancelled(number);
  resume_after(wanted);
}

void Connection::conclude(const Operation& operation, broker::OperationResult&& result) {
  if (Channel* const channel = find_channel(operation.instance)) {
    guarded(operation.channel, [&] { channel->completed(operation, std::move(result)); });
    context_.settles.flush();
  } else {
    finish_orphan(operation, std::move(result));
  }
}

// The channel has gone while its operation was under way: what it was given is given back.
void Connection::finish_orphan(const Operation& operation, broker::OperationResult&& result) {
  const SessionId& session = context_.caller.session;
  if (operation.kind == OperationKind::consume) {
    Consumer* const consumer = context_.consumers.find(operation.consumer);
    if (consumer == nullptr) return;
    if (result.failed) {
      context_.consumers.remove(operation.consumer);
      return;
    }
    consumer->queue = result.queue;
    consumer->is_running = true;
    context_.cancel_in_background(*consumer);
  }
  if (operation.kind == OperationKind::get && result.delivery.message && !operation.auto_ack) {
    const Position position = result.delivery.position;
    context_.broker().settle(result.queue, {session, 0}, {&position, 1},
                             queue::Settlement::undelivered);
  }
}

bool Connection::expects_reply(const broker::ReplyAddress& address) const {
  const Consumer* const consumer = context_.consumers.find(address.consumer);
  return consumer != nullptr && consumer->is_reply && consumer->channel != nullptr &&
         consumer->reply_key == address.key;
}

void Connection::consumer_cancelled(ConsumerNumber number) {
  if (!context_.operations.empty()) {
    // Whoever deletes a queue that it consumes from hears delete-ok first, as from RabbitMQ.
    cancelled_.push_back(number);
    return;
  }
  Consumer* const consumer = context_.consumers.find(number);
  if (consumer != nullptr && consumer->channel != nullptr)
    consumer->channel->consumer_cancelled(*consumer);
}

void Connection::consumer_timed_out(ConsumerNumber number, Millis timeout) {
  const Consumer* const consumer = context_.consumers.find(number);
  if (consumer == nullptr || consumer->channel == nullptr) return;
  if (context_.client.consumer_cancel_notify) return consumer_cancelled(number);
  const std::uint16_t channel = consumer->channel->number();
  guarded(channel, [&] {
    throw ChannelError(ReplyCode::precondition_failed,
                       "delivery acknowledgement on channel " + std::to_string(channel) +
                           " timed out. Timeout value used: " + std::to_string(timeout.count()) +
                           " ms. This timeout value can be configured, see consumers doc guide to "
                           "learn more",
                       {});
  });
}

void Connection::permits_wanted(ConsumerNumber number, std::uint32_t count) {
  Consumer* const consumer = context_.consumers.find(number);
  if (consumer != nullptr && consumer->channel != nullptr)
    consumer->channel->permits_wanted(number, count);
}

void Connection::permits_returned(ConsumerNumber number, std::uint32_t count) {
  Consumer* const consumer = context_.consumers.find(number);
  if (consumer != nullptr && consumer->channel != nullptr)
    consumer->channel->permits_returned(number, count);
}

void Connection::hold_publishing(bool held) {
  const bool wanted = wants_input();
  held_ = held;
  resume_after(wanted);
}

void Connection::shut_down(const std::string& reason) {
  const bool wanted = wants_input();
  if (phase_ == Phase::running)
    close_connection(ConnectionError(ReplyCode::connection_forced, reason));
  else if (phase_ != Phase::closing && phase_ != Phase::deaf)
    hang_up();
  resume_after(wanted);
}

}  // namespace tern::amqp
