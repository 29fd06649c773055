// Cutting frames: limits, end octets and RabbitMQ's texts for what is refused.
#include "amqp/frame.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace tern;
using namespace tern::amqp;
using namespace std::string_literals;

namespace {

constexpr std::uint32_t longest_frame = 4096;

std::string frame_of(int type, int channel, const std::string& payload, char end = '\xCE') {
  std::string frame(1, static_cast<char>(type));
  append_number(frame, static_cast<std::uint16_t>(channel));
  append_long_string(frame, payload);
  frame.push_back(end);
  return frame;
}

std::string refusal(const std::string& frame) {
  const auto cut = cut_frame(frame, longest_frame);
  REQUIRE(cut.status != FrameStatus::complete);
  REQUIRE(cut.status != FrameStatus::need_more);
  const auto error = frame_error(cut, longest_frame);
  CHECK(error.method == MethodId{});
  return std::to_string(static_cast<int>(error.code)) + ' ' + std::string(error.text());
}

}  // namespace

TEST_CASE("a frame is cut from the front, and its octets counted") {
  const std::string buffer = frame_of(1, 258, "\x00\x0A\x00\x0B"s) + "next";
  const auto cut = cut_frame(buffer, longest_frame);
  CHECK(cut.status == FrameStatus::complete);
  CHECK(cut.type() == FrameType::method);
  CHECK(cut.channel == 258);
  CHECK(cut.payload == "\x00\x0A\x00\x0B"s);
  CHECK(cut.payload.data() == buffer.data() + frame_head_bytes);
  CHECK(cut.bytes == buffer.size() - 4);
}

TEST_CASE("an incomplete frame asks for as many octets as it takes") {
  const std::string frame = frame_of(3, 1, "body");
  for (std::size_t size = 0; size < frame.size(); ++size) {
    const std::vector<char> part(frame.begin(), frame.begin() + static_cast<long>(size));
    const auto cut = cut_frame(Bytes(part.data(), part.size()), longest_frame);
    CHECK(cut.status == FrameStatus::need_more);
    CHECK(cut.bytes == (size < frame_head_bytes ? frame_head_bytes : frame.size()));
  }
  CHECK(cut_frame(frame, longest_frame).status == FrameStatus::complete);
}

TEST_CASE("all types pass where they belong") {
  CHECK(cut_frame(frame_of(1, 0, "\0\0\0\0"s), longest_frame).status == FrameStatus::complete);
  CHECK(cut_frame(frame_of(2, 1, std::string(12, '\0')), longest_frame).status ==
        FrameStatus::complete);
  CHECK(cut_frame(frame_of(3, 1, ""), longest_frame).status == FrameStatus::complete);
  CHECK(cut_frame(frame_of(8, 0, ""), longest_frame).status == FrameStatus::complete);
}

TEST_CASE("a bad frame end is answered with the payload and the octet") {
  CHECK(refusal(frame_of(1, 1, "\x00\x14\x00\x28"s, '\0')) ==
        "501 FRAME_ERROR - type 1, all octets = <<0,20,0,40>>: {invalid_frame_end_marker,0}");
  CHECK(refusal(frame_of(3, 1, "abcdefghijklmnopqrst", '\x07')) ==
        "501 FRAME_ERROR - type 3, first 16 octets = <<\"abcdefghijklmnop\">>: "
        "{invalid_frame_end_marker,7}");
}

TEST_CASE("a payload longer than frame_max is refused before it has come") {
  const std::string frame = frame_of(1, 1, std::string(5000, 'x'));
  CHECK(refusal(frame.substr(0, frame_head_bytes)) ==
        "501 FRAME_ERROR - type 1, all octets = <<>>: {frame_too_large,5000,4088}");
  CHECK(cut_frame(frame_of(3, 1, std::string(4096, 'x')), longest_frame).status ==
        FrameStatus::complete);
  CHECK(cut_frame(frame_of(3, 1, std::string(4097, 'x')), longest_frame).status ==
        FrameStatus::too_large);
  CHECK(cut_frame("\x01\x00\x01\xFF\xFF\xFF\xFF"s, longest_frame).status == FrameStatus::too_large);
}

TEST_CASE("unknown types and payloads too short for their type are unknown frames") {
  CHECK(refusal(frame_of(9, 0, "")) ==
        "501 FRAME_ERROR - type 9, all octets = <<>>: unknown_frame");
  CHECK(refusal(frame_of(8, 0, "x")) ==
        "501 FRAME_ERROR - type 8, all octets = <<\"x\">>: unknown_frame");
  CHECK(refusal(frame_of(1, 1, "\x00\x0A\x00"s)) ==
        "501 FRAME_ERROR - type 1, all octets = <<0,10,0>>: unknown_frame");
  CHECK(refusal(frame_of(2, 1, "\x00"s)) ==
        "501 FRAME_ERROR - type 2, all octets = <<0>>: unknown_frame");
  CHECK(cut_frame(frame_of(2, 1, std::string(11, '\0')), longest_frame).status ==
        FrameStatus::unknown);
  CHECK(refusal(frame_of(0, 1, "")) ==
        "501 FRAME_ERROR - type 0, all octets = <<>>: unknown_frame");
}

TEST_CASE("heartbeats on a channel and content on channel 0 are unexpected frames") {
  CHECK(refusal(frame_of(8, 1, "")) == "505 UNEXPECTED_FRAME - type 8, all octets = <<>>");
  CHECK(refusal(frame_of(3, 0, "a")) == "505 UNEXPECTED_FRAME - type 3, all octets = <<\"a\">>");
  CHECK(cut_frame(frame_of(2, 0, std::string(12, '\0')), longest_frame).status ==
        FrameStatus::unexpected);
}

TEST_CASE("a content header is split into its parts") {
  const std::string payload = "\x00\x3C\x00\x00\x00\x00\x00\x00\x00\x00\x01\x02\x10\x00\x02"s;
  const auto header = decode_content_header(payload);
  REQUIRE(header.has_value());
  CHECK(header->class_id == 60);
  CHECK(header->weight == 0);
  CHECK(header->body_bytes == 258);
  CHECK(header->properties == "\x10\x00\x02"s);
  for (std::size_t size = 0; size < 12; ++size)
    CHECK(decode_content_header(payload.substr(0, size)).error() == DecodeError::truncated);
}

TEST_CASE("the protocol headers of 0-9-1 and of older clients are accepted, nothing else") {
  CHECK(check_protocol_header("AMQP\0\0\x09\x01more"s) == HeaderStatus::accepted);
  CHECK(check_protocol_header("AMQP\x01\x01\0\x09"s) == HeaderStatus::accepted);
  CHECK(check_protocol_header("AMQP\0\0\x09"s) == HeaderStatus::need_more);
  CHECK(check_protocol_header("") == HeaderStatus::need_more);
  CHECK(check_protocol_header("AMQP\0\x01\0\0"s) == HeaderStatus::refused);
  CHECK(check_protocol_header("AMQP\x01\x01\x08\0"s) == HeaderStatus::refused);
  CHECK(check_protocol_header("GET / HTTP/1.1") == HeaderStatus::refused);
  CHECK(protocol_header == "AMQP\0\0\x09\x01"s);
}
