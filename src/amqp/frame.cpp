#include "amqp/frame.hpp"

#include <algorithm>

#include "message/field_text.hpp"

namespace tern::amqp {
namespace {

// What RabbitMQ shows of a frame it refuses: all of a short payload, else the first 16 octets.
constexpr std::size_t shown_octets = 16;

FrameStatus judge(std::uint8_t raw_type, std::uint16_t channel, std::size_t bytes) noexcept {
  switch (static_cast<FrameType>(raw_type)) {
    case FrameType::method:
      return bytes >= 4 ? FrameStatus::complete : FrameStatus::unknown;
    case FrameType::header:
      if (bytes < 12) return FrameStatus::unknown;
      return channel != 0 ? FrameStatus::complete : FrameStatus::unexpected;
    case FrameType::body:
      return channel != 0 ? FrameStatus::complete : FrameStatus::unexpected;
    case FrameType::heartbeat:
      if (bytes != 0) return FrameStatus::unknown;
      return channel == 0 ? FrameStatus::complete : FrameStatus::unexpected;
  }
  return FrameStatus::unknown;
}

std::string show(const FrameCut& cut) {
  const bool is_short = cut.payload.size() <= shown_octets;
  return "type " + std::to_string(cut.raw_type) + (is_short ? ", all" : ", first 16") +
         " octets = " + erlang_binary(cut.payload.substr(0, shown_octets));
}

}  // namespace

FrameCut cut_frame(Bytes buffer, std::uint32_t frame_max) noexcept {
  FrameCut cut;
  if (buffer.size() < frame_head_bytes) {
    cut.bytes = frame_head_bytes;
    return cut;
  }
  cut.raw_type = static_cast<std::uint8_t>(buffer[0]);
  cut.channel = load_big_endian<std::uint16_t>(buffer.data() + 1);
  const std::size_t payload_bytes = load_big_endian<std::uint32_t>(buffer.data() + 3);
  cut.bytes = payload_bytes + frame_overhead_bytes;
  // RabbitMQ forgives clients that count the payload alone against frame_max, and so do we.
  if (payload_bytes > frame_max) [[unlikely]] {
    cut.bytes = payload_bytes;
    cut.status = FrameStatus::too_large;
    return cut;
  }
  if (buffer.size() < cut.bytes) return cut;
  cut.payload = buffer.substr(frame_head_bytes, payload_bytes);
  cut.status = buffer[cut.bytes - 1] == frame_end_octet
                   ? judge(cut.raw_type, cut.channel, payload_bytes)
                   : FrameStatus::bad_end;
  if (cut.status == FrameStatus::bad_end) [[unlikely]]
    cut.bad_end_octet = static_cast<std::uint8_t>(buffer[cut.bytes - 1]);
  return cut;
}

ConnectionError frame_error(const FrameCut& cut, std::uint32_t frame_max) {
  switch (cut.status) {
    case FrameStatus::too_large:
      return {ReplyCode::frame_error, show(cut) + ": {frame_too_large," +
                                          std::to_string(cut.bytes) + ',' +
                                          std::to_string(frame_max - frame_overhead_bytes) + '}'};
    case FrameStatus::bad_end:
      return {ReplyCode::frame_error,
              show(cut) + ": {invalid_frame_end_marker," + std::to_string(cut.bad_end_octet) + '}'};
    case FrameStatus::unknown:
      return {ReplyCode::frame_error, show(cut) + ": unknown_frame"};
    case FrameStatus::unexpected:
      return {ReplyCode::unexpected_frame, show(cut)};
    case FrameStatus::complete:
    case FrameStatus::need_more:
      break;
  }
  ensure(false, "frame_error of a frame without error");
  return {ReplyCode::internal_error, ""};
}

Decoded<ContentHeader> decode_content_header(Bytes payload) noexcept {
  ByteReader reader(payload);
  ContentHeader header;
  header.class_id = reader.u16();
  header.weight = reader.u16();
  header.body_bytes = reader.u64();
  if (reader.has_failed()) return DecodeError::truncated;
  header.properties = reader.take(reader.remaining());
  return header;
}

HeaderStatus check_protocol_header(Bytes buffer) noexcept {
  constexpr Bytes older_header{"AMQP\x01\x01\0\x09", protocol_header_bytes};
  if (buffer.size() < protocol_header_bytes) return HeaderStatus::need_more;
  const Bytes header = buffer.substr(0, protocol_header_bytes);
  return header == protocol_header || header == older_header ? HeaderStatus::accepted
                                                             : HeaderStatus::refused;
}

}  // namespace tern::amqp
