// Cutting frames out of a read buffer, in place. Pure functions; the session decides what a frame
// means and in which order frames may come.
//
//   | type u8 | channel u16 | payload bytes u32 | payload ... | 0xCE |
#pragma once

#include <cstdint>
#include <optional>

#include "amqp/errors.hpp"
#include "message/wire.hpp"

namespace tern::amqp {

inline constexpr std::size_t frame_head_bytes = 7;
/// Head and end octet: what a frame costs beside its payload.
inline constexpr std::size_t frame_overhead_bytes = 8;
inline constexpr char frame_end_octet = '\xCE';
/// Before tune-ok, and the least that may be negotiated.
inline constexpr std::uint32_t frame_bytes_min = 4096;
inline constexpr std::size_t protocol_header_bytes = 8;
/// What the server speaks, and answers to any other header before it closes the socket.
inline constexpr Bytes protocol_header{"AMQP\0\0\x09\x01", protocol_header_bytes};

enum class FrameType : std::uint8_t { method = 1, header = 2, body = 3, heartbeat = 8 };

enum class FrameStatus : std::uint8_t {
  complete,
  need_more,   ///< `bytes` says how many bytes the buffer must hold before it is worth trying again
  too_large,   ///< the payload is longer than frame_max
  bad_end,     ///< the end octet is not 0xCE
  unknown,     ///< no such type, a heartbeat with payload, or a payload too short for its type
  unexpected,  ///< a heartbeat on a channel, or content on channel 0
};

struct FrameCut {
  FrameStatus status = FrameStatus::need_more;
  std::uint8_t raw_type = 0;
  std::uint8_t bad_end_octet = 0;
  std::uint16_t channel = 0;
  Bytes payload;  ///< into the buffer
  std::size_t bytes =
      0;  ///< complete: octets used, head and end included; too_large: the payload's

  [[nodiscard]] FrameType type() const noexcept { return static_cast<FrameType>(raw_type); }
};

/// Cuts the first frame of `buffer`. `frame_max` is what was negotiated (frame_bytes_min before).
/// A complete frame has a known type; a method payload has at least 4 octets, a header's at least
/// 12; heartbeats are empty and on channel 0, content is not on channel 0.
[[nodiscard]] FrameCut cut_frame(Bytes buffer, std::uint32_t frame_max) noexcept;

/// What the client is told about a frame whose status is neither complete nor need_more, in
/// RabbitMQ's words.
[[nodiscard]] ConnectionError frame_error(const FrameCut& cut, std::uint32_t frame_max);

/// The payload of a content header frame.
struct ContentHeader {
  std::uint16_t class_id = 0;
  std::uint16_t weight = 0;  ///< always 0; RabbitMQ takes any other for "not a header"
  std::uint64_t body_bytes = 0;
  Bytes properties;  ///< flags and list, not looked at (message/properties.hpp)
};

[[nodiscard]] Decoded<ContentHeader> decode_content_header(Bytes payload) noexcept;

enum class HeaderStatus : std::uint8_t {
  accepted,
  need_more,
  refused,  ///< send protocol_header and close the socket
};

/// Judges the first octets of a connection. AMQP 0-9-1's header is accepted, and the one that
/// 0-8 and 0-9 clients send. A wrong octet is refused once protocol_header_bytes have come.
[[nodiscard]] HeaderStatus check_protocol_header(Bytes buffer) noexcept;

}  // namespace tern::amqp
