// SettledSet: the positions of one stream that are settled above its low-water mark. One bit per
// position in chunks of 512; a chunk that is all settled or all unsettled costs a pointer, so one
// stuck message at the head of a long queue costs two bytes per hundred messages behind it.
// Pure; its owner locks.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "message/ids.hpp"
#include "storage/varint.hpp"

namespace tern::storage {

class SettledSet {
 public:
  static constexpr std::uint64_t chunk_positions = 512;

  /// Settles [first, last).
  void fill(Position first, Position last);
  /// Forgets everything in chunks that lie wholly below `position`.
  void forget_below(Position position);

  [[nodiscard]] bool contains(Position position) const noexcept;
  /// True if every position of [first, last) is settled.
  [[nodiscard]] bool contains_all(Position first, Position last) const noexcept;
  /// False only if no position of [first, last) is settled. Looks at whole chunks.
  [[nodiscard]] bool may_contain_any(Position first, Position last) const noexcept;
  [[nodiscard]] bool empty() const noexcept { return chunks_.empty(); }

  void encode(std::string& to) const;
  /// Null if the bytes are not what encode() writes.
  [[nodiscard]] static std::optional<SettledSet> decode(ByteReader& from);

 private:
  using Words = std::array<std::uint64_t, chunk_positions / 64>;
  static Words full_words;  // shared by all full chunks, never written
  struct Free {
    void operator()(Words* words) const noexcept {
      if (words != &full_words) delete words;
    }
  };
  using Chunk = std::unique_ptr<Words, Free>;  // null: nothing in it is settled

  void fill_in_chunk(Chunk& chunk, std::uint64_t first, std::uint64_t last);
  [[nodiscard]] const Words* chunk_of(Position position) const noexcept;

  std::uint64_t base_ = 0;  // chunk number of chunks_[0]
  std::vector<Chunk> chunks_;
};

}  // namespace tern::storage
