// Deduplication keys as small records of the store, next to the topology's (record_codec.hpp): one
// for each key in a queue's window.
//
//   key   = octet 64, u32 queue id, the key       value = version octet (1), u64 seen, ms
#pragma once

#include <optional>
#include <string>

#include "base/time.hpp"
#include "storage/store.hpp"

namespace tern::broker {

struct DeduplicationKey {
  QueueId queue{};
  std::string key;
  Time seen{};
};

[[nodiscard]] storage::Record encode_record(const DeduplicationKey& key);
[[nodiscard]] storage::Record forget_record(const DeduplicationKey& key);
/// Whether a record of the store is of this kind.
[[nodiscard]] bool is_deduplication_record(std::string_view key) noexcept;
/// Nothing if it is damaged.
[[nodiscard]] std::optional<DeduplicationKey> decode_deduplication_record(
    const storage::Record& record);

}  // namespace tern::broker
