// Writing of deliveries and contents, and the books that channels share.
#include "amqp/session_context.hpp"

#include <algorithm>

namespace tern::amqp {

void SessionContext::send_delivery(const Delivery& delivery, const MessageRef& message) {
  const Bytes body = message->body();
  if (body.size() < slice_bytes_min) {
    const std::size_t bytes = deliver_bytes(delivery, *message, frame_max);
    static_cast<void>(write_deliver(output.reserve(bytes), delivery, *message, frame_max));
    output.commit(bytes);
  } else {
    const std::size_t head = deliver_head_bytes(delivery, *message);
    const std::size_t frames = body_frame_count(body.size(), frame_max) * frame_overhead_bytes;
    char* const to = output.reserve(head + frames);
    char* const heads = write_deliver_head(to, delivery, *message);
    output.commit(head);
    send_body_slices(heads, delivery.channel, message);
  }
  wake_writer();
}

void SessionContext::send_body(std::uint16_t channel, const MessageRef& message) {
  const Bytes body = message->body();
  if (body.size() < slice_bytes_min) {
    scratch().clear();
    FrameWriter(scratch(), frame_max).body(channel, body);
    output.append(scratch());
    return;
  }
  const std::size_t frames = body_frame_count(body.size(), frame_max) * frame_overhead_bytes;
  send_body_slices(output.reserve(frames), channel, message);
}

// `heads` has been reserved and is next to be committed.
void SessionContext::send_body_slices(char* heads, std::uint16_t channel,
                                      const MessageRef& message) {
  const Bytes body = message->body();
  static_cast<void>(gather_body(heads, channel, body, frame_max, [&](Bytes piece) {
    const bool of_body = piece.data() >= body.data() && piece.data() < body.data() + body.size();
    if (of_body)
      output.append_slice(piece, message);
    else
      output.commit(piece.size());
  }));
}

void SessionContext::send_heartbeat() {
  scratch().clear();
  FrameWriter(scratch(), frame_max).heartbeat();
  output.append(scratch());
  wake_writer();
}

void SessionContext::report_drained() {
  if (output.pending_bytes() > options.output_low_bytes) return;
  delivered_pending = std::min<std::uint64_t>(delivered_pending, output.pending_bytes());
  if (drain_due.empty()) return;
  // A report may bring deliveries, and those may become due: they are for the next time.
  std::vector<ConsumerNumber> due;
  due.swap(drain_due);
  for (const ConsumerNumber number : due) {
    Consumer* const consumer = consumers.find(number);
    if (consumer == nullptr) continue;
    const std::uint64_t bytes = std::exchange(consumer->undrained_bytes, 0);
    if (!consumer->is_reply) broker().drained(consumer->queue, {caller.session, number}, bytes);
  }
  if (drain_due.empty()) {
    due.clear();
    due.swap(drain_due);  // keeps the memory
  }
}

void SessionContext::cancel_in_background(Consumer& consumer) {
  consumers.end(consumer);
  if (consumer.is_reply) {
    consumers.remove(consumer.number);
    return;
  }
  if (!consumer.is_running) return;  // its consume is under way: cancelled when that is answered
  settles.flush();
  broker().cancel(consumer.queue, {caller.session, consumer.number},
                  background_bit | consumer.number);
}

void throw_broker_error(const broker::BrokerError& error, MethodId about) {
  const auto code = [&] {
    switch (error.kind) {
      case broker::ErrorKind::not_found:
        return ReplyCode::not_found;
      case broker::ErrorKind::access_refused:
        return ReplyCode::access_refused;
      case broker::ErrorKind::resource_locked:
        return ReplyCode::resource_locked;
      case broker::ErrorKind::precondition_failed:
        return ReplyCode::precondition_failed;
      case broker::ErrorKind::command_invalid:
        return ReplyCode::command_invalid;
      case broker::ErrorKind::not_allowed:
        return ReplyCode::not_allowed;
      case broker::ErrorKind::not_implemented:
        return ReplyCode::not_implemented;
      case broker::ErrorKind::internal_error:
        break;
    }
    return ReplyCode::internal_error;
  }();
  if (info_of(code).scope == ErrorScope::channel) throw ChannelError(code, error.text, about);
  throw ConnectionError(code, error.text, about);
}

}  // namespace tern::amqp
