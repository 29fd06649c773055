// Fuzzes cutting frames and content headers. The first octet chooses frame_max.
#include "amqp/encoder.hpp"
#include "amqp/frame.hpp"

using namespace tern;
using namespace tern::amqp;

namespace {

void check_complete(const FrameCut& cut, Bytes buffer) {
  ensure(cut.bytes == cut.payload.size() + frame_overhead_bytes, "frame of the wrong length");
  ensure(cut.bytes <= buffer.size(), "frame beyond its buffer");
  ensure(buffer[cut.bytes - 1] == frame_end_octet, "frame without its end");
  if (cut.type() == FrameType::method) ensure(cut.payload.size() >= 4, "method without ids");
  if (cut.type() == FrameType::heartbeat) ensure(cut.payload.empty(), "heartbeat with payload");
  if (cut.type() != FrameType::header) return;
  const auto header = decode_content_header(cut.payload);
  ensure(header.has_value(), "content header too short");
  ensure(header->properties.size() == cut.payload.size() - 12, "content header misread");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint32_t frame_max = 4096U << (data[0] % 6);
  Bytes rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  static_cast<void>(check_protocol_header(rest));
  while (true) {
    const auto cut = cut_frame(rest, frame_max);
    if (cut.status == FrameStatus::need_more) {
      ensure(cut.bytes > rest.size(), "asks for octets that are there");
      return 0;
    }
    if (cut.status != FrameStatus::complete) {
      ensure(frame_error(cut, frame_max).text().size() <= 255, "reply text too long");
      return 0;
    }
    check_complete(cut, rest);
    rest.remove_prefix(cut.bytes);
  }
}
