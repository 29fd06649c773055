#include "broker/record_codec.hpp"

#include <optional>
#include <utility>

#include "base/ensure.hpp"
#include "broker/password_hash.hpp"
#include "broker/record_parts.hpp"
#include "exchange/binding.hpp"
#include "message/field_table.hpp"
#include "message/wire.hpp"

namespace tern::broker {

using namespace record_parts;

namespace {

enum Flags : std::uint8_t {
  durable = 1,
  exclusive = 2,
  auto_delete = 4,
  internal = 8,
  has_levels = 16,
  has_gate = 32
};

std::string named_key(Kind kind, std::uint32_t vhost, std::string_view name) {
  std::string key = begin_key(kind);
  append_number(key, vhost);
  append_name(key, name);
  return key;
}

std::string key_of(const VhostRecord& vhost) {
  std::string key = begin_key(Kind::vhost);
  append_name(key, vhost.name);
  return key;
}

std::string key_of(const ExchangeRecord& exchange) {
  return named_key(Kind::exchange, exchange.vhost, exchange.name);
}

std::string key_of(const QueueRecord& queue) {
  return named_key(Kind::queue, queue.vhost, queue.name);
}

// Two bindings that differ in their arguments only are two, and the order of the arguments does not
// matter (exchange/binding.hpp). A digest, because arguments can be longer than a key should be.
std::string arguments_digest(const FieldTable& arguments) {
  if (arguments.empty()) return {};
  const auto canonical = exchange::canonical_arguments(encode_entries(arguments));
  ensure(canonical.has_value(), "arguments that were encoded here can be decoded");
  return sha256(*canonical);
}

std::string key_of(const BindingRecord& binding) {
  std::string key = named_key(Kind::binding, binding.vhost, binding.source);
  append_octet(key, binding.to_exchange ? 1 : 0);
  append_name(key, binding.destination);
  append_name(key, binding.routing_key);
  return key + arguments_digest(binding.arguments);
}

// Each takes a key behind its kind and a value behind its version. Nothing: damaged.

std::optional<TopologyRecord> decode_ids(ByteReader& key, ByteReader& value) {
  NextIds ids;
  ids.queue = QueueId{value.u32()};
  ids.vhost = value.u32();
  if (!is_whole(key) || !is_whole(value)) return std::nullopt;
  return ids;
}

std::optional<TopologyRecord> decode_vhost(ByteReader& key, ByteReader& value) {
  VhostRecord vhost;
  vhost.name = read_name(key);
  vhost.number = value.u32();
  if (value.remaining() > 0) {
    vhost.description = std::string(value.long_string());
    vhost.default_queue_type = std::string(value.long_string());
    vhost.limits = std::string(value.long_string());
    vhost.tags = read_texts(value);
  }
  if (!is_whole(key) || !is_whole(value)) return std::nullopt;
  return vhost;
}

std::optional<TopologyRecord> decode_exchange(ByteReader& key, ByteReader& value) {
  ExchangeRecord exchange;
  exchange.vhost = key.u32();
  exchange.name = read_name(key);
  const std::uint8_t flags = value.u8();
  exchange.type = value.short_string();
  if ((flags & has_gate) != 0) exchange.gate = QueueId{value.u32()};
  auto arguments = read_last_table(value);
  if (!is_whole(key) || !arguments) return std::nullopt;
  if ((flags & ~(durable | auto_delete | internal | has_gate)) != 0) return std::nullopt;
  exchange.durable = (flags & durable) != 0;
  exchange.auto_delete = (flags & auto_delete) != 0;
  exchange.internal = (flags & internal) != 0;
  exchange.arguments = std::move(*arguments);
  return exchange;
}

std::optional<TopologyRecord> decode_queue(ByteReader& key, ByteReader& value) {
  QueueRecord queue;
  queue.vhost = key.u32();
  queue.name = read_name(key);
  const std::uint8_t flags = value.u8();
  queue.id = QueueId{value.u32()};
  if ((flags & has_levels) != 0) {
    queue.priority_max = value.u8();
    queue.levels_begin = QueueId{value.u32()};
    queue.levels_stride = value.u32();
  }
  auto arguments = read_last_table(value);
  if (!is_whole(key) || !arguments || queue.id == QueueId::none) return std::nullopt;
  if ((flags & ~(durable | exclusive | auto_delete | has_levels)) != 0) return std::nullopt;
  queue.durable = (flags & durable) != 0;
  queue.exclusive = (flags & exclusive) != 0;
  queue.auto_delete = (flags & auto_delete) != 0;
  queue.arguments = std::move(*arguments);
  return queue;
}

std::optional<TopologyRecord> decode_binding(ByteReader& key, ByteReader& value) {
  BindingRecord binding;
  binding.durable = true;  // Only those are kept.
  binding.vhost = key.u32();
  binding.source = read_name(key);
  const std::uint8_t to_exchange = key.u8();
  binding.to_exchange = to_exchange == 1;
  binding.destination = read_name(key);
  binding.routing_key = read_name(key);
  if (key.has_failed() || to_exchange > 1) return std::nullopt;
  const Bytes digest = key.take(key.remaining());
  auto arguments = read_last_table(value);
  if (!arguments) return std::nullopt;
  binding.arguments = std::move(*arguments);
  if (digest != arguments_digest(binding.arguments)) return std::nullopt;
  return binding;
}

struct Decoder {
  Kind kind;
  const char* thing;
  std::optional<TopologyRecord> (*decode)(ByteReader& key, ByteReader& value);
};

constexpr Decoder decoders[] = {
    {Kind::ids, "the id counters", decode_ids},
    {Kind::vhost, "a virtual host", decode_vhost},
    {Kind::exchange, "an exchange", decode_exchange},
    {Kind::queue, "a queue", decode_queue},
    {Kind::binding, "a binding", decode_binding},
    {Kind::user, "a user", decode_user},
    {Kind::permission, "a permission", decode_permission},
    {Kind::topic_permission, "a topic permission", decode_topic_permission},
    {Kind::parameter, "a parameter", decode_parameter},
    {Kind::policy, "a policy", decode_policy},
    {Kind::setup, "the setup", decode_setup},
};

const Decoder* find_decoder(std::uint8_t kind) noexcept {
  for (const Decoder& decoder : decoders) {
    if (static_cast<std::uint8_t>(decoder.kind) == kind) return &decoder;
  }
  return nullptr;
}

// A key as a person can read it; names are most of it.
std::string printable(std::string_view key) {
  std::string text;
  for (const char octet : key) text += octet >= ' ' && octet <= '~' ? octet : '.';
  return text;
}

}  // namespace

storage::Record encode_record(const NextIds& ids) {
  std::string value = begin_value();
  append_number(value, raw(ids.queue));
  append_number(value, ids.vhost);
  return {begin_key(Kind::ids), std::move(value)};
}

storage::Record encode_record(const VhostRecord& vhost) {
  std::string value = begin_value();
  append_number(value, vhost.number);
  const VhostRecord plain{vhost.number, vhost.name};
  if (vhost != plain) {
    append_long_string(value, vhost.description);
    append_long_string(value, vhost.default_queue_type);
    append_long_string(value, vhost.limits);
    append_texts(value, vhost.tags);
  }
  return {key_of(vhost), std::move(value)};
}

storage::Record encode_record(const ExchangeRecord& exchange) {
  std::string value = begin_value();
  append_octet(value, static_cast<std::uint8_t>((exchange.durable ? durable : 0) |
                                                (exchange.auto_delete ? auto_delete : 0) |
                                                (exchange.internal ? internal : 0) |
                                                (exchange.has_gate() ? has_gate : 0)));
  append_short_string(value, exchange.type);
  if (exchange.has_gate()) append_number(value, raw(exchange.gate));
  append_table(value, exchange.arguments);
  return {key_of(exchange), std::move(value)};
}

storage::Record encode_record(const QueueRecord& queue) {
  ensure(queue.id != QueueId::none, "a queue that is kept has an id");
  std::string value = begin_value();
  append_octet(value, static_cast<std::uint8_t>((queue.durable ? durable : 0) |
                                                (queue.exclusive ? exclusive : 0) |
                                                (queue.auto_delete ? auto_delete : 0) |
                                                (queue.priority_max > 0 ? has_levels : 0)));
  append_number(value, raw(queue.id));
  if (queue.priority_max > 0) {
    append_octet(value, queue.priority_max);
    append_number(value, raw(queue.levels_begin));
    append_number(value, queue.levels_stride);
  }
  append_table(value, queue.arguments);
  return {key_of(queue), std::move(value)};
}

storage::Record encode_record(const BindingRecord& binding) {
  ensure(binding.durable, "only durable bindings are kept");
  std::string value = begin_value();
  append_table(value, binding.arguments);
  return {key_of(binding), std::move(value)};
}

storage::Record forget_record(const VhostRecord& vhost) {
  return {key_of(vhost), {}};
}
storage::Record forget_record(const ExchangeRecord& exchange) {
  return {key_of(exchange), {}};
}
storage::Record forget_record(const QueueRecord& queue) {
  return {key_of(queue), {}};
}
storage::Record forget_record(const BindingRecord& binding) {
  return {key_of(binding), {}};
}

bool is_vhost_key(std::string_view key) noexcept {
  return !key.empty() && static_cast<std::uint8_t>(key[0]) <= static_cast<int>(Kind::vhost);
}

bool is_setting_key(std::string_view key) noexcept {
  return !key.empty() && static_cast<std::uint8_t>(key[0]) >= static_cast<int>(Kind::user);
}

Result<TopologyRecord> decode_record(std::string_view key, std::string_view value) {
  ByteReader key_reader(key);
  ByteReader value_reader(value);
  const std::uint8_t kind = key_reader.u8();
  const std::uint8_t version = value_reader.u8();
  const Decoder* decoder = find_decoder(kind);
  if (decoder == nullptr) {
    return Error{"topology record '" + printable(key) + "' is of unknown kind " +
                 std::to_string(kind) + ": damaged, or written by a newer version"};
  }
  // A text for the rare case only: a start decodes every record there is.
  const auto where = [&] {
    return std::string("the topology record of ") + decoder->thing + " ('" + printable(key) + "')";
  };
  if (!value_reader.has_failed() && version != value_version) {
    return Error{where() + " has format version " + std::to_string(version) + ", and only " +
                 std::to_string(value_version) + " is known: written by a newer version"};
  }
  auto record = decoder->decode(key_reader, value_reader);
  if (!record) return Error{where() + " is damaged"};
  return std::move(*record);
}

}  // namespace tern::broker
