// The chunks of Output and their pool.
#include "amqp/output.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

namespace tern::amqp {
namespace {

// Chunks that this thread freed last. All connections of a shard share them, so that a thousand
// connections with something to say now and then need as many chunks as speak at once.
struct ChunkPool {
  std::array<char*, 64> chunks{};
  std::size_t count = 0;
  ~ChunkPool() {
    while (count > 0) ::operator delete(chunks[--count]);
  }
};
thread_local ChunkPool pool;

char* take_chunk(std::size_t bytes) {
  if (bytes == Output::chunk_bytes && pool.count > 0) return pool.chunks[--pool.count];
  return static_cast<char*>(::operator new(bytes));
}

void free_chunk(char* chunk, std::size_t bytes) noexcept {
  if (bytes == Output::chunk_bytes && pool.count < pool.chunks.size())
    pool.chunks[pool.count++] = chunk;
  else
    ::operator delete(chunk);
}

}  // namespace

Output::~Output() {
  sent(pending_bytes());
  release_chunk();
}

void Output::start_chunk(std::size_t bytes) {
  end_chunk();
  chunk_size_ = std::max(bytes, chunk_bytes);
  chunk_ = take_chunk(chunk_size_);
  tail_ = chunk_;
  write_ = chunk_;
  room_ = chunk_size_;
}

void Output::end_chunk() {
  if (chunk_ == nullptr) return;
  if (write_ != chunk_) {
    // The last segment takes the chunk along: its last bytes, or a slice that came after them.
    close_tail();
    segments_.back().chunk = std::exchange(chunk_, nullptr);
    segments_.back().chunk_size = chunk_size_;
  }
  release_chunk();
}

void Output::close_tail() {
  if (tail_ == write_) return;
  segments_.push_back(Segment{.data = tail_, .size = static_cast<std::size_t>(write_ - tail_)});
  tail_ = write_;
}

void Output::release_chunk() noexcept {
  if (chunk_ != nullptr) free_chunk(chunk_, chunk_size_);
  chunk_ = nullptr;
  tail_ = nullptr;
  write_ = nullptr;
  room_ = 0;
}

void Output::append(Bytes bytes) {
  if (bytes.empty()) return;
  std::memcpy(reserve(bytes.size()), bytes.data(), bytes.size());
  commit(bytes.size());
}

void Output::append_slice(Bytes bytes, const MessageRef& message) {
  if (bytes.empty()) return;
  close_tail();
  segments_.push_back(Segment{.data = bytes.data(), .size = bytes.size(), .message = message});
  appended_ += bytes.size();
}

std::size_t Output::gather(std::span<OutputSlice> slices) const noexcept {
  std::size_t filled = 0;
  for (; filled < segments_.size() && filled < slices.size(); ++filled)
    slices[filled] = {segments_[filled].data, segments_[filled].size};
  if (tail_ != write_ && filled < slices.size())
    slices[filled++] = {tail_, static_cast<std::size_t>(write_ - tail_)};
  return filled;
}

void Output::sent(std::size_t bytes) noexcept {
  ensure(bytes <= pending_bytes(), "more sent than was there");
  sent_ += bytes;
  while (!segments_.empty()) {
    Segment& first = segments_.front();
    if (first.size > bytes) {
      first.data += bytes;
      first.size -= bytes;
      return;
    }
    bytes -= first.size;
    if (first.chunk != nullptr) free_chunk(first.chunk, first.chunk_size);
    segments_.pop_front();
  }
  tail_ += bytes;
  // All is written, and nothing refers to the chunk in hand.
  if (tail_ == write_) release_chunk();
}

}  // namespace tern::amqp
