// Appending frames to an output buffer, and the fast path that writes deliveries. Pure; owned by
// the session that owns the buffer.
#pragma once

#include <cstring>
#include <string>

#include "amqp/frame.hpp"
#include "amqp/method_codec.hpp"
#include "message/message.hpp"

namespace tern::amqp {

/// Appends frames to a string. Methods, headers and heartbeats are never split; bodies are, at
/// frame_max.
class FrameWriter {
 public:
  /// `frame_max` as negotiated, at least frame_bytes_min.
  FrameWriter(std::string& out, std::uint32_t frame_max) noexcept;

  template <class Method>
  void method(std::uint16_t channel, const Method& method) {
    const std::size_t start = begin(FrameType::method, channel);
    append_method(out_, method);
    end(start);
  }
  /// `properties` are flags and list, as Message::properties() has them.
  void content_header(std::uint16_t channel, std::uint16_t class_id, std::uint64_t body_bytes,
                      Bytes properties);
  /// As many body frames as it takes; none for an empty body.
  void body(std::uint16_t channel, Bytes body);
  /// A method with its content: header and body frames of class basic.
  template <class Method>
  void content(std::uint16_t channel, const Method& with, Bytes properties, Bytes content_body) {
    static_assert(Method::info.has_content);
    method(channel, with);
    content_header(channel, Method::info.id.class_id, content_body.size(), properties);
    body(channel, content_body);
  }
  void heartbeat();

 private:
  std::size_t begin(FrameType type, std::uint16_t channel);
  void end(std::size_t start);

  std::string& out_;
  std::size_t payload_max_;
};

/// What basic.deliver says beside the message.
struct Delivery {
  std::uint16_t channel = 0;
  std::uint64_t delivery_tag = 0;
  bool redelivered = false;
  Bytes consumer_tag{};  ///< at most 255 octets
};

/// Octets of the basic.deliver frame and the content header frame.
[[nodiscard]] inline std::size_t deliver_head_bytes(const Delivery& delivery,
                                                    const Message& message) noexcept {
  return 2 * frame_overhead_bytes + (4 + 1 + delivery.consumer_tag.size() + 8 + 1) +
         message.names().size() + (2 + 2 + 8) + message.properties().size();
}
[[nodiscard]] inline std::size_t body_frame_count(std::size_t body_bytes,
                                                  std::uint32_t frame_max) noexcept {
  const std::size_t payload_max = frame_max - frame_overhead_bytes;
  return body_bytes <= payload_max ? (body_bytes != 0 ? 1 : 0)
                                   : (body_bytes + payload_max - 1) / payload_max;
}
/// Octets of the whole delivery, body frames included.
[[nodiscard]] inline std::size_t deliver_bytes(const Delivery& delivery, const Message& message,
                                               std::uint32_t frame_max) noexcept {
  const std::size_t body = message.body().size();
  return deliver_head_bytes(delivery, message) + body +
         body_frame_count(body, frame_max) * frame_overhead_bytes;
}

/// Writes the basic.deliver and content header frames; returns the end of what was written, exactly
/// deliver_head_bytes() further.
[[nodiscard]] char* write_deliver_head(char* to, const Delivery& delivery,
                                       const Message& message) noexcept;
/// Writes the whole delivery; returns the end, exactly deliver_bytes() further.
[[nodiscard]] char* write_deliver(char* to, const Delivery& delivery, const Message& message,
                                  std::uint32_t frame_max) noexcept;

/// Writes the head of a frame (frame_head_bytes); returns the end.
inline char* write_frame_head(char* to, FrameType type, std::uint16_t channel,
                              std::size_t payload_bytes) noexcept {
  to[0] = static_cast<char>(type);
  store_big_endian(to + 1, channel);
  store_big_endian(to + 3, static_cast<std::uint32_t>(payload_bytes));
  return to + frame_head_bytes;
}

/// For gather output: the body stays where it is. Writes each body frame's head and end octet at
/// `to` (8 octets per frame of body_frame_count()), and calls `slice(Bytes)` for every piece in
/// the order in which it must be sent: head, body piece, end octet joined to the next head, ...
/// Returns the end of what was written.
template <class Slice>
char* gather_body(char* to, std::uint16_t channel, Bytes body, std::uint32_t frame_max,
                  Slice&& slice) {
  const std::size_t payload_max = frame_max - frame_overhead_bytes;
  char* piece = to;
  while (!body.empty()) {
    const Bytes part = body.substr(0, payload_max);
    to = write_frame_head(to, FrameType::body, channel, part.size());
    slice(Bytes(piece, static_cast<std::size_t>(to - piece)));
    slice(part);
    piece = to;
    *to++ = frame_end_octet;
    body.remove_prefix(part.size());
  }
  if (piece != to) slice(Bytes(piece, static_cast<std::size_t>(to - piece)));
  return to;
}

}  // namespace tern::amqp
