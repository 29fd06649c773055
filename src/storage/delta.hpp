// Delta: what one commit changed, queue by queue, without the messages themselves. The same
// structure updates the stream table while the broker runs and, read back from disk, when it
// starts. Pure.
//
//   varint version (2)
//   varint n, n x { queue, epoch, first, last - first, count, bytes, body bytes }  appended
//   varint n, n x { queue, first, last - first, count, bytes, body bytes }         settled
//   varint n, n x { queue, low water, delivered }                                  marks
//   varint n, n x { queue, position, delivery count, due }                         returned
//   varint n, n x { queue }                                                        dropped
//
// All numbers are varints. Spilled messages are left out: they do not survive a restart.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/key_layout.hpp"
#include "storage/store.hpp"

namespace tern::storage {

/// `count` messages stored for a queue, with positions in [first, last] (both there).
struct Appended {
  QueueId queue{};
  Epoch epoch = 0;
  Position first = 0;
  Position last = 0;
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  std::uint64_t body_bytes = 0;
  bool spilled = false;
};

struct Delta {
  CommitId commit = 0;  ///< the key on disk
  Epoch epoch = 0;      ///< not on disk: the epoch the commit was cut in
  std::vector<Appended> appended;
  std::vector<Settled> settled;
  std::vector<Mark> marks;
  std::vector<Returned> returned;
  std::vector<QueueId> dropped;

  /// Nothing that belongs on disk.
  [[nodiscard]] bool is_volatile() const noexcept;
  void clear();
};

/// Appends the encoded delta to `to`.
void encode_delta(const Delta& delta, std::string& to);
/// Null if the bytes are not a delta. `commit` is left 0.
[[nodiscard]] std::optional<Delta> decode_delta(Bytes bytes);

}  // namespace tern::storage
