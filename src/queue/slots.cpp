#include "queue/slots.hpp"

#include <bit>
#include <memory>
#include <vector>

#include "base/ensure.hpp"

namespace tern::queue {

// Every chunk in the pool is clean: a chunk is only given up when all its slots were released.
class Slots::Pool {
 public:
  static constexpr std::size_t chunks_max = 64;

  [[nodiscard]] Chunk* take() {
    if (spare_.empty()) return new Chunk;
    Chunk* const chunk = spare_.back().release();
    spare_.pop_back();
    return chunk;
  }
  void give(Chunk* chunk) {
    std::unique_ptr<Chunk> owned(chunk);
    if (spare_.size() < chunks_max) spare_.push_back(std::move(owned));
  }

 private:
  std::vector<std::unique_ptr<Chunk>> spare_;
};

Slots::Pool& Slots::pool() noexcept {
  static thread_local Pool pool;
  return pool;
}

Slots::~Slots() {
  chunks_.clear_and_dispose([](Chunk* chunk) { delete chunk; });
}

Slots::Chunk* Slots::chunk_of(std::uint64_t number) noexcept {
  Chunk*& recent = recent_[number % recent_.size()];
  if (recent != nullptr && recent->number == number) return recent;
  const auto found = chunks_.find(number);
  if (found == chunks_.end()) return nullptr;
  recent = &*found;
  return recent;
}

Slot* Slots::find(Position position) noexcept {
  Chunk* const chunk = chunk_of(position / chunk_slots);
  const std::uint32_t index = position % chunk_slots;
  if (chunk == nullptr || (chunk->occupied >> index & 1U) == 0) return nullptr;
  return &chunk->slots[index];
}

Slot& Slots::occupy(Position position) {
  const std::uint64_t number = position / chunk_slots;
  Chunk* chunk = chunk_of(number);
  if (chunk == nullptr) {
    chunk = pool().take();
    chunk->number = number;
    chunks_.insert(chunks_.end(), *chunk);
    recent_[number % recent_.size()] = chunk;
  }
  const std::uint64_t bit = std::uint64_t{1} << position % chunk_slots;
  ensure((chunk->occupied & bit) == 0, "position occupied twice");
  chunk->occupied |= bit;
  return chunk->slots[position % chunk_slots];
}

void Slots::release(Position position) noexcept {
  const std::uint64_t number = position / chunk_slots;
  Chunk* const chunk = chunk_of(number);
  const std::uint64_t bit = std::uint64_t{1} << position % chunk_slots;
  ensure(chunk != nullptr && (chunk->occupied & bit) != 0, "free position released");
  chunk->slots[position % chunk_slots] = Slot{};
  chunk->occupied &= ~bit;
  if (chunk->occupied != 0) return;
  chunks_.erase(chunks_.iterator_to(*chunk));
  recent_[number % recent_.size()] = nullptr;
  pool().give(chunk);
}

Slot* Slots::at_or_after(Position& position) noexcept {
  const std::uint64_t number = position / chunk_slots;
  if (Chunk* const chunk = chunk_of(number); chunk != nullptr) {
    const std::uint64_t above = chunk->occupied >> position % chunk_slots;
    if (above != 0) {
      position += static_cast<Position>(std::countr_zero(above));
      return &chunk->slots[position % chunk_slots];
    }
  }
  const auto next = chunks_.upper_bound(number);
  if (next == chunks_.end()) return nullptr;
  const auto index = static_cast<std::uint32_t>(std::countr_zero(next->occupied));
  position = next->number * chunk_slots + index;
  return &next->slots[index];
}

Position Slots::first() const noexcept {
  const auto lowest = chunks_.begin();
  if (lowest == chunks_.end()) return 0;
  return lowest->number * chunk_slots + static_cast<Position>(std::countr_zero(lowest->occupied));
}

}  // namespace tern::queue
