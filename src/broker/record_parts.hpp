// What the codecs of topology records (record_codec.cpp) and of settings (settings_codec.cpp)
// share: the beginnings of keys and values, and names in them. Internal to the two.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ensure.hpp"
#include "broker/record_codec.hpp"
#include "message/field_table.hpp"
#include "message/wire.hpp"

namespace tern::broker::record_parts {

enum class Kind : std::uint8_t {
  ids = 1,
  vhost = 2,
  exchange = 3,
  queue = 4,
  binding = 5,
  user = 6,
  permission = 7,
  topic_permission = 8,
  parameter = 9,
  policy = 10,
  setup = 11
};

inline constexpr std::uint8_t value_version = 1;

inline std::string begin_key(Kind kind) {
  return std::string(1, static_cast<char>(kind));
}

inline std::string begin_value() {
  return std::string(1, static_cast<char>(value_version));
}

inline void append_octet(std::string& out, std::uint8_t octet) {
  out += static_cast<char>(octet);
}

inline void append_name(std::string& out, std::string_view name) {
  ensure(name.size() <= 0xFFFF, "a name in the topology is longer than its length can say");
  append_number(out, static_cast<std::uint16_t>(name.size()));
  out += name;
}

inline std::string_view read_name(ByteReader& reader) {
  return reader.take(reader.u16());
}

inline bool is_whole(const ByteReader& reader) {
  return !reader.has_failed() && reader.is_at_end();
}

// The table at the front of what is left, which it must fill.
inline std::optional<FieldTable> read_last_table(ByteReader& reader) {
  if (reader.has_failed()) return std::nullopt;
  const Bytes left = reader.take(reader.remaining());
  auto decoded = decode_table(left);
  if (!decoded || decoded->bytes_used != left.size()) return std::nullopt;
  return std::move(decoded->table);
}

// Short texts, such as tags.
void append_texts(std::string& out, const std::vector<std::string>& texts);
[[nodiscard]] std::vector<std::string> read_texts(ByteReader& reader);

// Each takes a key behind its kind and a value behind its version. Nothing: damaged.
std::optional<TopologyRecord> decode_user(ByteReader& key, ByteReader& value);
std::optional<TopologyRecord> decode_permission(ByteReader& key, ByteReader& value);
std::optional<TopologyRecord> decode_topic_permission(ByteReader& key, ByteReader& value);
std::optional<TopologyRecord> decode_parameter(ByteReader& key, ByteReader& value);
std::optional<TopologyRecord> decode_policy(ByteReader& key, ByteReader& value);
std::optional<TopologyRecord> decode_setup(ByteReader& key, ByteReader& value);

}  // namespace tern::broker::record_parts
