#include "unit/client/mini_broker.hpp"

namespace tern::client {

using namespace amqp;

struct MiniVisitor {
  MiniConnection& c;
  std::uint16_t n;
  MiniConnection::Channel& channel;

  template <class Method>
  void operator()(const Method& m) {
    c.methods.emplace_back(Method::info.name);
    on(m);
  }
  template <class Method>
  void on(const Method&) {}  // Replies of the client.

  void on(const ConnectionStartOk&) {
    c.send(0, ConnectionTune{.channel_max = 100,
                             .frame_max = c.broker_.frame_max,
                             .heartbeat = c.broker_.heartbeat});
  }
  void on(const ConnectionOpen&) { c.send(0, ConnectionOpenOk{}); }
  void on(const ConnectionClose&) {
    c.send(0, ConnectionCloseOk{});
    c.is_closed = true;
  }
  void on(const ChannelOpen&) { c.send(n, ChannelOpenOk{}); }
  void on(const ChannelClose&) {
    c.send(n, ChannelCloseOk{});
    for (auto& [tag, held] : channel.unacked) c.broker_.queues[held.first].push_front(held.second);
    c.channels_.erase(n);
  }
  void on(const ChannelCloseOk&) { c.channels_.erase(n); }
  void on(const ExchangeDeclare& m) {
    c.broker_.declared.insert("exchange " + std::string(m.exchange));
    c.send(n, ExchangeDeclareOk{});
  }
  void on(const QueueDeclare& m) {
    std::string name(m.queue);
    static int made = 0;
    if (name.empty()) name = "amq.gen-" + std::to_string(++made);
    if (m.passive && !c.broker_.queues.contains(name)) {
      const std::string text = "NOT_FOUND - no queue '" + name + "'";
      c.send(n, ChannelClose{
                    .reply_code = 404, .reply_text = text, .about_class = 50, .about_method = 10});
      c.channels_.erase(n);
      return;
    }
    c.broker_.declared.insert("queue " + name);
    const auto messages = static_cast<std::uint32_t>(c.broker_.queues[name].size());
    c.send(n, QueueDeclareOk{.queue = name, .message_count = messages});
  }
  void on(const QueueBind& m) {
    c.broker_.declared.insert("binding " + std::string(m.exchange) + " " + std::string(m.queue));
    c.send(n, QueueBindOk{});
  }
  void on(const ConfirmSelect&) {
    channel.is_confirming = true;
    c.send(n, ConfirmSelectOk{});
  }
  // It does at once what a transaction would do at its end.
  void on(const TxSelect&) { c.send(n, TxSelectOk{}); }
  void on(const TxCommit&) { c.send(n, TxCommitOk{}); }
  void on(const BasicQos& m) {
    channel.prefetch = m.prefetch_count;
    c.send(n, BasicQosOk{});
  }
  void on(const BasicConsume& m) {
    channel.consumers.push_back({std::string(m.queue), std::string(m.consumer_tag), m.no_ack, 0});
    c.send(n, BasicConsumeOk{.consumer_tag = m.consumer_tag});
  }
  void on(const BasicGet& m) {
    auto& queue = c.broker_.queues[std::string(m.queue)];
    if (queue.empty()) return c.send(n, BasicGetEmpty{});
    const MiniBroker::Message message = queue.front();
    queue.pop_front();
    const std::uint64_t tag = ++channel.delivered;
    FrameWriter(c.out, c.broker_.frame_max)
        .content(n,
                 BasicGetOk{.delivery_tag = tag,
                            .redelivered = message.is_redelivered,
                            .exchange = message.exchange,
                            .routing_key = message.key},
                 message.properties, message.body);
    if (!m.no_ack) channel.unacked.emplace(tag, std::pair(std::string(m.queue), message));
  }
  void on(const BasicCancel& m) {
    channel.consumers.clear();
    c.send(n, BasicCancelOk{.consumer_tag = m.consumer_tag});
  }
  void on(const BasicPublish& m) {
    channel.message = {std::string(m.exchange), std::string(m.routing_key), {}, {}};
    channel.is_mandatory = m.mandatory;
  }
  void on(const BasicAck& m) {
    ++c.ack_frames;
    c.settle(channel, m.delivery_tag, m.multiple, false, true);
  }
  void on(const BasicReject& m) { c.settle(channel, m.delivery_tag, false, m.requeue, false); }
};

MiniConnection::~MiniConnection() {
  for (auto& [number, channel] : channels_)
    for (auto at = channel.unacked.rbegin(); at != channel.unacked.rend(); ++at) {
      at->second.second.is_redelivered = true;
      broker_.queues[at->second.first].push_front(at->second.second);
    }
}

void MiniConnection::feed(Bytes bytes) {
  in_ += bytes;
  if (!has_header_) {
    if (in_.size() < protocol_header_bytes) return;
    in_.erase(0, protocol_header_bytes);
    has_header_ = true;
    send(0, ConnectionStart{.version_minor = 9, .mechanisms = "PLAIN", .locales = "en_US"});
  }
  for (;;) {
    const FrameCut frame = cut_frame(in_, broker_.frame_max);
    if (frame.status != FrameStatus::complete) break;
    on_frame(frame);
    in_.erase(0, frame.bytes);
  }
  pump();
}

void MiniConnection::on_frame(const FrameCut& frame) {
  Channel& channel = channels_[frame.channel];
  if (frame.type() == FrameType::method) {
    const auto fault = visit_method(frame.payload, MiniVisitor{*this, frame.channel, channel});
    ensure(!fault, "the client has sent a method that cannot be read");
  } else if (frame.type() == FrameType::header) {
    const auto header = decode_content_header(frame.payload);
    channel.message.properties = header->properties;
    channel.body_due = header->body_bytes;
    if (channel.body_due == 0) route(frame.channel, channel);
  } else if (frame.type() == FrameType::body) {
    channel.message.body += frame.payload;
    if (channel.message.body.size() == channel.body_due) route(frame.channel, channel);
  }
}

void MiniConnection::route(std::uint16_t number, Channel& channel) {
  ++broker_.published;
  ++publishes;
  ++channel.published;
  const auto queue = broker_.queues.find(channel.message.key);
  if (queue != broker_.queues.end() && !broker_.nacks) {
    queue->second.push_back(channel.message);
  } else if (channel.is_mandatory && !broker_.nacks) {
    FrameWriter(out, broker_.frame_max)
        .content(number,
                 BasicReturn{.reply_code = 312,
                             .reply_text = "NO_ROUTE",
                             .exchange = channel.message.exchange,
                             .routing_key = channel.message.key},
                 channel.message.properties, channel.message.body);
  }
  if (!channel.is_confirming || holds_confirms) return;
  if (broker_.nacks)
    send(number, BasicNack{.delivery_tag = channel.published});
  else
    send(number, BasicAck{.delivery_tag = channel.published});
}

void MiniConnection::confirm_all(std::uint16_t channel) {
  send(channel, BasicAck{.delivery_tag = channels_[channel].published, .multiple = true});
}

void MiniConnection::pump() {
  for (auto& [number, channel] : channels_)
    for (const Consumer& consumer : channel.consumers) {
      auto& queue = broker_.queues[consumer.queue];
      while (!queue.empty() &&
             (channel.prefetch == 0 || channel.unacked.size() < channel.prefetch)) {
        const MiniBroker::Message message = queue.front();
        queue.pop_front();
        const std::uint64_t tag = ++channel.delivered;
        FrameWriter(out, broker_.frame_max)
            .content(number,
                     BasicDeliver{.consumer_tag = consumer.tag,
                                  .delivery_tag = tag,
                                  .redelivered = message.is_redelivered,
                                  .exchange = message.exchange,
                                  .routing_key = message.key},
                     message.properties, message.body);
        if (!consumer.no_ack) channel.unacked.emplace(tag, std::pair(consumer.queue, message));
      }
    }
}

void MiniConnection::settle(Channel& channel, std::uint64_t tag, bool multiple, bool requeue,
                            bool is_ack) {
  const auto last = channel.unacked.upper_bound(tag);
  ensure(channel.unacked.contains(tag), "settled what was not delivered, or twice");
  for (auto at = multiple ? channel.unacked.begin() : channel.unacked.find(tag); at != last;) {
    if (requeue) {
      at->second.second.is_redelivered = true;
      broker_.queues[at->second.first].push_front(at->second.second);
    }
    broker_.acked += is_ack ? 1 : 0;
    at = channel.unacked.erase(at);
  }
}

}  // namespace tern::client
