// Slots: the memory of a lane's messages by position, in chunks of 64 slots that exist only while
// one of their positions is occupied. A message stuck for ever therefore keeps one chunk, not the
// millions of positions that passed after it. Owned by a Lane, used on its shard's thread.
//
// Chunks hang in an intrusive tree by number; the few that are in use at a time (publishing,
// delivering, settling) are found through a small direct-mapped cache, so that the usual look-up is
// one comparison. Emptied chunks go to a bounded pool of the thread: a queue at rest holds none.
#pragma once

#include <array>
#include <boost/intrusive/set.hpp>
#include <cstdint>

#include "message/ids.hpp"
#include "message/message.hpp"

namespace tern::queue {

enum class SlotState : std::uint8_t {
  ready,
  unacked,
  delayed,  ///< came back and waits for its time
  parked,   ///< ready, but another message of its group is on its way
};

struct Slot {
  MessageRef message;                ///< null: only the store has it
  std::uint64_t stage = 0;           ///< number given by Sink::stage or spill, 0 for none
  std::uint32_t bytes = 0;           ///< Message::bytes()
  std::uint32_t holder = 0;          ///< who has it while unacked: an index of Consumers
  std::uint32_t delivery_count = 0;  ///< deliveries that came back
  std::uint32_t body_bytes = 0;      ///< of `bytes`, those of the body
  std::uint32_t group = 0;           ///< of Groups, once it has been first in order; 0: none
  SlotState state = SlotState::ready;
  bool redelivered : 1 = false;
  bool spilled : 1 = false;  ///< `stage`, or the copy it was loaded from, is of the spill stream
  bool loaded : 1 = false;   ///< came from the store, which therefore has it
  bool overdue : 1 = false;  ///< has expired while somebody had it
  bool timed : 1 = false;    ///< has an expiration of its own
};
static_assert(sizeof(Slot) <= 40);

class Slots {
 public:
  static constexpr std::uint32_t chunk_slots = 64;

  Slots() = default;
  ~Slots();
  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;

  /// The slot of an occupied position, otherwise null.
  [[nodiscard]] Slot* find(Position position) noexcept;
  /// Makes the slot of a position that is not occupied. Earlier slots stay where they are.
  Slot& occupy(Position position);
  /// Empties an occupied position.
  void release(Position position) noexcept;
  /// The first occupied position at or above `position`, which is moved there; null if none.
  [[nodiscard]] Slot* at_or_after(Position& position) noexcept;
  /// The lowest occupied position, 0 if there is none.
  [[nodiscard]] Position first() const noexcept;

 private:
  struct Chunk : boost::intrusive::set_base_hook<boost::intrusive::optimize_size<true>> {
    std::uint64_t number = 0;    ///< covers positions [64 * number, 64 * number + 64)
    std::uint64_t occupied = 0;  ///< one bit per slot
    std::array<Slot, chunk_slots> slots;
  };
  struct ChunkNumber {
    using type = std::uint64_t;
    type operator()(const Chunk& chunk) const noexcept { return chunk.number; }
  };
  using Tree = boost::intrusive::set<Chunk, boost::intrusive::key_of_value<ChunkNumber>,
                                     boost::intrusive::constant_time_size<false>>;
  class Pool;

  [[nodiscard]] Chunk* chunk_of(std::uint64_t number) noexcept;
  [[nodiscard]] static Pool& pool() noexcept;

  Tree chunks_;
  std::array<Chunk*, 4> recent_{};
};

}  // namespace tern::queue
