// Output: what a connection has yet to write, in order, ready for gather I/O. Small things are
// copied into chunks; large bodies stay in their message and are only referred to. Owned by the
// connection, used on its shard.
//
//   segments:  [ chunk bytes | body slice | chunk bytes | ... ]  tail: chunk bytes
//
// The tail is what was appended last, in the chunk being filled. It is no segment yet, so that an
// append touches the output itself and the chunk, nothing else: with thousands of connections
// taking turns each further place would be a miss of the caches.
//
// Bytes that gather() has shown never move. An empty output holds no memory but a little
// book-keeping: chunks go back to a pool of the thread.
#pragma once

#include <cstddef>
#include <span>

#include "amqp/ring.hpp"
#include "base/bytes.hpp"
#include "base/prefetch.hpp"
#include "message/message.hpp"

namespace tern::amqp {

/// Like struct iovec.
struct OutputSlice {
  const char* data = nullptr;
  std::size_t size = 0;
};

class Output {
 public:
  static constexpr std::size_t chunk_bytes = 32 * 1024;

  Output() = default;
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  /// Room for `bytes` in one piece, to be filled and then taken with commit(). Valid until the
  /// next reserve() or append().
  [[nodiscard]] char* reserve(std::size_t bytes) {
    if (room_ < bytes) [[unlikely]]
      start_chunk(bytes);
    return write_;
  }
  /// The first `bytes` of the reserved room are written.
  void commit(std::size_t bytes) {
    ensure(bytes <= room_, "output overrun");
    write_ += bytes;
    room_ -= bytes;
    appended_ += bytes;
  }
  /// Fetches the room for a small message that is appended next.
  void expect() const noexcept { prefetch(write_, 3 * cache_line_bytes); }
  /// Copies `bytes`.
  void append(Bytes bytes);
  /// Refers to `bytes`, which lie in `message` and live as long as it.
  void append_slice(Bytes bytes, const MessageRef& message);

  /// Fills `slices` from the front with what is to be written first; returns how many it filled.
  [[nodiscard]] std::size_t gather(std::span<OutputSlice> slices) const noexcept;
  /// The first `bytes` have been written. At most pending_bytes().
  void sent(std::size_t bytes) noexcept;

  [[nodiscard]] std::size_t pending_bytes() const noexcept {
    return static_cast<std::size_t>(appended_ - sent_);
  }
  /// All bytes ever appended, written or not.
  [[nodiscard]] std::uint64_t appended_bytes() const noexcept { return appended_; }

 private:
  struct Segment {
    const char* data = nullptr;
    std::size_t size = 0;
    char* chunk = nullptr;  ///< to be freed with this segment
    std::size_t chunk_size = 0;
    MessageRef message = {};
  };

  void start_chunk(std::size_t bytes);
  void end_chunk();
  void close_tail();
  void release_chunk() noexcept;

  Ring<Segment> segments_;
  char* chunk_ = nullptr;  // being filled; null if none
  std::size_t chunk_size_ = 0;
  char* tail_ = nullptr;  // where the tail begins; it ends at write_
  char* write_ = nullptr;
  std::size_t room_ = 0;
  std::uint64_t appended_ = 0;
  std::uint64_t sent_ = 0;
};

}  // namespace tern::amqp
