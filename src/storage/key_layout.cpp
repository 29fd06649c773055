#include "storage/key_layout.hpp"

#include <algorithm>

namespace tern::storage {

BlockKeyBytes encode_block_key(const BlockKey& key) noexcept {
  BlockKeyBytes bytes;
  store_big_endian(bytes.data(), key.epoch);
  store_big_endian(bytes.data() + 4, key.stream);
  store_big_endian(bytes.data() + 8, key.position);
  return bytes;
}

std::optional<BlockKey> decode_block_key(Bytes key) noexcept {
  if (key.size() != block_key_bytes) return std::nullopt;
  return BlockKey{.epoch = load_big_endian<std::uint32_t>(key.data()),
                  .stream = load_big_endian<std::uint32_t>(key.data() + 4),
                  .position = load_big_endian<std::uint64_t>(key.data() + 8)};
}

DueKeyBytes encode_due_key(const DueKey& key) noexcept {
  const std::int64_t due = std::max<std::int64_t>(key.entry.due.time_since_epoch().count(), 0);
  DueKeyBytes bytes;
  store_big_endian(bytes.data(), key.stream);
  store_big_endian(bytes.data() + 4, static_cast<std::uint64_t>(due));
  store_big_endian(bytes.data() + 12, key.entry.position);
  return bytes;
}

std::optional<DueKey> decode_due_key(Bytes key) noexcept {
  if (key.size() != due_key_bytes) return std::nullopt;
  const auto due = static_cast<std::int64_t>(load_big_endian<std::uint64_t>(key.data() + 4));
  if (due < 0) return std::nullopt;
  return DueKey{.stream = load_big_endian<std::uint32_t>(key.data()),
                .entry = {.due = Time{Millis{due}},
                          .position = load_big_endian<std::uint64_t>(key.data() + 12)}};
}

std::string key_after(Bytes key) {
  return std::string(key) + '\0';
}

std::string due_begin(Stream stream) {
  std::string key(4, '\0');
  store_big_endian(key.data(), stream);
  return key;
}

std::string due_end(Stream stream) {
  return stream == ~Stream{0} ? std::string(due_key_bytes + 1, '\xFF') : due_begin(stream + 1);
}

std::string encode_number(std::uint64_t number) {
  std::string bytes(8, '\0');
  store_big_endian(bytes.data(), number);
  return bytes;
}

std::optional<std::uint64_t> decode_number(Bytes bytes) noexcept {
  if (bytes.size() != 8) return std::nullopt;
  return load_big_endian<std::uint64_t>(bytes.data());
}

std::string queue_key(QueueId queue) {
  std::string key(5, queue_prefix);
  store_big_endian(key.data() + 1, raw(queue));
  return key;
}

std::optional<QueueId> decode_queue_key(Bytes key) noexcept {
  if (key.size() != 5 || key[0] != queue_prefix) return std::nullopt;
  return static_cast<QueueId>(load_big_endian<std::uint32_t>(key.data() + 1));
}

std::string topology_key(const std::string& name) {
  return topology_prefix + name;
}

}  // namespace tern::storage
