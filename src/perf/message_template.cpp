#include "perf/message_template.hpp"

#include "amqp/encoder.hpp"
#include "amqp/methods_basic.hpp"
#include "message/properties.hpp"
#include "perf/topology.hpp"

namespace tern::perf {
namespace {

// Bytes that do not compress, the same in each run.
std::string filling(std::size_t size) {
  std::string body(size, '\0');
  std::uint64_t state = 0x9E3779B97F4A7C15U;
  for (char& octet : body) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    octet = static_cast<char>(state);
  }
  return body;
}

// What stands for a group's number until it is known: as long as the number is, and found again.
constexpr std::string_view unnumbered = "\x01(group)";
static_assert(unnumbered.size() == MessageTemplate::group_bytes);

std::string properties_of(const Options& options, unsigned queue) {
  PropertiesView properties;
  std::string headers;
  if (options.exchange == "headers") headers = encode_entries(matching_headers(queue));
  if (options.groups != 0) headers += encode_entries({{"group", std::string(unnumbered)}});
  if (!headers.empty()) properties.set(Property::headers, headers);
  if (options.persistent) properties.set_delivery_mode(2);
  return encode_properties(properties);
}

}  // namespace

MessageTemplate::MessageTemplate(const Options& options, unsigned queue, std::uint32_t frame_max)
    : groups_(options.groups),
      has_stamp_(options.size >= Stamp::bytes),
      has_time_(options.size >= 2 * Stamp::bytes) {
  const Topology topology(options);
  const std::string exchange = topology.exchange();
  const std::string key = topology.routing_key(queue);
  amqp::FrameWriter writer(encoded_, frame_max);
  writer.method(Connection::channel,
                amqp::BasicPublish{0, exchange, key, options.mandatory, false});
  writer.content_header(Connection::channel, amqp::BasicPublish::info.id.class_id, options.size,
                        properties_of(options, queue));
  if (groups_ != 0) group_at_ = encoded_.find(unnumbered);
  body_at_ = encoded_.size() + amqp::frame_head_bytes;
  writer.body(Connection::channel, filling(options.size));
}

}  // namespace tern::perf
