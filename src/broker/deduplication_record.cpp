#include "broker/deduplication_record.hpp"

#include "message/wire.hpp"

namespace tern::broker {
namespace {

constexpr char kind = 64;
constexpr char version = 1;

std::string record_key(const DeduplicationKey& key) {
  std::string encoded(1, kind);
  append_number(encoded, raw(key.queue));
  return encoded + key.key;
}

}  // namespace

storage::Record encode_record(const DeduplicationKey& key) {
  std::string value(1, version);
  append_number(value, static_cast<std::uint64_t>(key.seen.time_since_epoch().count()));
  return {record_key(key), std::move(value)};
}

storage::Record forget_record(const DeduplicationKey& key) {
  return {record_key(key), std::nullopt};
}

bool is_deduplication_record(std::string_view key) noexcept {
  return !key.empty() && key.front() == kind;
}

std::optional<DeduplicationKey> decode_deduplication_record(const storage::Record& record) {
  ByteReader key(record.key);
  ByteReader value(*record.value);
  if (key.u8() != static_cast<std::uint8_t>(kind)) return std::nullopt;
  DeduplicationKey found;
  found.queue = QueueId{key.u32()};
  if (value.u8() != static_cast<std::uint8_t>(version)) return std::nullopt;
  found.seen = Time{Millis{static_cast<std::int64_t>(value.u64())}};
  if (key.has_failed() || value.has_failed()) return std::nullopt;
  found.key = record.key.substr(5);
  return found;
}

}  // namespace tern::broker
