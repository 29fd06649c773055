#include "client/record_store.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace tern::client {

RecordStore::Place RecordStore::take(std::size_t bytes) {
  if (current_ == nullptr || current_->capacity - current_->used < bytes) {
    if (current_ != nullptr && current_->alive == 0) release({current_, nullptr});
    if (bytes <= chunk_bytes && !spare_.empty()) {
      current_ = spare_.back();
      spare_.pop_back();
    } else {
      auto chunk = std::make_unique<Chunk>();
      chunk->capacity = std::max(bytes, chunk_bytes);
      chunk->memory = std::make_unique_for_overwrite<char[]>(chunk->capacity);
      current_ = chunks_.emplace_back(std::move(chunk)).get();
    }
  }
  const Place place{current_, current_->memory.get() + current_->used};
  current_->used += bytes;
  ++current_->alive;
  return place;
}

void RecordStore::release(Place place) noexcept {
  Chunk* chunk = place.chunk;
  if (place.data != nullptr) {
    ensure(chunk->alive > 0, "a record is released twice");
    --chunk->alive;
  }
  if (chunk->alive > 0) return;
  chunk->used = 0;
  if (chunk == current_ && chunk->capacity == chunk_bytes) return;
  if (chunk == current_) current_ = nullptr;
  if (chunk->capacity == chunk_bytes && spare_.size() < spare_max) {
    spare_.push_back(chunk);
    return;
  }
  std::erase_if(chunks_, [chunk](const auto& one) { return one.get() == chunk; });
}

}  // namespace tern::client
