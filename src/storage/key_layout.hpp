// Which bytes stand for what as a key on disk. Pure.
//
//   column family   key (big-endian)                         value
//   msg             u32 epoch, u32 stream, u64 position      block of messages (block.hpp)
//   msg             u32 epoch, u32 ~0, u64 shared id         block of shared messages
//   ack             u64 commit id                            delta (delta.hpp)
//   due             u32 stream, u64 due (ms), u64 position   empty
//   default         'f'                                      format version
//   default         'e'                                      last epoch begun
//   default         'c'                                      commit id that all 'q' records cover
//   default         'q', u32 queue                           queue record (queue_record.hpp)
//   default         't', name                                topology record, as handed over
//
// A stream is a queue id; the spill stream of a queue (transient messages paged out) is the id with
// its top bit set. The position is that of the block's first message.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "message/ids.hpp"
#include "storage/store.hpp"

namespace tern::storage {

using Stream = std::uint32_t;
using Epoch = std::uint32_t;
using CommitId = std::uint64_t;

/// What this program writes and reads. (2: the index of due times, bytes of bodies, returns.)
inline constexpr std::uint32_t format_version = 2;

inline constexpr Stream spill_bit = 0x80000000U;
inline constexpr Stream shared_stream = 0xFFFFFFFFU;

[[nodiscard]] constexpr Stream stream_of(QueueId queue, bool spilled) noexcept {
  return raw(queue) | (spilled ? spill_bit : 0);
}
[[nodiscard]] constexpr bool is_spilled(Stream stream) noexcept {
  return (stream & spill_bit) != 0;
}
[[nodiscard]] constexpr QueueId queue_of(Stream stream) noexcept {
  return static_cast<QueueId>(stream & ~spill_bit);
}

/// A commit's shared messages are stored in parts; at most this many.
inline constexpr std::uint32_t shared_parts_max = 4096;
[[nodiscard]] constexpr std::uint64_t shared_id(CommitId commit, std::uint32_t part) noexcept {
  return commit * shared_parts_max + part;
}

struct BlockKey {
  Epoch epoch = 0;
  Stream stream = 0;
  std::uint64_t position = 0;  ///< of the first message, or the shared id

  friend bool operator==(const BlockKey&, const BlockKey&) = default;
};

inline constexpr std::size_t block_key_bytes = 16;
using BlockKeyBytes = std::array<char, block_key_bytes>;

[[nodiscard]] BlockKeyBytes encode_block_key(const BlockKey& key) noexcept;
[[nodiscard]] std::optional<BlockKey> decode_block_key(Bytes key) noexcept;

/// A key of the index of due times. The time lies in [0, 2^63) ms after the Unix epoch.
struct DueKey {
  Stream stream = 0;
  DueEntry entry;

  friend bool operator==(const DueKey&, const DueKey&) = default;
};

inline constexpr std::size_t due_key_bytes = 20;
using DueKeyBytes = std::array<char, due_key_bytes>;

[[nodiscard]] DueKeyBytes encode_due_key(const DueKey& key) noexcept;
[[nodiscard]] std::optional<DueKey> decode_due_key(Bytes key) noexcept;
/// The least string above a key.
[[nodiscard]] std::string key_after(Bytes key);
/// Below all due keys of a stream, and above all of those before it.
[[nodiscard]] std::string due_begin(Stream stream);
/// Above all due keys of a stream, and not above any of those behind it.
[[nodiscard]] std::string due_end(Stream stream);

/// The same for an 8-byte number: delta keys, and the values of 'f', 'e' and 'c'.
[[nodiscard]] std::string encode_number(std::uint64_t number);
[[nodiscard]] std::optional<std::uint64_t> decode_number(Bytes bytes) noexcept;

inline constexpr Bytes format_key = "f";
inline constexpr Bytes epoch_key = "e";
inline constexpr Bytes covered_key = "c";
/// There only between an orderly stop and the next start.
inline constexpr Bytes clean_key = "s";
inline constexpr char queue_prefix = 'q';
inline constexpr char topology_prefix = 't';

[[nodiscard]] std::string queue_key(QueueId queue);
[[nodiscard]] std::optional<QueueId> decode_queue_key(Bytes key) noexcept;
[[nodiscard]] std::string topology_key(const std::string& name);

template <std::size_t count>
Bytes view(const std::array<char, count>& key) noexcept {
  return {key.data(), key.size()};
}

}  // namespace tern::storage
