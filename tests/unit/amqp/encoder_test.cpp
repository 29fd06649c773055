// Writing frames: what is written is cut and decoded again, and the fast path for deliveries writes
// the same octets as the general one.
#include "amqp/encoder.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "amqp/methods.hpp"

using namespace tern;
using namespace tern::amqp;
using namespace std::string_literals;

namespace {

constexpr std::uint32_t frame_max = 4096;
constexpr std::size_t payload_max = frame_max - 8;
const std::string properties = "\x10\x00\x02"s;

MessageRef message_of(const std::string& exchange, const std::string& key,
                      const std::string& body) {
  std::string names;
  append_short_string(names, exchange);
  append_short_string(names, key);
  return MessageRef::gather({.names = names, .properties = properties, .body = body});
}

std::string pattern(std::size_t bytes) {
  std::string body(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) body[i] = static_cast<char>(i * 31 + i / 251);
  return body;
}

// The delivery as the general path writes it.
std::string expected_delivery(const Delivery& delivery, const Message& message) {
  std::string out;
  FrameWriter(out, frame_max)
      .content(delivery.channel,
               BasicDeliver{.consumer_tag = delivery.consumer_tag,
                            .delivery_tag = delivery.delivery_tag,
                            .redelivered = delivery.redelivered,
                            .exchange = message.exchange(),
                            .routing_key = message.routing_key()},
               message.properties(), message.body());
  return out;
}

}  // namespace

TEST_CASE("frames have the octets of the specification") {
  std::string out;
  FrameWriter writer(out, frame_max);
  writer.heartbeat();
  CHECK(out == "\x08\x00\x00\x00\x00\x00\x00\xCE"s);
  out.clear();
  writer.method(1, BasicAck{.delivery_tag = 1, .multiple = true});
  CHECK(out ==
        "\x01\x00\x01\x00\x00\x00\x0D\x00\x3C\x00\x50\x00\x00\x00\x00\x00\x00\x00\x01\x01"
        "\xCE"s);
  out.clear();
  writer.content_header(258, 60, 5, properties);
  CHECK(out ==
        "\x02\x01\x02\x00\x00\x00\x0F\x00\x3C\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05\x10"
        "\x00\x02\xCE"s);
  out.clear();
  writer.body(1, "hi");
  CHECK(out == "\x03\x00\x01\x00\x00\x00\x02hi\xCE"s);
}

TEST_CASE("bodies are split at frame_max, and an empty one has no frame") {
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{1}, payload_max, payload_max + 1, 3 * payload_max}) {
    const std::string body = pattern(bytes);
    std::string out;
    FrameWriter(out, frame_max).body(7, body);
    std::string joined;
    std::size_t frames = 0;
    for (Bytes rest = out; !rest.empty(); ++frames) {
      const auto cut = cut_frame(rest, frame_max);
      REQUIRE(cut.status == FrameStatus::complete);
      CHECK(cut.type() == FrameType::body);
      CHECK(cut.channel == 7);
      CHECK(cut.bytes <= frame_max);
      joined += cut.payload;
      rest.remove_prefix(cut.bytes);
    }
    CHECK(joined == body);
    CHECK(frames == (bytes + payload_max - 1) / payload_max);
    CHECK(frames == body_frame_count(bytes, frame_max));
  }
}

TEST_CASE("the fast path writes a delivery octet for octet as the general one") {
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{100}, payload_max, payload_max + 1, 3 * payload_max + 5}) {
    for (const std::string& tag : {""s, "amq.ctag-1"s, std::string(255, 't')}) {
      const auto message = message_of("amq.topic", "a.b.c", pattern(bytes));
      const Delivery delivery{.channel = 513,
                              .delivery_tag = 0x0102030405060708,
                              .redelivered = bytes % 2 == 0,
                              .consumer_tag = tag};
      const std::string expected = expected_delivery(delivery, *message);
      REQUIRE(deliver_bytes(delivery, *message, frame_max) == expected.size());
      std::vector<char> written(expected.size());
      CHECK(write_deliver(written.data(), delivery, *message, frame_max) ==
            written.data() + written.size());
      CHECK(std::string(written.begin(), written.end()) == expected);
    }
  }
}

TEST_CASE("gathered pieces make the same octets, and the body is not copied") {
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{9}, payload_max, 2 * payload_max + 1}) {
    const auto message = message_of("", "queue", pattern(bytes));
    const Delivery delivery{.channel = 1, .delivery_tag = 2, .consumer_tag = "c"};
    const std::size_t head = deliver_head_bytes(delivery, *message);
    std::vector<char> written(head + 8 * body_frame_count(bytes, frame_max));
    char* const head_end = write_deliver_head(written.data(), delivery, *message);
    CHECK(head_end == written.data() + head);
    std::string sent(written.data(), head);
    std::size_t body_bytes = 0;
    const Bytes body = message->body();
    char* const end = gather_body(head_end, 1, body, frame_max, [&](Bytes piece) {
      sent += piece;
      if (piece.data() >= body.data() && piece.data() < body.data() + body.size())
        body_bytes += piece.size();
    });
    CHECK(end == written.data() + written.size());
    CHECK(sent == expected_delivery(delivery, *message));
    CHECK(body_bytes == bytes);
  }
}
