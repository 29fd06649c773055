// The chunks of Output and their pool.
#include "amqp/output.hpp"

#include <algorithm>
#include <array>
#include <new>

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
  if (chunk_ != nullptr) free_chunk(chunk_, chunk_size_);
}

void Output::start_chunk(std::size_t bytes) {
  end_chunk();
  chunk_size_ = std::max(bytes, chunk_bytes);
  chunk_ = take_chunk(chunk_size_);
  write_ = chunk_;
  room_ = chunk_size_;
}

void Output::end_chunk() {
  if (chunk_ == nullptr) return;
  if (write_ == chunk_) {
    free_chunk(chunk_, chunk_size_);
  } else {
    // Of all segments of the chunk the last one takes it along. A slice may have come after the
    // chunk's last bytes: an empty segment stands for them then.
    if (!tail_open_) open_tail();
    segments_.back().chunk = chunk_;
    segments_.back().chunk_size = chunk_size_;
  }
  chunk_ = nullptr;
  write_ = nullptr;
  room_ = 0;
  tail_open_ = false;
}

void Output::open_tail() {
  segments_.push_back(Segment{});
  segments_.back().data = write_;
  tail_open_ = true;
}

void Output::append(Bytes bytes) {
  if (bytes.empty()) return;
  std::memcpy(reserve(bytes.size()), bytes.data(), bytes.size());
  commit(bytes.size());
}

void Output::append_slice(Bytes bytes, const MessageRef& message) {
  if (bytes.empty()) return;
  segments_.push_back(Segment{});
  Segment& segment = segments_.back();
  segment.data = bytes.data();
  segment.size = bytes.size();
  segment.message = message;
  tail_open_ = false;
  appended_ += bytes.size();
}

std::size_t Output::gather(std::span<OutputSlice> slices) const noexcept {
  std::size_t filled = 0;
  for (std::size_t i = 0; i < segments_.size() && filled < slices.size(); ++i) {
    const Segment& segment = segments_[i];
    if (segment.size != 0) slices[filled++] = {segment.data, segment.size};
  }
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
  // All is written, and nothing refers to the chunk in hand.
  tail_open_ = false;
  if (chunk_ != nullptr) free_chunk(chunk_, chunk_size_);
  chunk_ = nullptr;
  write_ = nullptr;
  room_ = 0;
}

}  // namespace tern::amqp
