// A client end for session tests: sends frames into a Connection on a fake broker, and reads what
// comes back as lines of text ("1 basic.ack 3 1").
#pragma once

#include <string>
#include <vector>

#include "amqp/connection.hpp"
#include "unit/amqp/fake_broker.hpp"

namespace tern::amqp::testing {

using Lines = std::vector<std::string>;

struct FakeTransport final : Transport {
  int output_asked = 0;
  int resumed = 0;
  bool closing = false;
  bool aborted = false;
  std::vector<ShardId> moves;

  void output_pending() override { ++output_asked; }
  void input_resumed() override { ++resumed; }
  void close_when_flushed(bool) override { closing = true; }
  void move_wanted(ShardId to) override { moves.push_back(to); }
  void abort() override { aborted = true; }
};

/// One line per frame.
inline Lines describe(Bytes bytes) {
  Lines lines;
  while (!bytes.empty()) {
    if (bytes.starts_with("AMQP")) {
      lines.push_back("protocol header");
      bytes.remove_prefix(protocol_header_bytes);
      continue;
    }
    const FrameCut cut = cut_frame(bytes, 131072);
    ensure(cut.status == FrameStatus::complete, "the server sent a bad frame");
    bytes.remove_prefix(cut.bytes);
    std::string line = std::to_string(cut.channel) + " ";
    if (cut.type() == FrameType::heartbeat) line += "heartbeat";
    if (cut.type() == FrameType::body) line += "body " + std::string(cut.payload);
    if (cut.type() == FrameType::header)
      line += "header " + std::to_string(decode_content_header(cut.payload)->body_bytes);
    if (cut.type() == FrameType::method) {
      const auto fault = visit_method(cut.payload, [&]<class Method>(const Method& method) {
        line += Method::info.name;
        const auto add = [&]<class Field>(const Field& field) {
          if constexpr (std::is_arithmetic_v<Field>)
            line += " " + std::to_string(field);
          else if constexpr (std::same_as<Field, TableEntries>)
            line += " {" + std::to_string(field.size()) + "}";
          else
            line += " '" + std::string(field) + "'";
        };
        std::apply([&](const auto&... field) { (add(field), ...); }, Method::fields(method));
      });
      ensure(!fault, "the server sent a bad method");
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

inline std::string plain_properties() {
  return std::string(no_properties);
}

/// Frames of one publish.
inline std::string publish_bytes(std::uint16_t channel, const BasicPublish& method, Bytes body,
                                 Bytes properties = no_properties) {
  std::string out;
  FrameWriter(out, 4096).content(channel, method, properties, body);
  return out;
}

template <class Method>
std::string method_bytes_of(std::uint16_t channel, const Method& method) {
  std::string out;
  FrameWriter(out, 4096).method(channel, method);
  return out;
}

class Client {
 public:
  explicit Client(ConnectionOptions with = {}) : options(std::move(with)) { make(); }

  /// Feeds bytes as the carrier does: what is not used is offered again with what follows. Answers
  /// of the broker come in between.
  void feed(Bytes bytes) {
    rest_ += bytes;
    for (bool again = true; again;) {
      const std::string input = rest_;  // at another address each time
      const char* at = input.data();
      if (use_slabs) at = to_slab(input);
      const std::size_t used = connection->feed(lease, at, input.size(), now);
      rest_.erase(0, used);
      again = used > 0 && !rest_.empty();
      if (run_broker && broker.waiting() > 0) {
        broker.run();
        again = !rest_.empty();
      }
    }
  }
  template <class Method>
  void send(std::uint16_t channel, const Method& method) {
    feed(method_bytes_of(channel, method));
  }
  void publish(std::uint16_t channel, const BasicPublish& method, Bytes body,
               Bytes properties = no_properties) {
    feed(publish_bytes(channel, method, body, properties));
  }

  /// All that is to be written, as bytes; it counts as written then.
  std::string take_bytes() {
    connection->before_flush();
    std::string bytes;
    OutputSlice slices[3];
    while (connection->output().pending_bytes() > 0) {
      const std::size_t count = connection->output().gather(slices);
      std::size_t size = 0;
      for (std::size_t i = 0; i < count; ++i) {
        bytes.append(slices[i].data, slices[i].size);
        size += slices[i].size;
      }
      connection->sent(size);
    }
    return bytes;
  }
  Lines take() { return describe(take_bytes()); }

  /// Through the handshake; `capabilities` is a client's table of them.
  void open(const FieldTable& capabilities = {{"consumer_cancel_notify", true},
                                              {"authentication_failure_close", true}}) {
    feed(protocol_header);
    start_ok("PLAIN", Bytes("\0guest\0guest", 12), capabilities);
    send(0, ConnectionTuneOk{.channel_max = 2047, .frame_max = 131072, .heartbeat = 60});
    send(0, ConnectionOpen{.virtual_host = "/"});
    take();
  }
  void start_ok(std::string_view mechanism, Bytes response, const FieldTable& capabilities) {
    FieldTable properties;
    properties.add("capabilities", capabilities);
    const std::string entries = encode_entries(properties);
    send(0, ConnectionStartOk{.client_properties = entries,
                              .mechanism = mechanism,
                              .response = response,
                              .locale = "en_US"});
  }
  void open_channel(std::uint16_t channel = 1) {
    open();
    send(channel, ChannelOpen{});
    take();
    broker.take_calls();
  }
  /// A consumer on queue "q" of that channel; its number.
  ConsumerNumber consume(std::string_view tag, bool no_ack = false, std::uint16_t channel = 1) {
    if (!broker.queues.contains("q")) broker.add_queue("q");
    send(channel, BasicConsume{.queue = "q", .consumer_tag = tag, .no_ack = no_ack});
    take();
    broker.take_calls();
    return broker.last_consumer.number;
  }
  void deliver(ConsumerNumber consumer, Position position, Bytes body, bool auto_ack = false) {
    queue::Delivery delivery;
    delivery.message = make_message(body);
    delivery.queue = broker.queues["q"].id;
    delivery.position = position;
    delivery.consumer = consumer;
    delivery.auto_ack = auto_ack;
    connection->deliver({{ShardId{0}, 7}, consumer}, std::move(delivery));
  }
  static MessageRef make_message(Bytes body) {
    return MessageRef::gather(
        {.names = Bytes("\0\1q", 3), .properties = no_properties, .body = body});
  }

  /// Copies input to where the carrier would have read it.
  const char* to_slab(Bytes input) {
    if (!lease || lease->free_bytes() < input.size() + 1024)
      lease = SlabLease(Slab::create(input.size() + 4096));
    char* const at = lease->free_begin();
    std::memcpy(at, input.data(), input.size());
    lease->advance(input.size());
    return at;
  }

  void make() {
    connection = std::make_unique<Connection>(broker, transport, options, Peer{true, "test"}, now);
  }

  ConnectionOptions options;
  FakeBroker broker;
  FakeTransport transport;
  SlabLease lease;
  Time now{Millis{1'000'000}};
  bool run_broker = true;
  bool use_slabs = false;
  std::unique_ptr<Connection> connection;

 private:
  std::string rest_;
};

}  // namespace tern::amqp::testing
