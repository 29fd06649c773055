#include "amqp/encoder.hpp"

#include "amqp/methods_basic.hpp"

namespace tern::amqp {
namespace {

char* write_bytes(char* to, Bytes bytes) noexcept {
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

}  // namespace

FrameWriter::FrameWriter(std::string& out, std::uint32_t frame_max) noexcept
    : out_(out), payload_max_(frame_max - frame_overhead_bytes) {
  ensure(frame_max >= frame_bytes_min, "frame_max below the least that may be negotiated");
}

std::size_t FrameWriter::begin(FrameType type, std::uint16_t channel) {
  const std::size_t start = out_.size();
  out_.append(frame_head_bytes, '\0');
  write_frame_head(out_.data() + start, type, channel, 0);
  return start;
}

void FrameWriter::end(std::size_t start) {
  const std::size_t payload_bytes = out_.size() - start - frame_head_bytes;
  store_big_endian(out_.data() + start + 3, static_cast<std::uint32_t>(payload_bytes));
  out_.push_back(frame_end_octet);
}

void FrameWriter::content_header(std::uint16_t channel, std::uint16_t class_id,
                                 std::uint64_t body_bytes, Bytes properties) {
  ensure(properties.size() >= 2, "properties without flags");
  const std::size_t start = begin(FrameType::header, channel);
  append_number(out_, class_id);
  append_number(out_, std::uint16_t{0});
  append_number(out_, body_bytes);
  out_.append(properties);
  end(start);
}

void FrameWriter::body(std::uint16_t channel, Bytes body) {
  while (!body.empty()) {
    const Bytes part = body.substr(0, payload_max_);
    const std::size_t start = begin(FrameType::body, channel);
    out_.append(part);
    end(start);
    body.remove_prefix(part.size());
  }
}

void FrameWriter::heartbeat() {
  end(begin(FrameType::heartbeat, 0));
}

char* write_deliver_head(char* to, const Delivery& delivery, const Message& message) noexcept {
  ensure(delivery.consumer_tag.size() <= 255, "consumer tag too long");
  const Bytes names = message.names();
  const Bytes properties = message.properties();
  constexpr MethodId id = BasicDeliver::info.id;

  to = write_frame_head(to, FrameType::method, delivery.channel,
                        4 + 1 + delivery.consumer_tag.size() + 8 + 1 + names.size());
  store_big_endian(to, id.class_id);
  store_big_endian(to + 2, id.method_id);
  to[4] = static_cast<char>(delivery.consumer_tag.size());
  to = write_bytes(to + 5, delivery.consumer_tag);
  store_big_endian(to, delivery.delivery_tag);
  to[8] = delivery.redelivered ? '\1' : '\0';
  to = write_bytes(to + 9, names);
  *to++ = frame_end_octet;

  to = write_frame_head(to, FrameType::header, delivery.channel, 2 + 2 + 8 + properties.size());
  store_big_endian(to, id.class_id);
  store_big_endian(to + 2, std::uint16_t{0});
  store_big_endian(to + 4, static_cast<std::uint64_t>(message.body().size()));
  to = write_bytes(to + 12, properties);
  *to++ = frame_end_octet;
  return to;
}

char* write_deliver(char* to, const Delivery& delivery, const Message& message,
                    std::uint32_t frame_max) noexcept {
  const std::size_t payload_max = frame_max - frame_overhead_bytes;
  to = write_deliver_head(to, delivery, message);
  for (Bytes body = message.body(); !body.empty();) {
    const Bytes part = body.substr(0, payload_max);
    to = write_frame_head(to, FrameType::body, delivery.channel, part.size());
    to = write_bytes(to, part);
    *to++ = frame_end_octet;
    body.remove_prefix(part.size());
  }
  return to;
}

}  // namespace tern::amqp
